"""Which elements are shown, as far as that is known without layout."""

from __future__ import annotations

import re

from jobserver.extract.static.page import NO_CONTENT, Element
from jobserver.extract.static.paint import Paint, Style
from jobserver.extract.static.values import to_px

_CUT_AWAY = re.compile(r"inset\(\s*(?:50|100)%|rect\(\s*[01](?:px)?[\s,]+[01](?:px)?")
_FAR = re.compile(r"-\d{3,}(?:\.\d+)?px|-\d{3,}%|-[1-9]\d?\d?vw")
_BESIDE = re.compile(r"translate(?:x|3d)?\(\s*-1\d\d%")


def visible(paint: Paint) -> list[bool]:
    """For each element of the page, in order: whether it and all around it are displayed and it is not invisible.

    Hidden are ``display: none`` (the ``hidden`` attribute, closed ``details`` and such by the browser's own sheet),
    ``visibility: hidden`` or ``collapse`` unless a descendant undoes it, what is clear as glass, cut away, folded to
    nothing or moved out of the page, and what is modal, ``aria-hidden`` and closed.
    """
    return _Sight(paint).see()


class _Sight:
    def __init__(self, paint: Paint) -> None:
        self._paint = paint
        self._known: dict[int, tuple[bool, bool | None]] = {}

    def see(self) -> list[bool]:
        displayed: list[bool] = []
        seen: list[bool] = []
        for element in self._paint.page.elements:
            above = element.parent.index if element.parent else None
            shown, visibility = self._own(element)
            displayed.append(shown and (above is None or displayed[above]))
            seen.append(visibility if visibility is not None else above is None or seen[above])
        return [here and there for here, there in zip(displayed, seen, strict=True)]

    def _own(self, element: Element) -> tuple[bool, bool | None]:
        """Whether the element itself is displayed, and is visible; None: as its parent is."""
        if element.tag in NO_CONTENT or _closed_modal(element) or _is_a_dot(element):
            return False, None
        style = self._paint.of(element)
        if id(style) not in self._known:
            self._known[id(style)] = _decide(style)
        return self._known[id(style)]


def _decide(style: Style) -> tuple[bool, bool | None]:
    visibility = style.get("visibility").lower()
    own = visibility == "visible" if visibility in {"visible", "hidden", "collapse"} else None
    hidden = style.get("display").lower() == "none" or style.get("content-visibility").lower() == "hidden"
    return not (hidden or _is_clear(style) or _is_cut_away(style) or _is_folded(style) or _is_outside(style)), own


def _is_clear(style: Style) -> bool:
    return re.fullmatch(r"0*\.?0+%?", style.get("opacity")) is not None


def _is_cut_away(style: Style) -> bool:
    """As what only screen readers are given."""
    return any(_CUT_AWAY.match(style.get(name).lower()) for name in ("clip-path", "clip"))


def _is_folded(style: Style) -> bool:
    if not any(style.get(f"overflow-{axis}").lower() in {"hidden", "clip"} for axis in "xy"):
        return False
    lengths = (to_px(style.get(name) + "px" * (style.get(name) == "0"), 16, 16) for name in _EXTENTS)
    return any(length is not None and length < 2 for length in lengths)


_EXTENTS = ("width", "height", "max-width", "max-height")


def _is_outside(style: Style) -> bool:
    position = style.get("position").lower()
    if position not in {"absolute", "fixed"}:
        return False
    away = any(_FAR.fullmatch(style.get(name).lower()) for name in ("left", "top"))
    return away or (position == "fixed" and _BESIDE.match(style.get("transform").lower()) is not None)


def _is_a_dot(element: Element) -> bool:
    """A picture for counting visitors."""
    return element.tag == "img" and any((element.get(name) or "").strip() in {"0", "1"} for name in ("width", "height"))


def _closed_modal(element: Element) -> bool:
    """A modal that is not open says so to assistive technology before it says so to the style sheet."""
    return element.get("aria-hidden") == "true" and (
        element.get("aria-modal") == "true" or element.get("role") in {"dialog", "alertdialog"}
    )
