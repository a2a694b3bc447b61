"""Small repairs to text that came from a page."""

from __future__ import annotations

import re

_UNENCODABLE = re.compile("[\x00\ud800-\udfff]")
_SPACES = re.compile(r"\s+")


def scrub(text: str) -> str:
    """Without NUL, which HTML parsers drop, and with U+FFFD for lone surrogates, which UTF-8 cannot carry."""
    return _UNENCODABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", text)


def one_line(text: str) -> str:
    """Every run of white space as one space, none at the ends."""
    return _SPACES.sub(" ", scrub(text)).strip()


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, the last an ellipsis when something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def words(text: str) -> frozenset[str]:
    """A table of names, written as words."""
    return frozenset(text.split())
