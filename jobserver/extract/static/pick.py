"""Which elements are components, and of which kind: by name (tag, role, class), then by shape.

These are the rules of the browser engine's ``pick.js``, without its boxes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from jobserver.extract.naming import ALONE, FOR_READERS, ITEMS, NARROWER, NOT_ITEMS, NOT_LISTS
from jobserver.extract.static.names import FIELDS, HEADINGS, Names, classes_of
from jobserver.extract.static.page import Element
from jobserver.extract.static.paint import Paint
from jobserver.extract.static.values import words

MAX_SUBTREE = 400
"""Elements of one component; what is larger is a page, not a component."""
MAX_NESTING = 150
"""Levels of one component."""

_MAX_ITEMS = 1_000
_MAX_PROSE = 600
"""Characters of an item, on average: what is longer are the chapters of a text."""
_MAX_HERO = 80
_MAX_WRAPPED = 20
_MAX_DRAWN = 10
_NOT_IN_HERO = words("nav main footer table article dialog")
"""Elements of a whole page; what holds one of them is more than its hero."""
_HERO_TAGS = words("section header div")
_TEXTS = HEADINGS | {"p"}
_PICTURES = words("img picture video")
_FOREIGN = words("svg math")
"""What is in them is a drawing or a formula."""
_ALWAYS_THERE = words("button input select textarea img progress")
"""Kinds that a browser draws even with nothing in them."""


@dataclass(frozen=True, slots=True)
class Picked:
    """An element that is a component."""

    kind: str
    element: Element


class Picker:
    """Picks the components of one page; ``shown`` says of each element whether it is visible."""

    def __init__(self, paint: Paint, shown: list[bool]) -> None:
        self._paint = paint
        self._page = paint.page
        self._shown = shown
        self._names = Names(paint)
        self._only_child = lru_cache(8192)(self._find_only_child)
        self.too_large = 0

    def pick(self) -> Iterator[Picked]:
        """All components in document order."""
        kinds = self._kinds()
        for index, kind in kinds.items():
            element = self._page.elements[index]
            if self._is_doubled(kind, element, kinds) or self._holds_the_page(element):
                continue
            if element.size > MAX_SUBTREE or self._levels(element) > MAX_NESTING:
                self.too_large += 1
                continue
            yield Picked(kind, element)

    def _kinds(self) -> dict[int, str]:
        """Index of an element → its kind, of all that are shown, in document order."""
        kinds: dict[int, str] = {}
        cards: set[int] = set()
        hero = self._find_hero()
        after_drawing = 0
        for element in self._page.elements:
            if element.index < after_drawing or not self._shown[element.index]:
                continue
            if element.tag in _FOREIGN:
                after_drawing = element.end
                continue
            kind = self._kind(element, hero, cards)
            if kind is not None:
                kinds[element.index] = kind
            self._name_children(element, kinds, cards)
        return kinds

    def _kind(self, element: Element, hero: Element | None, cards: set[int]) -> str | None:
        named = self._names.kind(element)
        if element.index in cards:
            return "card"
        if element is hero and named in {None, "header"}:
            return "hero"
        return named if named is None or named in _ALWAYS_THERE or self._is_seen(element) else None

    def _is_seen(self, element: Element) -> bool:
        """Whether there is anything to see: a text, a picture, a control; a drawing by the style sheet counts."""
        return self._names.has_content(element) or any(map(self._is_drawn, self._page.inside(element)[:_MAX_DRAWN]))

    def _is_drawn(self, element: Element) -> bool:
        if self._paint.of(element).get("background-image") not in {"", "none"}:
            return True
        generated = (each for each in self._paint.cascade.declared(element) if each.pseudo in {"::before", "::after"})
        return any(each.name == "content" and each.value not in _NOTHING for each in generated)

    def _find_hero(self) -> Element | None:
        """All of the page around its first heading alone, when it has something to do there."""
        heading = next(filter(self._is_title, self._page.by_tag.get("h1", [])), None)
        if heading is None or heading.parent is None or self._is_title_bar(heading.parent):
            return None
        hero = None
        for part in heading.ancestors():
            if not self._is_about_one(part):
                break
            hero = part
        return hero if hero is not None and any(map(self._is_action, self._page.inside(hero))) else None

    def _is_title(self, heading: Element) -> bool:
        return self._shown[heading.index] and not set(classes_of(heading.get("class") or "")) & set(FOR_READERS)

    def _is_title_bar(self, parent: Element) -> bool:
        """A heading in one row with what can be done is the title of a tool."""
        style = self._paint.of(parent)
        return style.get("display").endswith("flex") and not style.get("flex-direction").startswith("column")

    def _is_about_one(self, part: Element) -> bool:
        """Whether a part of the page has one large heading, and nothing that belongs to a whole page."""
        if part.tag not in _HERO_TAGS or self._names.kind(part) not in {None, "header", "hero"}:
            return False
        inside = self._names.inside(part)
        if len(inside) >= _MAX_HERO or any(each.tag in _NOT_IN_HERO for each in inside):
            return False
        return sum(each.tag in {"h1", "h2"} and self._shown[each.index] for each in inside) == 1

    def _is_action(self, element: Element) -> bool:
        return self._shown[element.index] and self._names.kind(element) == "button"

    def _shown_children(self, parent: Element) -> list[Element]:
        return [each for each in self._page.children(parent) if self._shown[each.index]]

    def _find_only_child(self, element: Element) -> Element | None:
        """The one child that is all an element shows, or None."""
        children = list(self._page.children(element))
        if not 0 < len(children) <= _MAX_WRAPPED or element.own_text:
            return None
        shown = [each for each in children if self._shown[each.index]]
        return shown[0] if len(shown) == 1 else None

    def _equal_children(self, parent: Element) -> list[Element]:
        """The children that make a parent a list: three or more of one signature, and most of all it shows."""
        if parent.tag in NOT_LISTS or parent.size < 4:
            return []
        children = self._shown_children(parent)
        if not 3 <= len(children) <= _MAX_ITEMS:
            return []
        signature, count = Counter(map(_signature, children)).most_common(1)[0]
        most = [each for each in children if _signature(each) == signature]
        return most if count >= max(3, 0.6 * len(children)) and self._are_items(most) else []

    def _are_items(self, children: list[Element]) -> bool:
        """Long texts are chapters, fields are parts of a form, and what is empty divides."""
        tag, names = _signature(children[0])
        if tag not in ITEMS and (not names or tag in NOT_ITEMS):
            return False
        filled = sum(map(self._names.has_content, children))
        asking = sum(any(map(_is_field, self._names.inside(each))) for each in children)
        if filled * 2 <= len(children) or asking * 2 > len(children):
            return False
        return tag in {"li", "article"} or sum(map(self._names.length, children)) <= _MAX_PROSE * len(children)

    def _is_card_like(self, element: Element) -> bool:
        """A heading with more, or a picture with words."""
        inside = self._names.inside(element)
        if not element.has_text or len(inside) < 2:
            return False
        if any(each.tag in _PICTURES for each in inside):
            return True
        heading = next((each for each in inside if each.tag in HEADINGS), None)
        return heading is not None and self._names.length(heading) < self._names.length(element)

    def _innermost(self, element: Element) -> Element:
        """What is left of a repeated block without the boxes around it that nobody sees: the column of a grid, say."""
        inner, following = element, self._only_child(element)
        while following is not None and following.tag not in _TEXTS and not self._is_box(inner):
            inner, following = following, self._only_child(following)
        return inner

    def _is_box(self, element: Element) -> bool:
        return self._names.kind(element) is not None or self._paint.of(element).is_painted

    def _name_children(self, element: Element, kinds: dict[int, str], cards: set[int]) -> None:
        """Repeated blocks are cards when they look like it, and make their parent a list."""
        equal = self._equal_children(element)
        if not equal:
            return
        kinds.setdefault(element.index, "list")
        alike = [inner for inner in map(self._innermost, equal) if self._is_card_like(inner)]
        if len(alike) * 2 > len(equal):
            cards.update(inner.index for inner in alike if self._names.kind(inner) in {None, "a"})

    def _is_doubled(self, kind: str, element: Element, kinds: dict[int, str]) -> bool:
        """Whether another component says all that this one would: what it alone fills, or what alone fills it."""
        if kind == "nav" and self._kind_within(element, kinds) in NARROWER:
            return True
        inner = element
        for outer in element.ancestors():
            if self._only_child(outer) is not inner:
                return False
            if around := kinds.get(outer.index):
                return around == kind or (kind == "list" and around in ALONE)
            inner = outer
        return False

    def _kind_within(self, element: Element, kinds: dict[int, str]) -> str | None:
        inner = self._only_child(element)
        while inner is not None and inner.index not in kinds:
            inner = self._only_child(inner)
        return kinds[inner.index] if inner is not None else None

    def _holds_the_page(self, element: Element) -> bool:
        return any(element.index < each.index < element.end for each in self._page.by_tag.get("main", []))

    def _levels(self, element: Element) -> int:
        depths = {element.index: 1}
        for each in self._page.inside(element)[1:]:
            depths[each.index] = depths[each.parent.index if each.parent else element.index] + 1
        return max(depths.values())


_NOTHING = frozenset({"none", "normal", "initial", '""', "''"})


def _is_field(element: Element) -> bool:
    return element.tag in FIELDS and (element.get("type") or "").lower() != "hidden"


def _signature(element: Element) -> tuple[str, tuple[str, ...]]:
    return element.tag, classes_of(element.get("class") or "")
