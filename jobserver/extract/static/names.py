"""The kind that an element's tag, role, label or class names give it, by the table of `jobserver.extract.naming`."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from jobserver.extract.naming import BASIC, BUTTON_CLASS, CLASSES, KEPT, LABELS, ROLES, TAGS
from jobserver.extract.static.page import Element
from jobserver.extract.static.paint import Paint
from jobserver.extract.static.values import words

HEADINGS = words("h1 h2 h3 h4 h5 h6")
FIELDS = words("input select textarea")
SEEN_ALONE = FIELDS | words("img picture svg video canvas iframe progress meter button")
"""Tags that show something without a text."""

_BUTTON_CLASS = re.compile(BUTTON_CLASS, re.IGNORECASE)
_CLASSES = [
    (kind, re.compile(pattern, re.IGNORECASE), tags.split(), painted) for kind, pattern, tags, painted in CLASSES
]
_LABELS = [(kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in LABELS]
_MAX_LOOKED_AT = 1_000
_NAVIGATIONS = words("nav ul ol")
_CHOICES = words("a button li label")


@lru_cache(4096)
def classes_of(written: str) -> tuple[str, ...]:
    """The names in a ``class`` attribute, in order of their letters."""
    return tuple(sorted(written.split()[:50]))


@lru_cache(4096)
def _meanings(names: tuple[str, ...]) -> list[tuple[str, list[str], bool]]:
    return [(kind, tags, painted) for kind, pattern, tags, painted in _CLASSES if any(map(pattern.fullmatch, names))]


class Names:
    """What the elements of a page are called."""

    def __init__(self, paint: Paint) -> None:
        self._paint = paint
        self._page = paint.page
        self.kind = lru_cache(8192)(self._kind)

    def _kind(self, element: Element) -> str | None:
        """The kind of an element, or None when its names give it none."""
        role = " ".join((element.get("role") or "").lower().split()[:1])
        if element.tag == "input":
            return _input_kind((element.get("type") or "").strip().lower())
        if element.tag == "a":
            return self._link_kind(element, role)
        if element.tag in BASIC:
            return element.tag
        return None if role in {"none", "presentation"} else self._composite(element, role)

    def _composite(self, element: Element, role: str) -> str | None:
        of_tag, of_role = TAGS.get(element.tag), ROLES.get(role)
        if (element.tag in _NAVIGATIONS or role == "navigation") and (found := _label_kind(element)) is not None:
            return found
        found = of_role if of_role and of_role != of_tag else self.class_kind(element)
        return found or of_role or (None if self._is_closed(element, of_tag) else of_tag)

    def _is_closed(self, element: Element, kind: str | None) -> bool:
        if element.tag == "dialog":
            return element.get("open") is None
        return kind == "list" and element.size < 2

    def _link_kind(self, element: Element, role: str) -> str | None:
        names = classes_of(element.get("class") or "")
        if role == "button" or any(map(_BUTTON_CLASS.fullmatch, names)):
            return "button"
        if self.class_kind(element) == "card":
            return "card"
        return "a" if element.get("href") is not None or role == "link" else None

    def class_kind(self, element: Element) -> str | None:
        """The kind that class names give an element whose content fits it, or None."""
        written = element.get("class")
        if not written:
            return None
        kept = KEPT[element.tag].split() if element.tag in KEPT else None
        for kind, tags, painted in _meanings(classes_of(written)):
            is_meant = (not tags or element.tag in tags) and (kept is None or kind in kept)
            if is_meant and (not painted or self._paint.of(element).is_painted) and self._fits(kind, element):
                return kind
        return None

    def _fits(self, kind: str, element: Element) -> bool:
        if kind in {"progress", "avatar"}:
            return element.size <= 11
        inside = self.inside(element)
        children = sum(each.parent is element for each in inside)
        if kind == "badge":
            return children <= 2 and 0 < self.length(element) <= 40
        if kind == "hero":
            return any(each.tag in HEADINGS for each in inside)
        if kind in {"tabs", "pagination"}:
            return sum(each.tag in _CHOICES or each.get("role") == "tab" for each in inside) > 0
        if kind in {"toolbar", "list", "menu", "steps"}:
            return children > 1
        return element.has_text if kind == "alert" else children > 0 and self.has_content(element)

    def has_content(self, element: Element) -> bool:
        """Whether there is a text in it, or a picture or control."""
        return element.has_text or self._filled[element.index]

    def inside(self, element: Element) -> list[Element]:
        """What is in the element, as far as one looks: deeply nested pages would take the square of their size."""
        return self._page.elements[element.index + 1 : min(element.end, element.index + _MAX_LOOKED_AT)]

    def length(self, element: Element) -> int:
        """Characters of its text, those between elements aside."""
        return self._lengths[element.index]

    @cached_property
    def _filled(self) -> list[bool]:
        filled = [each.tag in SEEN_ALONE for each in self._page.elements]
        for element in reversed(self._page.elements):
            if element.parent is not None and filled[element.index]:
                filled[element.parent.index] = True
        return filled

    @cached_property
    def _lengths(self) -> list[int]:
        lengths = [len(each.own_text) for each in self._page.elements]
        for element in reversed(self._page.elements):
            if element.parent is not None:
                lengths[element.parent.index] += lengths[element.index]
        return lengths


def _input_kind(of_type: str) -> str | None:
    return {"hidden": None, "image": "button"}.get(of_type, "input")


def _label_kind(element: Element) -> str | None:
    """Breadcrumbs and pagination say what they are to those who cannot see them."""
    label = element.get("aria-label") or ""
    return next((kind for kind, pattern in _LABELS if pattern.search(label)), None)
