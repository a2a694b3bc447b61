"""The font files of a job: which they are, and css that has them with it instead of asking the page's own site."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jobserver.extract.font_files import MAX_BYTES, ending_of, led_to
from jobserver.extract.model import Extraction

_NAME = re.compile(r"font-[1-9]\d?\.(woff2|woff|ttf|otf)", re.ASCII)
_MOST = 8_000_000
"""Characters of all fonts in one page: a frame shares nothing with the next, so each has its own."""


@dataclass(frozen=True, slots=True)
class Font:
    """A font file. ``name``: as of a file. ``any_origin``: whether it loads from everywhere by its address as well."""

    name: str
    body: bytes
    any_origin: bool

    @property
    def address(self) -> str:
        """As a ``data:`` URL."""
        ending = self.name.rpartition(".")[2]
        return f"data:font/{ending};base64,{base64.b64encode(self.body).decode('ascii')}"


Fonts = Mapping[str, Font]
"""By the address that css names."""


def fonts_in(summary: Extraction, files: Iterable[tuple[str, str, bytes]]) -> Fonts:
    """The fonts of a result among its job's files (name, content type, body); what is no font is passed over."""
    kept = {name: body for name, content_type, body in files if _is_font(name, content_type, body)}
    fonts: dict[str, Font] = {}
    room = MAX_BYTES
    for file in summary.get("fontFiles", []):
        body = kept.get(file["artifact"])
        if body is not None and len(body) <= room:
            room -= len(body)
            fonts[file["url"]] = Font(file["artifact"], body, file["anyOrigin"])
    return fonts


def beside(css: str, fonts: Fonts, folder: str) -> str:
    """The css with the fonts taken from ``folder``, such as ``../fonts``."""
    return led_to(css, lambda url: f"{folder}/{fonts[url].name}" if url in fonts else None) if fonts else css


class Embedding:
    """Writes fonts that others may not load into the css of one page's frames, while there is room."""

    def __init__(self, fonts: Fonts) -> None:
        self._addresses = {url: font.address for url, font in fonts.items() if not font.any_origin}
        self._room = _MOST

    def within(self, css: str) -> str:
        """The css with those fonts in it that not everybody may load from where they are."""
        return led_to(css, self._take) if self._addresses else css

    def _take(self, url: str) -> str | None:
        address = self._addresses.get(url)
        if address is None or len(address) > self._room:
            return None
        self._room -= len(address)
        return address


def _is_font(name: str, content_type: str, body: bytes) -> bool:
    match = _NAME.fullmatch(name)
    return match is not None and content_type == f"font/{match[1]}" and ending_of(body) == match[1]
