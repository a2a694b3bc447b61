"""The design of a page on its preview: colours, type, spacing, radii and shadows as samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, Literal, NamedTuple

from jobserver.extract.font_files import faces
from jobserver.extract.model import Extraction, Token, Tokens
from jobserver.extract.preview.fonts import Embedding
from jobserver.extract.preview.frame import frame, type_document
from jobserver.extract.preview.markup import text

_VALUE = re.compile(r"""(?:[\w\s(),.%/#+*-]|"[\w\s.-]*"|'[\w\s.-]*')+""")
"""What a value may consist of that is written into a style sheet of ours: nothing that could end its declaration."""

_ADDRESS = re.compile(r"(?:url|src|image(?:-set)?|element|attr|var|env)\s*\(", re.IGNORECASE)
_RGB = re.compile(r"rgb\((\d{1,3}),? (\d{1,3}),? (\d{1,3})\)")
_FONT_SIZE = re.compile(r"(\d*\.?\d+)px(?:\s*/\s*(\d*\.?\d+)(px)?)?")
_ROW, _TALLEST_ROW = 44, 92
"""Pixels that a line of type takes at least and at most, its caption included."""

_SAMPLE = "Sphinx of black quartz, judge my vow"


class _Sort(NamedTuple):
    """``most``: how many are shown. ``rule``: the declaration of the sample that shows a value."""

    member: Literal["colors", "type", "spacing", "radii", "shadows"]
    title: str
    most: int
    rule: str


_SORTS: Final = (
    _Sort("colors", "Colours", 30, "background-color:{}"),
    _Sort("type", "Type", 8, ""),
    _Sort("spacing", "Spacing", 10, "width:{}"),
    _Sort("radii", "Radii", 8, "border-radius:{}"),
    _Sort("shadows", "Shadows", 6, "box-shadow:{}"),
)


def design(summary: Extraction, fonts: Embedding, nonce: str) -> str:
    """The section with everything that is known of the page's design; empty where nothing is."""
    tokens = summary.get("tokens")
    if not tokens:
        return ""
    font_rules = fonts.within("\n".join(faces(summary["cssFile"])))
    parts = "".join(_part(sort, tokens, font_rules, nonce) for sort in _SORTS)
    return (
        f'<section class="design" id="design"><h2>Design</h2><div class="parts">{parts}</div></section>'
        if parts
        else ""
    )


def design_links(summary: Extraction) -> Iterator[tuple[str, str, int]]:
    """(fragment, title, number of values) of each part of the section, for an index."""
    tokens = summary.get("tokens")
    for sort in _SORTS if tokens else ():
        if tokens and (values := _shown(sort, tokens)):
            yield f"design-{sort.member}", sort.title, len(values)


def token_rules(summary: Extraction) -> str:
    """The style rules of all samples, each a line of its own."""
    tokens = summary.get("tokens")
    return "\n".join(
        f"#{sort.member}-{number} i{{{sort.rule.format(token['value'])}}}"
        for sort in _SORTS
        if tokens and sort.rule
        for number, token in enumerate(_shown(sort, tokens), 1)
    )


def _part(sort: _Sort, tokens: Tokens, font_rules: str, nonce: str) -> str:
    shown = _shown(sort, tokens)
    if not shown:
        return ""
    more = len(_all(sort, tokens)) - len(shown)
    rest = f" <small>{len(shown)} of {len(shown) + more}</small>" if more > 0 else ""
    inside = _type(shown, font_rules, nonce) if sort.member == "type" else _samples(sort, shown)
    return (
        f'<section class="part {sort.member}" id="design-{sort.member}"><h3>{sort.title}{rest}</h3>{inside}</section>'
    )


def _samples(sort: _Sort, shown: Sequence[Token]) -> str:
    say: Callable[[str], str] = _hex if sort.member == "colors" else str
    samples = (
        f'<li id="{sort.member}-{number}"><button type="button" class="token" disabled title="{text(token["value"])}">'
        f"<i></i><code>{text(say(token['value']))}</code><small>{token['count']}</small></button></li>"
        for number, token in enumerate(shown, 1)
    )
    return f"<ul>{''.join(samples)}</ul>"


def _type(shown: Sequence[Token], font_rules: str, nonce: str) -> str:
    fonts = [(token["value"], token["count"], _row(token["value"])) for token in shown]
    return frame("Type scale", type_document(fonts, _SAMPLE, font_rules, nonce))


def type_height(summary: Extraction) -> float:
    """Pixels that the frame of the type scale needs."""
    tokens = summary.get("tokens")
    return sum(_row(token["value"]) for token in _shown(_SORTS[1], tokens)) if tokens else 0


def _row(font: str) -> float:
    match = _FONT_SIZE.search(font)
    size = float(match[1]) if match else 16.0
    line = (float(match[2]) * (1 if match[3] else size)) if match and match[2] else size * 1.25
    return min(max(max(line, size) + 34, _ROW), _TALLEST_ROW)


def _shown(sort: _Sort, tokens: Tokens) -> list[Token]:
    usable = (token for token in _all(sort, tokens) if _is_plain(token["value"]))
    return list(islice(usable, sort.most))


def _all(sort: _Sort, tokens: Tokens) -> list[Token]:
    return tokens[sort.member]


def _is_plain(value: str) -> bool:
    return len(value) < 300 and bool(_VALUE.fullmatch(value)) and not _ADDRESS.search(value)


def _hex(color: str) -> str:
    """An opaque colour as designers write it."""
    match = _RGB.fullmatch(color)
    return f"#{''.join(f'{min(int(part), 255):02x}' for part in match.groups())}" if match else color
