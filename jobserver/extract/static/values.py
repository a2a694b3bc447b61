"""Property names and values: what a shorthand covers, what is inherited, what is worth keeping."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import urljoin

import tinycss2
from tinycss2.ast import URLToken

T = TypeVar("T")

_SIDES = ("top", "right", "bottom", "left")
_LOGICAL = ("inline", "block", "inline-start", "inline-end", "block-start", "block-end")


def words(text: str) -> frozenset[str]:
    """Names that are written as one text, with spaces between them."""
    return frozenset(text.split())


def join(base: str, url: str) -> str:
    """``url`` as an absolute one; as it stands when it cannot be joined.

    >>> join("https://a.example/b/c", " d ")
    'https://a.example/b/d'
    """
    try:
        return urljoin(base, url.strip())
    except ValueError:
        return url


def _each(pattern: str, *names: str) -> tuple[str, ...]:
    return tuple(pattern.format(name) for name in names)


def _box(name: str) -> tuple[str, ...]:
    return _each(f"{name}-{{}}", *_SIDES, *_LOGICAL)


_LINE = ("width", "style", "color")
SHORTHANDS: dict[str, frozenset[str]] = {
    name: frozenset(parts)
    for name, parts in {
        **{name: _box(name) for name in ("margin", "padding", "scroll-margin", "scroll-padding")},
        **{f"{name}-{axis}": _each(f"{name}-{axis}-{{}}", "start", "end")
           for name in ("margin", "padding", "inset") for axis in ("inline", "block")},
        "inset": (*_SIDES, *_each("inset-{}", *_LOGICAL)),
        **{f"border-{part}": _each(f"border-{{}}-{part}", *_SIDES) for part in _LINE},
        **{f"border-{side}": _each(f"border-{side}-{{}}", *_LINE) for side in (*_SIDES, *_LOGICAL)},
        "border-image": _each("border-image-{}", "source", "slice", "width", "outset", "repeat"),
        "border": tuple(chain(
            _each("border-{}", *_LINE, *_SIDES, *_LOGICAL, "image"),
            *(_each(f"border-{side}-{{}}", *_LINE) for side in (*_SIDES, *_LOGICAL)),
        )),
        "border-radius": _each("border-{}-radius", "top-left", "top-right", "bottom-right", "bottom-left"),
        "background": _each("background-{}", "color", "image", "position", "position-x", "position-y", "size",
                            "repeat", "origin", "clip", "attachment"),
        "font": (*_each("font-{}", "style", "variant", "weight", "stretch", "size", "family", "kerning",
                        "feature-settings", "variation-settings"), "line-height"),
        "flex": _each("flex-{}", "grow", "shrink", "basis"),
        "flex-flow": _each("flex-{}", "direction", "wrap"),
        "grid-template": _each("grid-template-{}", "rows", "columns", "areas"),
        "grid": _each("grid-{}", "template", "template-rows", "template-columns", "template-areas", "auto-rows",
                      "auto-columns", "auto-flow"),
        "grid-row": _each("grid-row-{}", "start", "end"),
        "grid-column": _each("grid-column-{}", "start", "end"),
        "grid-area": _each("grid-{}", "row", "column", "row-start", "row-end", "column-start", "column-end"),
        "gap": ("row-gap", "column-gap"),
        "overflow": ("overflow-x", "overflow-y"),
        "overscroll-behavior": ("overscroll-behavior-x", "overscroll-behavior-y"),
        "list-style": _each("list-style-{}", "type", "position", "image"),
        "outline": _each("outline-{}", *_LINE),
        "transition": _each("transition-{}", "property", "duration", "timing-function", "delay", "behavior"),
        "animation": _each("animation-{}", "name", "duration", "timing-function", "delay", "iteration-count",
                           "direction", "fill-mode", "play-state", "timeline", "composition"),
        "text-decoration": _each("text-decoration-{}", "line", "style", "color", "thickness"),
        "text-emphasis": _each("text-emphasis-{}", "style", "color"),
        "columns": ("column-width", "column-count"),
        "column-rule": _each("column-rule-{}", *_LINE),
        "place-content": ("align-content", "justify-content"),
        "place-items": ("align-items", "justify-items"),
        "place-self": ("align-self", "justify-self"),
        "mask": _each("mask-{}", "image", "position", "size", "repeat", "origin", "clip", "composite", "mode"),
        "white-space": ("white-space-collapse", "text-wrap", "text-wrap-mode"),
        "container": ("container-name", "container-type"),
    }.items()
}  # fmt: skip
"""Shorthand → every property it sets, directly or through a smaller shorthand."""

INHERITED = words(
    "color font-family font-size font-style font-weight font-variant font-variant-numeric font-variant-caps "
    "font-stretch font-kerning font-feature-settings font-variation-settings font-optical-sizing line-height "
    "letter-spacing word-spacing text-align text-align-last text-indent text-transform text-shadow "
    "text-rendering text-wrap white-space white-space-collapse word-break overflow-wrap word-wrap hyphens "
    "tab-size list-style list-style-type list-style-position list-style-image cursor visibility direction "
    "writing-mode quotes border-collapse border-spacing caption-side empty-cells fill fill-opacity fill-rule "
    "stroke stroke-width stroke-linecap stroke-linejoin stroke-dasharray stroke-opacity color-scheme "
    "accent-color caret-color pointer-events text-underline-offset text-underline-position "
    "-webkit-font-smoothing -webkit-text-fill-color"
)
"""Inherited properties (each one's definition in its CSS module); those not listed change nothing that is drawn."""

_DEAD = re.compile(
    r"(?<![\w-])-(?:moz|ms|o|khtml)-|progid:|\\9?\s*$|(?<![\w-])-webkit-(?:flex|inline-flex|box)\b", re.IGNORECASE
)
_REM = re.compile(r"(?<![\w.#-])(-?\d*\.?\d+)rem\b", re.IGNORECASE)
_IMAGE_SETS = ("image-set", "-webkit-image-set")


def covers(wide: str, narrow: str) -> bool:
    """Whether setting ``wide`` sets ``narrow`` too.

    >>> covers("border", "border-left-color"), covers("margin-left", "margin"), covers("all", "--x")
    (True, False, False)
    """
    if wide == "all":
        return not narrow.startswith("--") and narrow not in {"direction", "unicode-bidi"}
    return wide == narrow or narrow in SHORTHANDS.get(wide, ())


def usable(name: str, value: str) -> bool:
    """Whether a browser of today reads the declaration: no dead vendor's property, no old hack.

    >>> usable("display", "-ms-flexbox"), usable("display", "flex"), usable("--x", "")
    (False, True, True)
    """
    if name.startswith("--"):
        return True
    return bool(value) and not name.startswith(("-moz-", "-ms-", "-o-", "-khtml-")) and not _DEAD.search(value)


def put(declared: dict[str, T], name: str, value: T) -> None:
    """Declare ``name`` after all others: what it covers is overridden and goes.

    >>> declared = {"padding-top": "1px", "color": "red"}
    >>> put(declared, "padding", "0")
    >>> declared
    {'color': 'red', 'padding': '0'}
    """
    declared.pop(name, None)
    if name == "all" or name in SHORTHANDS:
        for narrow in [each for each in declared if covers(name, each)]:
            del declared[narrow]
    declared[name] = value


def to_px(value: str, em: float, root: float) -> float | None:
    """A length or percentage of the font size in px; None when it is neither.

    >>> to_px("1.5rem", em=20, root=16), to_px("50%", em=20, root=16), to_px("calc(1px + 1em)", em=20, root=16)
    (24.0, 10.0, None)
    """
    match = re.fullmatch(r"(\d*\.?\d+)(px|pt|rem|em|%)", value.strip(), re.IGNORECASE)
    if match is None:
        return None
    return float(match[1]) * {"px": 1.0, "pt": 4 / 3, "rem": root, "em": em, "%": em / 100}[match[2].lower()]


def px(length: float) -> str:
    """A length as CSS writes it.

    >>> px(24.0), px(13.33333)
    ('24px', '13.3333px')
    """
    return f"{round(length, 4):g}px"


def without_rem(value: str, root: float) -> str:
    """The value with ``rem`` worked out for a page whose root font size is ``root`` px.

    >>> without_rem("0 1.6rem", 10)
    '0 16px'
    """
    return _REM.sub(lambda match: px(float(match[1]) * root), value)


def serialize(tokens: list[Any], base: str) -> str:
    """Tokens as text with absolute URLs and without comments at the top."""
    kept = [token for token in tokens if token.type != "comment"]
    return str(tinycss2.serialize([_absolute(token, base) for token in kept])).strip()


def _absolute(token: Any, base: str, *, bare: bool = False) -> Any:
    """The token with absolute URLs; ``bare``: a string alone is a URL here."""
    if token.type == "url":
        return _url(token, token.value, base)
    if token.type == "string" and bare:
        return _url(token, token.value, base)
    if token.type == "function":
        if token.lower_name in {"url", "src"} and any(each.type == "string" for each in token.arguments):
            return _url(token, next(each.value for each in token.arguments if each.type == "string"), base)
        bare = token.lower_name in _IMAGE_SETS
        token.arguments = [_absolute(each, base, bare=bare) for each in token.arguments]
    elif token.type in {"() block", "[] block", "{} block"}:
        token.content = [_absolute(each, base) for each in token.content]
    return token


def _url(token: Any, url: str, base: str) -> Any:
    place = url.strip()
    absolute = place if place.startswith(("#", "data:")) else join(base, place)
    quoted = re.sub(r'["\\\x00-\x1f\x7f]', lambda match: f"\\{ord(match[0]):x} ", absolute)
    return URLToken(token.source_line, token.source_column, absolute, f'url("{quoted}")')
