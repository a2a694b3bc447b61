"""Which elements are components, and of which kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, takewhile

from jobserver.extract.static.page import Element, Page
from jobserver.extract.static.values import words

MAX_SUBTREE = 400
"""Elements of one component; what is larger is a page, not a component."""
MAX_NESTING = 150
"""Levels of one component."""

_BASIC = words("button a input select textarea label img")
_TAGS = {
    **dict.fromkeys(words("nav header footer form table dialog details article aside figure fieldset"), ""),
    "ul": "list",
    "ol": "list",
}
_ROLES = {
    "button": "button",
    "navigation": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "form": "form",
    "search": "form",
    "table": "table",
    "grid": "table",
    "list": "list",
    "dialog": "dialog",
    "alertdialog": "dialog",
    "article": "article",
    "complementary": "aside",
    "figure": "figure",
    "alert": "alert",
    "tablist": "tabs",
}
_BUTTON_LIKE = re.compile(r"(?:^|[-_])(?:btn|button)(?:$|[-_])", re.IGNORECASE)
_CLASSES = [
    (kind, re.compile(rf"(?:.*[-_])?(?:{names})(?:--.*)?", re.IGNORECASE))
    for kind, names in (
        ("breadcrumb", "breadcrumbs?"),
        ("pagination", "pagination|pager"),
        ("tabs", "tabs?-?list|tabs|nav-tabs"),
        ("alert", "alert|toast|admonition|callout|notification|flash"),
        ("badge", "badge|chip|pill"),
        ("card", "card|tile"),
        ("hero", "hero|jumbotron|masthead"),
    )
]
"""Kind → class names that mean it, with or without a prefix (``ui-card``) or a modifier (``card--wide``)."""
_OUTERMOST = frozenset({"breadcrumb", "pagination", "tabs", "hero", "alert"})
_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_CONTENT = words("img svg input select textarea button video canvas picture iframe hr progress meter object")
_CARD_TAGS = words("div article section li a")
_HERO_TAGS = words("section header div")
_NO_HERO = words("main footer table")
"""Elements of a whole page; what holds one of them is more than its hero."""
_FOR_READERS = words("visually-hidden sr-only screen-reader-text")
"""Classes of what only screen readers are given; the rules that hide it do not use ``display``."""
_REPEATABLE = words("li article section figure")
"""Items of a list even without a class."""
_NOT_LISTS = words(
    "html body p select tbody thead tfoot tr dl svg pre code span a button label dd dt h1 h2 h3 h4 h5 h6"
)
_NOT_ITEMS = words(
    "p br hr h1 h2 h3 h4 h5 h6 a span em strong b i code pre script style link img button input label option "
    "dl dt dd td th tr col"
)
_MAX_ITEMS = 1_000
_MAX_PLAIN_TEXT = 1_500
"""Characters of a list whose items are sections without a class; what is longer are the chapters of a text."""
_ALWAYS_THERE = words("button input select textarea img dialog")

_Signature = tuple[str, tuple[str, ...]]
"""Tag and sorted class names."""


@dataclass(frozen=True, slots=True)
class Picked:
    """An element that is a component."""

    kind: str
    element: Element


class Picker:
    """Picks the components of one page; ``shown`` says of each element whether it is visible."""

    def __init__(self, page: Page, shown: list[bool]) -> None:
        self._page = page
        self._shown = shown
        self._kinds: dict[int, str] = {}
        self._items = lru_cache(256)(self._find_items)
        self._hero = self._find_hero()
        self.too_large = 0

    def pick(self) -> Iterator[Picked]:
        """All components in document order."""
        for element in self._page.elements:
            kind = self._kind(element) if self._shown[element.index] else None
            if kind is None or self._is_doubled(kind, element):
                continue
            if element.size > MAX_SUBTREE or self._levels(element) > MAX_NESTING:
                self.too_large += 1
                continue
            self._kinds[element.index] = kind
            yield Picked(kind, element)

    def _kind(self, element: Element) -> str | None:
        tag = element.tag
        if tag in _BASIC:
            return self._basic(element)
        if tag in {"html", "body", "main", "option", "svg"} or not self._has_content(element):
            return None
        by_role = _ROLES.get((element.get("role") or "").lower())
        return by_role or self._named(element) or self._by_tag(element) or self._by_shape(element)

    def _basic(self, element: Element) -> str | None:
        if element.tag not in _ALWAYS_THERE and not self._has_content(element):
            return None
        if element.tag == "a" and self._is_button_like(element):
            return "button"
        return "card" if element.tag == "a" and self._named(element) == "card" else element.tag

    def _is_button_like(self, element: Element) -> bool:
        return element.get("role") == "button" or any(map(_BUTTON_LIKE.search, element.classes))

    def _by_tag(self, element: Element) -> str | None:
        if element is self._hero:
            return "hero"
        return (_TAGS[element.tag] or element.tag) if element.tag in _TAGS else None

    def _named(self, element: Element) -> str | None:
        """The kind that its class or label says, where what is inside fits."""
        if "breadcrumb" in (element.get("aria-label") or "").lower():
            return "breadcrumb"
        if "pagination" in (element.get("aria-label") or "").lower() and element.tag != "a":
            return "pagination"
        classes = element.classes[:20]
        for kind, pattern in _CLASSES:
            if any(map(pattern.fullmatch, classes)) and self._fits(kind, element):
                return kind
        return None

    def _fits(self, kind: str, element: Element) -> bool:
        if kind == "badge":
            return element.size <= 4 and 0 < len(element.text) <= 40
        if kind == "card":
            return element.size >= 2 and self._is_told(element)
        if kind == "hero":
            return self._has_heading(element)
        return element.size >= 2 or kind == "alert"

    def _by_shape(self, element: Element) -> str | None:
        if element.tag in _CARD_TAGS and self._is_repeated(element) and self._is_card_like(element):
            return "card"
        return "list" if self._is_list(element) else None

    def _find_hero(self) -> Element | None:
        """The section around the page's first ``h1`` that has something to do and is not most of the page."""
        shown = (each for each in self._page.by_tag.get("h1", []) if self._shown[each.index])
        heading = next((each for each in shown if _FOR_READERS.isdisjoint(each.classes)), None)
        parts = heading.ancestors() if heading is not None else iter(())
        around = takewhile(self._may_be_hero, parts)
        acting = [each for each in around if each.tag in _HERO_TAGS and self._acts(each)]
        return next((each for each in acting if each.tag != "div"), acting[0] if acting else None)

    def _may_be_hero(self, element: Element) -> bool:
        return element.size <= 80 and not any(each.tag in _NO_HERO for each in self._page.inside(element))

    def _acts(self, element: Element) -> bool:
        shown = (each for each in self._page.inside(element) if self._shown[each.index])
        return any(each.tag == "button" or (each.tag == "a" and self._is_button_like(each)) for each in shown)

    def _is_list(self, element: Element) -> bool:
        tag, names = self._items(element) or ("", ())
        if not tag or any(each.tag == "svg" for each in element.ancestors()):
            return False
        return tag != "section" or bool(names) or len(element.text) <= _MAX_PLAIN_TEXT

    def _find_items(self, parent: Element) -> _Signature | None:
        """What three or more of the children, and most of all, look like, where this makes the parent a list."""
        if parent.tag in _NOT_LISTS:
            return None
        counts = Counter(_signature(each) for each in self._page.children(parent) if self._shown[each.index])
        if not 3 <= counts.total() <= _MAX_ITEMS:
            return None
        (tag, names), count = counts.most_common(1)[0]
        is_item = tag in _REPEATABLE or (names and tag not in _NOT_ITEMS)
        return (tag, names) if is_item and count >= max(3, 0.6 * counts.total()) else None

    def _is_repeated(self, element: Element) -> bool:
        if element.parent is None or not element.classes:
            return False
        return self._items(element.parent) == _signature(element)

    def _is_card_like(self, element: Element) -> bool:
        return element.size >= 3 and self._has_heading(element) and self._is_told(element)

    def _is_told(self, element: Element) -> bool:
        """Whether it has a heading, a text or an image."""
        return (
            self._has_heading(element)
            or any(each.tag in {"img", "p"} for each in self._page.inside(element)[:MAX_SUBTREE])
            or element.has_text
        )

    def _has_heading(self, element: Element) -> bool:
        return any(each.tag in _HEADINGS for each in self._page.inside(element)[: MAX_SUBTREE + 1])

    def _has_content(self, element: Element) -> bool:
        """Whether there is anything to see: a text, a picture, a control."""
        inside = self._page.inside(element)[:MAX_SUBTREE]
        return any(each.tag in _CONTENT and self._shown[each.index] for each in inside) or element.has_text

    def _is_doubled(self, kind: str, element: Element) -> bool:
        """Whether it says nothing that another does not say: the column around a card, an alert in an alert."""
        if kind == "card":
            children = list(islice(self._page.children(element), 2))
            return len(children) == 1 and self._shown[children[0].index] and self._kind(children[0]) == "card"
        return kind in _OUTERMOST and self._within(element, kind)

    def _within(self, element: Element, kind: str) -> bool:
        return any(self._kinds.get(each.index) == kind for each in element.ancestors())

    def _levels(self, element: Element) -> int:
        depths = {element.index: 1}
        for each in self._page.inside(element)[1:]:
            depths[each.index] = depths[each.parent.index if each.parent else element.index] + 1
        return max(depths.values())


def _signature(element: Element) -> _Signature:
    return element.tag, tuple(sorted(element.classes))
