"""What the style sheets make of an element: inherited, variables put in, lengths in px where that needs no layout."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.downwards import Downwards
from jobserver.extract.static.longhands import SIDES, color, expand
from jobserver.extract.static.page import Element, Page
from jobserver.extract.static.values import px, to_px, words

_INHERITED = words(
    "color font-family font-size font-style font-weight line-height letter-spacing text-transform text-align "
    "text-shadow list-style-type fill stroke"
)
_START = {
    "color": "#000000",
    "font-family": "Times New Roman",
    "font-size": "16px",
    "font-weight": "400",
    "line-height": "normal",
    "list-style-type": "disc",
}
_WEIGHTS = {"normal": "400", "bold": "700", "bolder": "700", "lighter": "100"}
_SIZES = {
    "xx-small": "9px",
    "x-small": "10px",
    "small": "13px",
    "medium": "16px",
    "large": "18px",
    "x-large": "24px",
    "xx-large": "32px",
    "smaller": "83.3333%",
    "larger": "120%",
}
_VAR = re.compile(r"var\(\s*(--[^\s,()]+)\s*(?:,((?:[^()]|\((?:[^()]|\([^()]*\))*\))*))?\)", re.IGNORECASE)
_RELATIVE = re.compile(r"(?<![\w.#(-])(-?\d*\.?\d+)(rem|em|pt)\b", re.IGNORECASE)
_MAX_VALUE = 2_000
_MAX_ROUNDS = 30
"""Variables within variables within variables."""


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """``values``: longhand → value, inherited ones included. ``variables``: custom properties in force."""

    values: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The value of a longhand; empty when nothing says so."""
        return self.values.get(name, "")

    def color(self, name: str) -> str:
        """A colour as `longhands.color` spells it; empty when it cannot be seen or is none."""
        return color(self.get(name), self.get("color")) or ""

    def has_border(self, side: str) -> bool:
        """Whether a line is drawn there."""
        style = self.get(f"border-{side}-style")
        return style not in {"", "none", "hidden"} and not _is_zero(self.get(f"border-{side}-width") or "medium")

    @property
    def is_painted(self) -> bool:
        """Whether the element has an edge or a ground of its own."""
        ground = self.color("background-color") or self.get("background-image") not in {"", "none", "initial"}
        return bool(ground) or self.get("box-shadow") not in {"", "none", "initial"} or any(map(self.has_border, SIDES))


class Paint:
    """The styles of one page's elements. Elements that are styled alike share one."""

    def __init__(self, cascade: Cascade) -> None:
        self.cascade = cascade
        self._styles = Downwards(self._below, Style(_START))
        self._shared: dict[tuple[int, tuple[int, ...], str | None], Style] = {}

    @property
    def page(self) -> Page:
        """Whose styles these are."""
        return self.cascade.page

    def of(self, element: Element) -> Style:
        """The style of an element at rest, at the viewport."""
        return self._styles.at(element)

    def _below(self, element: Element, above: Style) -> Style:
        # The style above outlives the key: it is kept.
        key = (id(above), tuple(self.cascade.matched(element)), element.get("style"))
        if key not in self._shared:
            self._shared[key] = self._make(element, above)
        return self._shared[key]

    def _make(self, element: Element, above: Style) -> Style:
        declared = {name: winner.value for name, winner in self.cascade.computed(element).items()}
        variables = _variables(declared, above.variables)
        values = {name: value for name, value in above.values.items() if name in _INHERITED}
        own: dict[str, str] = {}
        for name, value in declared.items():
            if not name.startswith("--") and (plain := put_in(value, variables)) is not None:
                own.update(expand(name, plain))
        size = self._size(own.pop("font-size", ""), above)
        values["font-size"] = size
        em = to_px(size, 16.0, 16.0) or 16.0
        for name, value in own.items():
            _set(values, name, _worked_out(value, em, self._rem), above)
        return Style(values, variables)

    @property
    def _rem(self) -> float:
        html = next(iter(self.page.elements))
        root = self._styles.known(html)
        return (to_px(root.get("font-size"), 16.0, 16.0) if root else None) or 16.0

    def _size(self, value: str, above: Style) -> str:
        em = to_px(above.get("font-size"), 16.0, 16.0) or 16.0
        size = to_px(_SIZES.get(value.lower(), value), em, self._rem)
        return px(size) if size is not None else above.get("font-size")


def _variables(declared: Mapping[str, str], above: Mapping[str, str]) -> Mapping[str, str]:
    own = {name: value for name, value in declared.items() if name.startswith("--")}
    if not own:
        return above
    scope = {**above, **own}
    return scope | {name: plain for name, value in own.items() if (plain := put_in(value, scope)) is not None}


def put_in(value: str, variables: Mapping[str, str]) -> str | None:
    """The value with its variables put in (CSS Variables 1, section 3); None when one of them is not there.

    >>> put_in("1px solid var(--line, red)", {}), put_in("var(--a)", {"--a": "var(--b)", "--b": "2px"})
    ('1px solid red', '2px')
    """
    for _ in range(_MAX_ROUNDS):
        found = _VAR.search(value)
        if found is None:
            break
        part: str | None = variables[found[1]] if found[1] in variables else found[2]
        if part is None or len(value) > _MAX_VALUE:
            return None
        value = f"{value[: found.start()]}{part.strip()}{value[found.end() :]}"
    return None if "var(" in value.lower() else value


def _set(values: dict[str, str], name: str, value: str, above: Style) -> None:
    word = value.lower()
    if word == "inherit" or (word in {"unset", "revert", "revert-layer"} and name in _INHERITED):
        values[name] = above.get(name)
    elif word in {"initial", "unset", "revert", "revert-layer"}:
        values.pop(name, None)
        values.update({name: _START[name]} if name in _START else {})
    elif name == "color":
        values[name] = color(value, above.get("color")) or value
    else:
        values[name] = _WEIGHTS.get(word, value) if name == "font-weight" else value


def _worked_out(value: str, em: float, rem: float) -> str:
    factors = {"rem": rem, "em": em, "pt": 4 / 3}
    return _RELATIVE.sub(lambda match: px(float(match[1]) * factors[match[2].lower()]), value)


def _is_zero(width: str) -> bool:
    return re.fullmatch(r"0(?:\.0+)?(?:px)?", width) is not None
