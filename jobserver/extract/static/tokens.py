"""The design of the page as it is in use: its colours, type, spacing, radii and shadows, and how often they occur."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from jobserver.extract.model import Token, Tokens
from jobserver.extract.static.longhands import CORNERS, SIDES, color
from jobserver.extract.static.page import NO_CONTENT, Element
from jobserver.extract.static.paint import Paint, Style
from jobserver.extract.static.values import words

MAX_TOKENS = 24
MAX_COUNTED = 20_000
"""Elements that are looked at."""

_MAX_TOKEN = 200
_NO_BOX = NO_CONTENT | words("head title meta link base br wbr source option optgroup")
_CONTROLS = words("input select textarea progress meter")
_SPACINGS = (
    *(f"{name}-{side}" for name in ("padding", "margin") for side in SIDES),
    "row-gap",
    "column-gap",
)
_RADII = tuple(f"border-{corner}-radius" for corner in CORNERS)
_LENGTH = re.compile(r"(\d*\.?\d+)(px|%|vw|vh)")
_FIRST_FAMILY = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([^,]+))")
_COLOR_IN = re.compile(r"(?:rgba?|hsla?|color|oklch|oklab|lab|lch)\([^)]*\)|#[0-9a-f]+|\b[a-z]{3,}\b", re.IGNORECASE)
_LAYERS = re.compile(r",(?![^(]*\))")


def page_tokens(paint: Paint, shown: list[bool]) -> Tokens:
    """The tokens of a page; ``shown`` says of each element whether it is visible.

    Lengths are those that need no layout: what is computed from a width is left out.
    """
    counts: dict[str, Counter[str]] = {name: Counter() for name in Tokens.__annotations__}
    for element in paint.page.elements[:MAX_COUNTED]:
        if shown[element.index] and element.tag not in _NO_BOX:
            for name, values in _tokens_of(element, paint.of(element)):
                counts[name].update({value for value in values if value and len(value) <= _MAX_TOKEN})
    found = {name: _most_used(count) for name, count in counts.items()}
    return Tokens(
        colors=found["colors"],
        type=found["type"],
        spacing=found["spacing"],
        radii=found["radii"],
        shadows=found["shadows"],
    )


def _most_used(count: Counter[str]) -> list[Token]:
    return [Token(value=value, count=number) for value, number in count.most_common(MAX_TOKENS)]


def _tokens_of(element: Element, style: Style) -> Iterator[tuple[str, Iterable[str]]]:
    """An element counts once for each value, however many of its sides have it."""
    colors = [style.color("background-color")]
    colors += [_border_color(style, side) for side in SIDES if style.has_border(side)]
    if element.own_text or element.tag in _CONTROLS:
        colors.append(style.color("color"))
        yield "type", [_type_of(style)]
    yield "colors", colors
    yield "spacing", [_length(style.get(name)) for name in _SPACINGS]
    yield "radii", [_length(style.get(name)) for name in _RADII]
    if style.get("box-shadow") not in {"", "none", "initial"}:
        yield "shadows", [_shadow(style)]


def _border_color(style: Style, side: str) -> str:
    return style.color(f"border-{side}-color") if style.get(f"border-{side}-color") else style.color("color")


def _length(value: str) -> str:
    """A length above nothing, rounded to hundredths; empty where it is none."""
    match = _LENGTH.fullmatch(value)
    return f"{round(float(match[1]), 2):g}{match[2]}" if match and float(match[1]) > 0 else ""


def _type_of(style: Style) -> str:
    """``600 16px/24px Inter``: weight, size, line height, and the first family that is asked for."""
    family = _FIRST_FAMILY.match(style.get("font-family"))
    name = next((each.strip() for each in family.groups() if each), "") if family else ""
    size = _length(style.get("font-size")) or style.get("font-size")
    return f"{style.get('font-weight')} {size}/{_line_height(style)} {name}"


def _line_height(style: Style) -> str:
    value = style.get("line-height")
    factor = re.fullmatch(r"(\d*\.?\d+)(%?)", value)
    size = _LENGTH.fullmatch(style.get("font-size"))
    if factor is None or size is None:
        return _length(value) or value
    return f"{round(float(factor[1]) * float(size[1]) / (100 if factor[2] else 1), 2):g}px"


def _shadow(style: Style) -> str:
    """A shadow with its colour last, as it is written."""
    layers = [layer.strip() for layer in _LAYERS.split(style.get("box-shadow"))]
    return ", ".join(_layer(layer, style.get("color")) for layer in layers)


def _layer(layer: str, current: str) -> str:
    painted = next((each for each in _COLOR_IN.findall(layer) if color(each, current) is not None), "currentcolor")
    rest = [_plain(each) for each in layer.replace(painted, " ").split() if each != "inset"]
    lengths = [*rest, "0px", "0px"][: max(len(rest), 3)]
    lengths = lengths[:3] if lengths[3:] == ["0px"] else lengths
    inset = ["inset"] if "inset" in layer.split() else []
    return " ".join([*lengths, *inset, color(painted, current) or "transparent"])


def _plain(length: str) -> str:
    if re.fullmatch(r"-?0(?:px)?", length):
        return "0px"
    return re.sub(r"-?\d*\.\d+", lambda match: f"{round(float(match[0]), 2):g}", length)
