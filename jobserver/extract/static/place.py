"""A root without its place in the page: what its parent's layout did to it is said to it, where it stood is dropped."""

from __future__ import annotations

import re

from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.page import Element
from jobserver.extract.static.values import words
from jobserver.extract.static.variables import Variables

Values = dict[str, str]

_REPLACED = words("img input button svg select textarea video canvas iframe")
_SHRINKING = words("button input select textarea")
"""Controls: as blocks they are as wide as what is in them, as items of flex and grid they stretch."""
_WITH_MARGIN = words("ul ol dl dd menu figure blockquote fieldset p h1 h2 h3 h4 h5 h6 input")
"""Elements to which browsers give a margin."""
_BLOCKED = {"inline-flex": "flex", "inline-grid": "grid", "inline-table": "table"}
_FLEX = frozenset({"flex", "inline-flex"})
_GRID = frozenset({"grid", "inline-grid"})
_OUT_OF_FLOW = frozenset({"absolute", "fixed"})
_PLACES = words(
    "top right bottom left z-index float clear order flex flex-grow flex-shrink flex-basis align-self justify-self "
    "place-self grid-area grid-row grid-row-start grid-row-end grid-column grid-column-start grid-column-end"
)
_SIZES = words("width min-width max-width inline-size min-inline-size max-inline-size")
_STRETCHES = frozenset({"", "normal", "stretch"})


class Place:
    """Where the roots of one page stand."""

    def __init__(self, cascade: Cascade, variables: Variables) -> None:
        self._cascade = cascade
        self._variables = variables

    def alone(self, element: Element, declared: Values) -> Values:
        """The base declarations of a root: without its place, in the box that its parent's layout made of it."""
        kept = self.without(element, declared)
        kept |= {"margin": "0"} if element.tag in _WITH_MARGIN else {}
        kept |= self._blocked(element) | self._stretched(element)
        if kept.get("width") == "100%" and any(name.startswith(("padding", "border")) for name in kept):
            # The room it is given is that of its whole box, whatever its share of its parent's was counted by.
            kept["box-sizing"] = "border-box"
        return kept

    def without(self, element: Element, declared: Values) -> Values:
        """Declarations of a root without its place in the page: no outer margins, the whole width it is given.

        A component's margin and its share of a row are the layout of the page that it was taken from. What is
        positioned stays what its own absolute children are placed in.
        """
        kept = {
            name: value
            for name, value in declared.items()
            if name not in _PLACES and not name.startswith(("margin", "inset"))
        }
        if kept.get("position", "relative") not in {"relative", "static"}:
            kept["position"] = "relative"
        for name in _SIZES & kept.keys():
            if "%" in (self._variables.resolved(element, kept[name]) or ""):
                kept[name] = "100%"
        return kept

    def is_item(self, element: Element) -> bool:
        """Whether its parent lays it out as an item of flex or grid."""
        return element.parent is not None and self._said(element.parent, "display") in _FLEX | _GRID

    def _said(self, element: Element, name: str) -> str:
        return (self._variables.resolved(element, self._cascade.value(element, name)) or "").lower()

    def _blocked(self, element: Element) -> Values:
        """Items, floats and what is out of flow are blocks (CSS Display 3, section 2.7); alone they must be told so.

        They are also roots of their own flow: floats and margins in them do not reach out.
        """
        winner = self._cascade.computed(element).get("display")
        if (winner is not None and winner.conditions) or not (self.is_item(element) or self._is_moved(element)):
            return {}
        display = self._said(element, "display")
        if display and not display.startswith("inline"):
            return {"display": "flow-root"} if display == "block" and element.size > 1 else {}
        if element.tag in _REPLACED:
            return {"display": "block"}
        return {"display": _BLOCKED.get(display, "flow-root")}

    def _is_moved(self, element: Element) -> bool:
        floats = self._said(element, "float") in {"left", "right", "inline-start", "inline-end"}
        return floats or self._said(element, "position") in _OUT_OF_FLOW

    def _stretched(self, element: Element) -> Values:
        """A control that its container stretches is as wide as the room it is given."""
        parent = element.parent
        if parent is None or element.tag not in _SHRINKING or not self.is_item(element):
            return {}
        if self._said(element, "width") not in {"", "auto"} or self._has_auto_margin(element):
            return {}
        stretches = self._fills(parent, element)
        return {"width": "100%"} if stretches else {}

    def _has_auto_margin(self, element: Element) -> bool:
        return any("auto" in self._said(element, name) for name in ("margin", "margin-left", "margin-right"))

    def _fills(self, parent: Element, element: Element) -> bool:
        if self._said(parent, "display") in _GRID:
            return self._alignment(parent, element, "justify") in _STRETCHES
        direction = self._said(parent, "flex-direction") or self._said(parent, "flex-flow")
        if "column" in direction:
            return self._alignment(parent, element, "align") in _STRETCHES
        return self._grows(element)

    def _alignment(self, parent: Element, element: Element, axis: str) -> str:
        own = self._said(element, f"{axis}-self") or self._said(element, "place-self")
        return own if own not in {"", "auto"} else self._said(parent, f"{axis}-items")

    def _grows(self, element: Element) -> bool:
        grow = self._said(element, "flex-grow")
        if grow:
            return grow.strip("0.") != ""
        flex = self._said(element, "flex")
        return flex == "auto" or re.match(r"0*\.?0*[1-9]", flex) is not None
