"""Joins longhand declarations into the shorthands a person would have written."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

Declarations = dict[str, str]
Write = Callable[[list[str]], str]

_SIDES = ("top", "right", "bottom", "left")
_PARTS = ("width", "style", "color")
_CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")
_EDGES = {f"border-{side}": tuple(f"border-{side}-{part}" for part in _PARTS) for side in _SIDES}
_ASPECTS = {f"border-{part}": tuple(f"border-{side}-{part}" for side in _SIDES) for part in _PARTS}
_BOXES = {
    "margin": tuple(f"margin-{side}" for side in _SIDES),
    "padding": tuple(f"padding-{side}" for side in _SIDES),
    "inset": _SIDES,
    "border-radius": tuple(f"border-{corner}-radius" for corner in _CORNERS),
    **_ASPECTS,
}
_PAIRS = {"gap": ("row-gap", "column-gap"), "overflow": ("overflow-x", "overflow-y")}
_ROWS = {
    "flex": ("flex-grow", "flex-shrink", "flex-basis"),
    "outline": ("outline-width", "outline-style", "outline-color"),
    **_EDGES,
}
_DECORATION = tuple(f"text-decoration-{part}" for part in ("line", "thickness", "style", "color"))
FONT = (
    *(f"font-{part}" for part in ("style", "weight", "stretch", "size", "family", "optical-sizing", "size-adjust")),
    *(f"font-{part}" for part in ("kerning", "language-override", "feature-settings", "variation-settings")),
    *(f"font-variant-{part}" for part in ("ligatures", "caps", "numeric", "east-asian", "alternates", "position")),
    *("font-variant-emoji", "line-height"),
)
"""All that ``font`` sets (CSS Fonts 4, 2.7)."""
_SAME_AS_FONT = frozenset({"all", "font", "font-variant"})
_MOST_OF_FONT = 8
_WHITE_SPACE: dict[tuple[str, ...], str] = {
    ("collapse", "wrap"): "normal",
    ("collapse", "nowrap"): "nowrap",
    ("preserve", "nowrap"): "pre",
    ("preserve", "wrap"): "pre-wrap",
    ("preserve-breaks", "wrap"): "pre-line",
    ("break-spaces", "wrap"): "break-spaces",
}
"""``white-space-collapse`` and ``text-wrap-mode`` → ``white-space`` (CSS Text 4, 3)."""
_SAME_AS_WHITE_SPACE = frozenset({"white-space", "text-wrap", "white-space-trim"})
_OVERLAPS = {
    **dict.fromkeys(_ASPECTS, frozenset({"border", *_EDGES})),
    **dict.fromkeys(_EDGES, frozenset({"border", *_ASPECTS})),
    "border": frozenset(_EDGES),
    "gap": frozenset({"grid-gap", "grid-row-gap", "grid-column-gap"}),
}
"""Shorthand → others that set some of the same longhands, so that their order decides."""
_LOGICAL = re.compile(r"([a-z]+)-(?:inline|block|start|end)\b")

# A shorthand is thrown away whole when one of its values is not understood: only what every browser knows is joined.
_PLAIN = re.compile(r"[-+]?[\d.]+(?:[a-z]{1,4}|%)?|[a-z-]+|#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([\w\s.,%/-]*\)", re.IGNORECASE)
_CSS_WIDE = frozenset({"inherit", "initial", "unset", "revert", "revert-layer"})
_IMPORTANT = " !important"


def collapse(declarations: Declarations, *, whole_border: bool = False) -> Declarations:
    """The same style with the shorthands of the tables above in place of longhands.

    Joined only when every longhand is there with a plain value and nothing else could depend on the order.
    ``whole_border``: also to ``border``, which resets ``border-image``: for elements that never set that.
    """
    result = dict(declarations)
    _join_decoration(result)
    _join_white_space(result)
    _join_font(result)
    for shorthand, longhands, write in _JOINED:
        if longhands[0] in result:
            _join(result, shorthand, longhands, write)
    if whole_border:
        _join(result, "border", tuple(_ASPECTS), " ".join)
    return result


def _join_decoration(declarations: Declarations) -> None:
    """A line with nothing else said about it, as ``text-decoration: none`` leaves it in CSSOM."""
    if _DECORATION[0] not in declarations:
        return
    line, *others = (declarations.get(name, "") for name in _DECORATION)
    if set(others) == {"initial"} and _PLAIN.fullmatch(line) and "text-decoration" not in declarations:
        _replace(declarations, _DECORATION, "text-decoration", line)


def _join_font(declarations: Declarations) -> None:
    """What ``font: inherit`` has become, with what is said otherwise after it."""
    if FONT[0] not in declarations:
        return
    values = [declarations.get(name) for name in FONT]
    if None in values or not _SAME_AS_FONT.isdisjoint(declarations) or values.count("inherit") < _MOST_OF_FONT:
        return
    others = {name: declarations[name] for name in declarations if name in FONT and declarations[name] != "inherit"}
    _replace(declarations, FONT, "font", "inherit")
    declarations.update(others)


def _join_white_space(declarations: Declarations) -> None:
    names = ("white-space-collapse", "text-wrap-mode")
    value = _WHITE_SPACE.get(tuple(declarations.get(name, "") for name in names))
    if value and _SAME_AS_WHITE_SPACE.isdisjoint(declarations):
        _replace(declarations, names, "white-space", value)


def _join(declarations: Declarations, shorthand: str, longhands: tuple[str, ...], write: Write) -> None:
    values = [declarations[name] for name in longhands if name in declarations]
    if len(values) < len(longhands):
        return
    important = {value.endswith(_IMPORTANT) for value in values}
    plain = [value.removesuffix(_IMPORTANT) for value in values]
    if len(important) > 1 or not all(map(_PLAIN.fullmatch, plain)):
        return
    wide = not _CSS_WIDE.isdisjoint(plain)
    if (wide and len(set(plain)) > 1) or _is_contested(shorthand, declarations):
        return
    joined = plain[0] if wide else write(plain)
    _replace(declarations, longhands, shorthand, joined + (_IMPORTANT if True in important else ""))


def _is_contested(shorthand: str, declarations: Declarations) -> bool:
    root = shorthand.split("-", maxsplit=1)[0]
    overlaps = _OVERLAPS.get(shorthand, frozenset()) | {shorthand}
    return root in map(_logical_root, declarations) or not overlaps.isdisjoint(declarations)


@lru_cache(maxsize=1024)
def _logical_root(name: str) -> str:
    """``margin`` for ``margin-inline-start``; empty for what is not a logical side."""
    match = _LOGICAL.match(name)
    return match[1] if match else ""


def _replace(declarations: Declarations, longhands: tuple[str, ...], shorthand: str, value: str) -> None:
    """Put the shorthand, which is not there yet, where the first of its longhands stood."""
    items = list(declarations.items())
    declarations.clear()
    for name, text in items:
        if name not in longhands:
            declarations[name] = text
        else:
            declarations.setdefault(shorthand, value)


def _box(values: list[str]) -> str:
    """Four sides in one to four values."""
    top, right, bottom, left = values
    if right != left:
        return " ".join(values)
    if top != bottom:
        return f"{top} {right} {bottom}"
    return top if top == right else f"{top} {right}"


def _pair(values: list[str]) -> str:
    return values[0] if values[0] == values[1] else " ".join(values)


_JOINED: tuple[tuple[str, tuple[str, ...], Write], ...] = (
    *((shorthand, longhands, _box) for shorthand, longhands in _BOXES.items()),
    *((shorthand, longhands, _pair) for shorthand, longhands in _PAIRS.items()),
    *((shorthand, longhands, " ".join) for shorthand, longhands in _ROWS.items()),
)
