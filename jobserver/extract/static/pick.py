"""Which elements are components, and of which kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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
_ALWAYS_THERE = words("button input select textarea img dialog")


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
        self._hero_found = False
        self._signatures = lru_cache(256)(self._count_signatures)
        self.too_large = 0

    def pick(self) -> Iterator[Picked]:
        """All components in document order."""
        for element in self._page.elements:
            kind = self._kind(element) if self._shown[element.index] else None
            if kind is None or (kind in _OUTERMOST and self._within(element, kind)):
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
        if element.tag == "header" and self._is_hero(element):
            return "hero"
        if element.tag not in _TAGS:
            return None
        return _TAGS[element.tag] or element.tag

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
        if self._is_hero(element):
            self._hero_found = True
            return "hero"
        if element.tag in _CARD_TAGS and self._is_repeated(element) and self._is_card_like(element):
            return "card"
        return "list" if self._is_list(element) else None

    def _is_hero(self, element: Element) -> bool:
        """The first section with the page's heading, something to do and not much else."""
        if self._hero_found or element.tag not in _HERO_TAGS or not 3 <= element.size <= 80:
            return False
        inside = self._page.inside(element)
        acts = any(each.tag == "button" or (each.tag == "a" and self._is_button_like(each)) for each in inside)
        return acts and any(each.tag == "h1" for each in inside)

    def _is_list(self, element: Element) -> bool:
        children = self._signatures(element)
        if children.total() < 3 or not element.tag.islower():
            return False
        signature, count = children.most_common(1)[0]
        return count >= 3 and count >= 0.6 * children.total() and signature[0] not in {"p", "br", "span", "td", "tr"}

    def _count_signatures(self, parent: Element) -> Counter[tuple[str, str | None]]:
        return Counter(_signature(each) for each in self._page.children(parent) if self._shown[each.index])

    def _is_repeated(self, element: Element) -> bool:
        if element.parent is None or not element.classes:
            return False
        return self._signatures(element.parent)[_signature(element)] >= 3

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

    def _within(self, element: Element, kind: str) -> bool:
        return any(self._kinds.get(each.index) == kind for each in element.ancestors())

    def _levels(self, element: Element) -> int:
        depths = {element.index: 1}
        for each in self._page.inside(element)[1:]:
            depths[each.index] = depths[each.parent.index if each.parent else element.index] + 1
        return max(depths.values())


def _signature(element: Element) -> tuple[str, str | None]:
    return element.tag, element.get("class")
