"""What the preview page may do: be styled, run the one script that is ours, show pictures and fonts; nothing else."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

_STYLES = ("base", "page", "controls", "card", "stage", "design")


def preview_csp(nonce: str) -> str:
    """The Content-Security-Policy of the page.

    Its frames inherit it, as ``srcdoc`` documents do (HTML, "policy containers"). Styles need the nonce, in the frames
    too. Our script is named by its hash (CSP 3, 6.7.3.3), so that no other text can run, whoever wrote it and whatever
    it knows. Nothing may be sent, framed or frame us. Pictures and fonts of the components come from where the page had
    them.
    """
    return f"{policy(nonce)}; frame-ancestors 'none'"


def policy(nonce: str) -> str:
    """As far as a page can say it of itself, for those saved to a file."""
    return (
        f"default-src 'none'; script-src '{_DIGEST}'; style-src 'nonce-{nonce}'; img-src http: https: data:; "
        "font-src http: https: data:; form-action 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


@cache
def script() -> str:
    """The page's script: it copies, searches and filters."""
    return _file("script.js")


@cache
def style() -> str:
    """The page's own style."""
    return "".join(_file(f"styles/{name}.css") for name in _STYLES)


def _file(name: str) -> str:
    return files("jobserver.extract.preview").joinpath(name).read_text("utf-8")


# Read now: a request must not wait for a file.
_DIGEST = f"sha256-{base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()}"
