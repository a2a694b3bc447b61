"""Which elements are shown, as far as that is known without layout."""

from __future__ import annotations

from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.page import NO_CONTENT, Element

_DECIDING = ("display", "visibility", "content-visibility")


def visible(cascade: Cascade) -> list[bool]:
    """For each element of the page, in order: whether it and all around it are displayed and it is not invisible.

    Hidden are ``display: none`` (the ``hidden`` attribute, closed ``details`` and such by the browser's own sheet),
    ``visibility: hidden`` or ``collapse`` unless a descendant undoes it, and what is modal, ``aria-hidden`` and closed.
    """
    return _Sight(cascade).see()


class _Sight:
    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self._deciding = cascade.setting(_DECIDING)
        self._known: dict[tuple[int, ...], tuple[bool, bool | None]] = {(): (True, None)}

    def see(self) -> list[bool]:
        displayed: list[bool] = []
        seen: list[bool] = []
        for element in self._cascade.page.elements:
            above = element.parent.index if element.parent else None
            shown, visibility = self._own(element)
            displayed.append(shown and (above is None or displayed[above]))
            seen.append(visibility if visibility is not None else above is None or seen[above])
        return [here and there for here, there in zip(displayed, seen, strict=True)]

    def _own(self, element: Element) -> tuple[bool, bool | None]:
        """Whether the element itself is displayed, and is visible; None: as its parent is."""
        if element.tag in NO_CONTENT or _closed_modal(element):
            return False, None
        if element.get("style"):
            return self._decide(element)
        rules = tuple(number for number in self._cascade.matched(element) if number in self._deciding)
        if rules not in self._known:
            self._known[rules] = self._decide(element)
        return self._known[rules]

    def _decide(self, element: Element) -> tuple[bool, bool | None]:
        display, visibility, content = (self._cascade.value(element, name).lower() for name in _DECIDING)
        own = visibility == "visible" if visibility in {"visible", "hidden", "collapse"} else None
        return display != "none" and content != "hidden", own


def _closed_modal(element: Element) -> bool:
    """A modal that is not open says so to assistive technology before it says so to the style sheet."""
    return element.get("aria-hidden") == "true" and (
        element.get("aria-modal") == "true" or element.get("role") in {"dialog", "alertdialog"}
    )
