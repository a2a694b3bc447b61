"""What an element looks like in one short text, and where it is in one CSS path."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from jobserver.extract.naming import BASIC
from jobserver.extract.static.longhands import CORNERS, SIDES
from jobserver.extract.static.page import NO_CONTENT, Element, Page
from jobserver.extract.static.paint import Paint, Style
from jobserver.extract.static.values import words

_CONTROLS = words("input select textarea progress meter")
_PICTURES = words("img svg canvas video iframe picture object embed")
_SAME_FIELDS = words("text email url tel search")
_STATES = words(
    "open multiple disabled checked aria-current aria-selected aria-pressed aria-expanded aria-disabled aria-checked "
    "aria-invalid d"
)
_UNSHOWN = NO_CONTENT | words("link meta title br wbr source option optgroup")
_BOX = (
    *("background-color", "background-image", "box-shadow", "opacity", "transform", "filter"),
    *(f"padding-{side}" for side in SIDES),
    *(f"border-{corner}-radius" for corner in CORNERS),
)
_WORDS = (
    *("color", "font-family", "font-size", "font-weight", "font-style", "letter-spacing", "text-transform"),
    *("text-decoration-line", "text-shadow"),
)
_LINES = ("line-height", "text-align")
_FLOW = ("flex-direction", "justify-content", "align-items", "row-gap", "column-gap")
_URL = re.compile(r"url\([^)]*\)")
_LASTING_ID = re.compile(r"[A-Za-z_][\w-]{0,59}", re.ASCII)
_MADE_UP_ID = re.compile(r"\d{4}")
_INLINE = words("inline flow-root list-item")


class Looks:
    """What the elements of a page look like.

    Equal for elements that look the same but for their texts, links and pictures, for how often a part repeats, and for
    how they stand among their neighbours: the rules of the browser engine's ``look.js``, with what is declared for what
    is computed.
    """

    def __init__(self, paint: Paint, shown: list[bool]) -> None:
        self._paint = paint
        self._page = paint.page
        self._shown = shown
        self._bodies: dict[int, bytes] = {}

    def of(self, kind: str, element: Element) -> str:
        """The look of an element with all it holds, as one word."""
        parts: dict[int, dict[object, None]] = {}
        inside = self._page.inside(element)
        for each in reversed(inside):
            if each.index not in self._bodies:
                inner = list(parts.pop(each.index, {}))
                self._bodies[each.index] = _digest(self._painted(each), inner[::-1])
            if each is not element and each.parent is not None and self._counts(each):
                outer = (self._paint.of(each).get("display"), self._bodies[each.index])
                parts.setdefault(each.parent.index, {}).pop(outer, None)
                parts[each.parent.index][outer] = None
        return _digest(kind, self._display(element), self._bodies[element.index]).hex()

    def _counts(self, element: Element) -> bool:
        return self._shown[element.index] and element.tag not in _UNSHOWN and not _within_select(element)

    def _display(self, element: Element) -> str:
        display = self._paint.of(element).get("display").removeprefix("inline-")
        return "block" if display in _INLINE or not display else display

    def _painted(self, element: Element) -> list[object]:
        """What is painted of the element itself; properties that show nothing on it are left out."""
        style = self._paint.of(element)
        parts: list[object] = [element.tag, _state(element), _values(style, _BOX), self._generated(element)]
        parts += [_values(style, _line(side)) for side in SIDES if style.has_border(side)]
        if element.tag in _PICTURES:
            parts.append([element.get(name) or style.get(name) for name in ("width", "height")])
        has_words = bool(element.own_text)
        parts.append(has_words and _starts_with_words(element))
        if has_words or element.tag in _CONTROLS:
            parts.append(_values(style, _WORDS))
        display = style.get("display")
        if has_words and display not in {"", "inline"} and element.tag not in BASIC:
            parts.append(_values(style, _LINES))
        if display.endswith(("flex", "grid")):
            parts.append(_values(style, _FLOW))
        return parts

    def _generated(self, element: Element) -> list[tuple[str, str, str]]:
        declared = self._paint.cascade.declared(element)
        return [(each.pseudo, each.name, each.value) for each in declared if each.pseudo in {"::before", "::after"}]


def _line(side: str) -> list[str]:
    return [f"border-{side}-{part}" for part in ("width", "style", "color")]


def _values(style: Style, names: Iterable[str]) -> list[str]:
    return [_URL.sub("url()", style.get(name)) for name in names]


def _state(element: Element) -> list[tuple[str, str]]:
    """What an element is at the moment, as far as it is said: pressed, chosen, disabled, open."""
    states = sorted((name, value) for name, value in element.attrs.items() if name in _STATES)
    of_type = (element.get("type") or "text").lower() if element.tag == "input" else ""
    return [*states, ("type", "text" if of_type in _SAME_FIELDS else of_type)]


def _starts_with_words(element: Element) -> bool:
    child = element.node.child
    while child is not None and not child.is_element_node:
        if child.is_text_node and (child.text_content or "").strip():
            return True
        child = child.next
    return False


def _within_select(element: Element) -> bool:
    return element.parent is not None and element.parent.tag == "select"


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=12).digest()


class Paths:
    """CSS paths in one page, as the browser engine's ``selector.js`` writes them."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._places = lru_cache(256)(self._number)

    def of(self, element: Element) -> str:
        """A path that only this element matches, from the nearest ancestor with an id of its own, or from ``html``."""
        steps: list[str] = []
        at: Element | None = element
        while at is not None:
            if (anchor := self._anchor(at)) is not None:
                return " > ".join([anchor, *reversed(steps)])
            steps.append(self._step(at))
            at = at.parent
        return " > ".join(reversed(steps))

    def _anchor(self, element: Element) -> str | None:
        name = element.get("id") or ""
        if not _LASTING_ID.fullmatch(name) or _MADE_UP_ID.search(name) or len(self._page.by_id[name]) > 1:
            return None
        return f"#{name}"

    def _step(self, element: Element) -> str:
        if element.tag in {"html", "body"} or element.parent is None:
            return element.tag
        return f"{element.tag}:nth-of-type({self._places(element.parent)[element.index]})"

    def _number(self, parent: Element) -> dict[int, int]:
        """Each child's place among its siblings of the same tag."""
        places: dict[int, int] = {}
        totals: Counter[str] = Counter()
        for child in self._page.children(parent):
            totals[child.tag] += 1
            places[child.index] = totals[child.tag]
        return places
