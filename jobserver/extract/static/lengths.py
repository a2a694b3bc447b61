"""Font sizes worked out: lengths, keywords and sums in px, as Chromium would have them at the viewport."""

from __future__ import annotations

import re
from typing import NamedTuple

from jobserver.extract.static.media import Viewport

_SIZES = {
    "xx-small": (9, 9),
    "x-small": (10, 10),
    "small": (13, 12),
    "medium": (16, 13),
    "large": (18, 16),
    "x-large": (24, 20),
    "xx-large": (32, 26),
    "xxx-large": (48, 39),
}
"""Keyword → px in a proportional font and in one that is ``monospace`` and no other (Chromium's font size table)."""
_TERM = re.compile(
    r"(?P<number>\d*\.?\d+(?:e[+-]?\d+)?)(?P<unit>[a-z]+|%)?|(?P<open>(?:calc|min|max|clamp)?\()|(?P<sign>[-+*/),])|\s+",
    re.IGNORECASE,
)
_MAX_TERMS = 100
_STEP = 1.2
"""From one size to ``larger`` or ``smaller``."""


class Font(NamedTuple):
    """A font size in px, and what decides how it changes for ``monospace``.

    ``keyword``: what it was set with. ``fixed``: in px, so that no family changes it. ``mono``: ``monospace`` alone.
    """

    size: float = 16.0
    keyword: str = "medium"
    fixed: bool = False
    mono: bool = False

    def sized(self, value: str, root: float, viewport: Viewport) -> Font | None:
        """The font of a child whose ``font-size`` is ``value``; None where it is not understood."""
        text = value.strip().lower()
        if text == "initial":
            text = "medium"
        if text in _SIZES:
            return self._replace(size=float(_SIZES[text][self.mono]), keyword=text, fixed=False)
        if text in {"smaller", "larger"}:
            size = self.size / _STEP if text == "smaller" else self.size * _STEP
            return self._replace(size=size, keyword="")
        relative = re.fullmatch(r"[\d.e+-]+(?:em|%)", text) is not None
        worked_out = length(text, self.size, root, viewport)
        if worked_out is None or worked_out < 0:
            return None
        return self._replace(size=worked_out, keyword="", fixed=self.fixed or not relative)

    def in_family(self, family: str) -> Font:
        """The font in another family: ``monospace`` alone is smaller by default, what is in px stays."""
        mono = family.strip().lower() == "monospace"
        if mono is self.mono or self.fixed:
            return self._replace(mono=mono)
        if self.keyword:
            return self._replace(size=float(_SIZES[self.keyword][mono]), mono=mono)
        return self._replace(size=self.size * (13 / 16 if mono else 16 / 13), mono=mono)


def length(value: str, em: float, root: float, viewport: Viewport) -> float | None:
    """A length, a percentage of the font size or a sum of them in px; None when it is none.

    >>> length("1.5rem", 20, 16, (1000, 500)), length("calc(1.275rem + .3vw)", 16, 16, (1000, 500))
    (24.0, 23.4)
    >>> length("clamp(1em, 10vh, 2em)", 16, 16, (1000, 500)), length("red", 16, 16, (1000, 500))
    (32.0, None)
    """
    units = {
        "px": 1.0, "": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "q": 2.4 / 2.54,
        "em": em, "%": em / 100, "rem": root, "ex": em / 2, "ch": em / 2,
        **dict.fromkeys(("vw", "svw", "lvw", "dvw", "vi"), viewport[0] / 100),
        **dict.fromkeys(("vh", "svh", "lvh", "dvh", "vb"), viewport[1] / 100),
        "vmin": min(viewport) / 100, "vmax": max(viewport) / 100,
    }  # fmt: skip
    try:
        return round(_Sum(value.strip(), units).whole(), 6)
    except (ValueError, KeyError, ZeroDivisionError, OverflowError, IndexError):
        return None


class _Sum:
    """A recursive-descent reading of ``calc()``, ``min()``, ``max()`` and ``clamp()`` (CSS Values 4, section 10)."""

    def __init__(self, text: str, units: dict[str, float]) -> None:
        self._units = units
        self._terms = self._read(text)
        self._at = 0

    def _read(self, text: str) -> list[re.Match[str]]:
        terms: list[re.Match[str]] = []
        position = 0
        while position < len(text):
            match = _TERM.match(text, position)
            if match is None or len(terms) > _MAX_TERMS:
                raise ValueError(text)
            position = match.end()
            terms += [match] if match[0].strip() else []
        return terms

    def whole(self) -> float:
        value = self._term()
        if self._at < len(self._terms):
            raise ValueError
        return value

    def _next(self) -> str:
        return self._terms[self._at][0].lower() if self._at < len(self._terms) else ""

    def _sum(self) -> float:
        value = self._product()
        while self._next() in {"+", "-"}:
            sign = self._take()[0]
            value += self._product() if sign == "+" else -self._product()
        return value

    def _product(self) -> float:
        value = self._term()
        while self._next() in {"*", "/"}:
            sign = self._take()[0]
            value = value * self._term() if sign == "*" else value / self._term()
        return value

    def _take(self) -> re.Match[str]:
        self._at += 1
        return self._terms[self._at - 1]

    def _term(self) -> float:
        term = self._take()
        if term["number"]:
            return float(term["number"]) * self._units[term["unit"].lower() if term["unit"] else ""]
        if term["sign"] in {"-", "+"}:
            return -self._term() if term["sign"] == "-" else self._term()
        if not term["open"]:
            raise ValueError
        return self._function(term["open"].lower())

    def _function(self, name: str) -> float:
        values = [self._sum()]
        while self._next() == ",":
            self._take()
            values.append(self._sum())
        if self._take()[0] != ")":
            raise ValueError
        if name == "clamp(":
            low, middle, high = values
            return max(low, min(middle, high))
        return min(values) if name == "min(" else max(values) if name == "max(" else values[0]
