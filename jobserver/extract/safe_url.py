"""Which addresses from a page may stand in a component."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urljoin

# Browsers strip these from both ends, and tab and newline from everywhere, before they look at the scheme
# (URL Standard, 4.4). Testing without *any* of them is stricter than every parser.
_IGNORED = re.compile(r"[\x00-\x20\x7f\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff]+")
_BREAKS = re.compile(r"[\t\n\r]")
_C0_AND_SPACE = "".join(map(chr, range(0x21)))
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_WEB = re.compile(r"https?://[^/?#\\]", re.IGNORECASE)
_ROOT = re.compile(r"https?://[^/?#\\]+", re.IGNORECASE)
_RASTER = r"data:image/(?:png|gif|jpe?g|webp|avif|bmp|apng|x-icon|vnd\.microsoft\.icon)[;,]"
_RASTER_DATA = re.compile(_RASTER, re.IGNORECASE)
_IMAGE_DATA = re.compile(rf"{_RASTER}|data:image/svg\+xml[;,]", re.IGNORECASE)
_FONT_DATA = re.compile(
    r"data:(?:font/[\w.+-]+|application/(?:x-)?(?:font-[\w-]+|font|vnd\.ms-fontobject)|application/octet-stream)[;,]",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(r"[\s,]*+(\S++)")
_DESCRIPTOR = re.compile(r"\s*+([^,]*+)")
_SAFE_DESCRIPTOR = re.compile(r"(?:[\d.]{1,9}[wxh]\s*){0,2}")

Admits = Callable[[str], bool]
"""Whether a host may be asked by whoever looks at a component: ``http://host:port/``, as the page wrote the host."""


def anywhere(_: str) -> bool:
    """`Admits` of every host."""
    return True


def is_loadable(url: str, admits: Admits) -> bool:
    """Whether an address that was found safe may be loaded without a click: it asks nobody, or a host that is admitted.

    Its host ends where a browser ends it, at a backslash too (URL Standard, 4.4).
    """
    match = _ROOT.match(url)
    return match is None or admits(f"{match[0]}/")


def link_url(url: str, base: str = "") -> str | None:
    """For ``href`` and ``action``: http(s), mailto, tel, ``#…`` and raster data; relative ones resolved, or None."""
    url = _trimmed(url)
    if url.startswith("#"):
        return url
    url = _absolute(url, base)
    scheme = _scheme(url)
    if scheme in {"mailto", "tel"}:
        return url
    return url if _is_web(url) or _starts(_RASTER_DATA, url) else None


def image_url(url: str, base: str = "") -> str | None:
    """For ``<img src>``, ``srcset`` and CSS: http(s) and data:image, SVG included, or None.

    An SVG shown as an image runs no script and loads nothing (SVG 2, "secure animated mode"), unlike one that
    is linked to.
    """
    url = _absolute(_trimmed(url), base)
    return url if _is_web(url) or _starts(_IMAGE_DATA, url) else None


def web_url(url: str, base: str = "") -> str | None:
    """For frames and media: http(s) only, or None."""
    url = _absolute(_trimmed(url), base)
    return url if _is_web(url) else None


def css_url(url: str) -> str | None:
    """For ``url()``: as an image, or font data, or a ``#fragment``; relative ones have no base here and are refused."""
    url = _trimmed(url)
    if url.startswith("#") or _starts(_FONT_DATA, url):
        return url
    return image_url(url)


def srcset(value: str, base: str = "", admits: Admits = anywhere) -> str | None:
    """Each candidate checked as an image and rewritten; None when none is left."""
    checked = ((image_url(url, base), descriptor) for url, descriptor in _candidates(value))
    safe = ((url, descriptor) for url, descriptor in checked if url and is_loadable(url, admits))
    # A space inside an address would begin a descriptor.
    return ", ".join(f"{url.replace(' ', '%20')} {size}".strip() for url, size in safe) or None


def _candidates(value: str) -> Iterator[tuple[str, str]]:
    """HTML, "parsing a srcset attribute": an address may hold commas, but not end with one."""
    position = 0
    while match := _CANDIDATE.match(value, position):
        position, descriptor = match.end(), ""
        if not match[1].endswith(",") and (rest := _DESCRIPTOR.match(value, position)):
            position, descriptor = rest.end(), rest[1].strip()
        if _SAFE_DESCRIPTOR.fullmatch(descriptor):
            yield match[1].rstrip(","), descriptor


def _trimmed(url: str) -> str:
    return _CONTROL.sub("", _BREAKS.sub("", url).strip(_C0_AND_SPACE))


def _absolute(url: str, base: str) -> str:
    """Resolved against ``base`` unless it has a scheme; the empty string for what cannot be resolved."""
    if not url or not base or _scheme(url):
        return url
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def _scheme(url: str) -> str:
    match = _SCHEME.match(_IGNORED.sub("", url))
    return match[1].lower() if match else ""


def _is_web(url: str) -> bool:
    # Both the address as a browser trims it and the address without any space or control must agree.
    return _WEB.match(url) is not None and _starts(_WEB, url)


def _starts(pattern: re.Pattern[str], url: str) -> bool:
    return pattern.match(_IGNORED.sub("", url[:200])) is not None
