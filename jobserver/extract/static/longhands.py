"""Shorthands of what is painted taken apart into longhands, and colours in the one spelling that browsers give them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

from tinycss2.color4 import parse_color

from jobserver.extract.static.fonts import longhands
from jobserver.extract.static.values import words

SIDES = ("top", "right", "bottom", "left")
CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")

_PIECE = re.compile(r"(?:[^\s(),/]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+")
_LOGICAL = {"inline-start": "left", "inline-end": "right", "block-start": "top", "block-end": "bottom"}
"""Of a page that is written from left to right."""
_AXES = {"inline": ("left", "right"), "block": ("top", "bottom")}
_BOXES = re.compile(rf"(margin|padding)-({'|'.join((*_LOGICAL, *_AXES))})")
_BORDER = re.compile(rf"border-({'|'.join((*SIDES, *_LOGICAL, *_AXES))})(?:-(width|style|color))?")
_STYLES = words("none hidden dotted dashed solid double groove ridge inset outset")
_WIDTHS = words("thin medium thick")
_LENGTH = re.compile(r"[-+.\d]|(?:calc|min|max|clamp)\(", re.IGNORECASE)
_IMAGE = re.compile(r"url\(|[\w-]*gradient\(|image-set\(|none\b", re.IGNORECASE)
_SYSTEM = {
    "-webkit-link": "#0000ee",
    "linktext": "#0000ee",
    "fieldtext": "#000000",
    "buttontext": "#000000",
    "canvastext": "#000000",
    "canvas": "#ffffff",
    "field": "#ffffff",
    "buttonface": "#efefef",
}


def expand(name: str, value: str) -> Iterator[tuple[str, str]]:
    """The longhands that a declaration sets, of those that are looked at here.

    >>> dict(expand("padding", "1px 2px"))
    {'padding-top': '1px', 'padding-right': '2px', 'padding-bottom': '1px', 'padding-left': '2px'}
    >>> dict(expand("border-left", "1px solid red"))
    {'border-left-width': '1px', 'border-left-style': 'solid', 'border-left-color': 'red'}
    >>> dict(expand("background", "url(x.png) center / cover #fff"))
    {'background-color': '#fff', 'background-image': 'url(x.png)'}
    """
    if (named := _NAMED.get(name)) is not None:
        yield from named(value)
    elif (box := _BOXES.fullmatch(name)) is not None:
        yield from ((f"{box[1]}-{side}", part) for side, part in _axis(box[2], value))
    elif (border := _BORDER.fullmatch(name)) is not None:
        yield from _borders(border[1], border[2], value)
    else:
        yield from longhands(name, value)


def _pieces(value: str) -> list[str]:
    return _PIECE.findall(value)


def _four(pattern: str, places: tuple[str, ...], value: str) -> Iterator[tuple[str, str]]:
    parts = (_pieces(value) or [value])[:4]
    order = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}[len(parts)]
    yield from ((pattern.format(place), parts[at]) for place, at in zip(places, order, strict=True))


def _axis(place: str, value: str) -> list[tuple[str, str]]:
    if place not in _AXES:
        return [(_LOGICAL.get(place, place), value)]
    parts = _pieces(value) or [value]
    return list(zip(_AXES[place], (parts[0], parts[-1]), strict=True))


def _borders(place: str, part: str | None, value: str) -> Iterator[tuple[str, str]]:
    for side, each in _axis(place, value):
        yield from [(f"border-{side}-{part}", each)] if part else _line(side, value)


def _line(side: str, value: str) -> Iterator[tuple[str, str]]:
    line = {"width": "medium", "style": "none", "color": "currentcolor"}
    for piece in _pieces(value):
        word = piece.lower()
        part = "style" if word in _STYLES else "width" if word in _WIDTHS or _LENGTH.match(word) else "color"
        line[part] = piece
    yield from ((f"border-{side}-{part}", each) for part, each in line.items())


def _background(value: str) -> Iterator[tuple[str, str]]:
    pieces = _pieces(value)
    images = [piece for piece in pieces if _IMAGE.match(piece)]
    colors = [piece for piece in pieces if piece not in images and color(piece, "#000000")]
    yield ("background-color", colors[-1] if colors else "transparent")
    yield ("background-image", images[0] if images else "none")


def color(value: str, current: str) -> str | None:
    """A colour as ``#rrggbb`` or ``rgba()``, where it is one that needs no working out; ``""`` when nobody can see it.

    ``current``: what ``currentcolor`` is.

    >>> color("Red", ""), color("rgb(0 0 0 / 12.5%)", ""), color("transparent", ""), color("12px", "")
    ('#ff0000', 'rgba(0, 0, 0, 0.125)', '', None)
    """
    word = value.strip().lower()
    if word == "currentcolor":
        return current
    parsed = parse_color(_SYSTEM.get(word, word))
    if parsed is None or isinstance(parsed, str):
        return None
    if parsed.alpha == 0:
        return ""
    if parsed.space not in {"srgb", "hsl", "hwb"}:
        return value.strip()
    red, green, blue = (round(255 * min(max(part or 0, 0), 1)) for part in parsed.to("srgb").coordinates)
    if parsed.alpha < 1:
        return f"rgba({red}, {green}, {blue}, {parsed.alpha:.3g})"
    return f"#{red:02x}{green:02x}{blue:02x}"


def _pair(first: str, second: str, value: str) -> Iterator[tuple[str, str]]:
    pieces = _pieces(value) or [value]
    yield from ((first, pieces[0]), (second, pieces[min(1, len(pieces) - 1)]))


def _first(name: str, value: str) -> Iterator[tuple[str, str]]:
    yield (name, (_pieces(value) or [value])[0])


_NAMED: dict[str, Callable[[str], Iterable[tuple[str, str]]]] = {
    **{name: partial(_four, f"{name}-{{}}", SIDES) for name in ("padding", "margin")},
    **{f"border-{part}": partial(_four, f"border-{{}}-{part}", SIDES) for part in ("width", "style", "color")},
    "border-radius": lambda value: _four("border-{}-radius", CORNERS, value.partition("/")[0]),
    "border": lambda value: chain.from_iterable(_line(side, value) for side in SIDES),
    "background": _background,
    "gap": partial(_pair, "row-gap", "column-gap"),
    "overflow": partial(_pair, "overflow-x", "overflow-y"),
    "text-decoration": partial(_first, "text-decoration-line"),
    "list-style": partial(_first, "list-style-type"),
}
