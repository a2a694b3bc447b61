"""The files behind the ``@font-face`` rules of our css: which they are, and which of them load elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from jobserver.extract.css_values import css_string, unescape

Loaded = Mapping[str, bool]
"""Address of each font file that a page has loaded → whether pages of every origin may load it."""

MAX_FILES = 8
MAX_BYTES = 1_000_000
"""Font files that are kept of one page, and their bytes: a family is one to four files of 15 to 150 kB, an icon font
one to three, and the pictures of a page take twice as much."""

MAX_ADDRESS = 500
MAX_FAMILY = 100
"""Characters; whatever is longer is not kept. `JSON_BYTES` is what they leave room for."""

JSON_BYTES = MAX_FILES * (MAX_ADDRESS + MAX_FAMILY + 100)

_FACE = re.compile(r"^@font-face \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)
_FAMILY = re.compile(r"^ *font-family: (.+);$", re.MULTILINE)
_URL = re.compile(r'url\(("(?:[^"\\]|\\.)*+")\)')

# WOFF 2, 4.1; WOFF 1, 3; OpenType, "Table Directory".
_SIGNATURES = {
    b"wOF2": "woff2",
    b"wOFF": "woff",
    b"\x00\x01\x00\x00": "ttf",
    b"true": "ttf",
    b"OTTO": "otf",
}


def faces(css: str) -> list[str]:
    """The ``@font-face`` rules of css that was written here."""
    return [match[0] for match in _FACE.finditer(css)]


def files_of(css: str, loaded: Loaded) -> list[tuple[str, str]]:
    """Family and address of the loaded files that its rules name, each address once.

    Those that no other origin may load come first.
    """
    found = {url: family for family, url in _addresses(css) if url in loaded}
    return [(family, url) for url, family in sorted(found.items(), key=lambda file: loaded[file[0]])]


def families_at_home(css: str, loaded: Loaded) -> list[str]:
    """The families of which only the page's own origin may load a file, in the order of the rules."""
    return list(dict.fromkeys(family for family, url in _addresses(css) if not loaded.get(url, True)))


def led_to(css: str, place: Callable[[str], str | None]) -> str:
    """The css with other addresses in its font rules. ``place``: of an address; None where it stays."""
    return _FACE.sub(lambda face: _URL.sub(lambda url: _elsewhere(url, place), face[0]), css)


def ending_of(body: bytes) -> str | None:
    """What the name of a font file ends with, by its first bytes; None for what is no font that browsers load."""
    return _SIGNATURES.get(body[:4])


def _addresses(css: str) -> Iterator[tuple[str, str]]:
    for face in _FACE.finditer(css):
        family = _FAMILY.search(face[1])
        for url in _URL.finditer(face[1]):
            yield unescape(family[1].strip("\"'")) if family else "", _bare(url)


def _elsewhere(url: re.Match[str], place: Callable[[str], str | None]) -> str:
    there = place(_bare(url))
    return url[0] if there is None else f"url({css_string(there)})"


def _bare(url: re.Match[str]) -> str:
    """The address without its fragment, which is not asked for."""
    return unescape(url[1][1:-1]).partition("#")[0]
