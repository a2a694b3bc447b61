"""What a component takes from the page around it: inherited values, custom properties, its parent's layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.fonts import longhands
from jobserver.extract.static.page import Element
from jobserver.extract.static.values import INHERITED, put, px, to_px, without_rem, words

_VAR = re.compile(r"var\(\s*(--[^\s,)]+)", re.IGNORECASE)
_PLAIN_VAR = re.compile(r"var\(\s*(--[^\s,)]+)\s*(?:,[^()]*)?\)", re.IGNORECASE)
_LONE_VAR = re.compile(r"var\(\s*(--[^\s,)]+)\s*\)", re.IGNORECASE)
_FROM_PARENT = frozenset({"inherit", "unset", "revert", "revert-layer"})
_IN_EM = frozenset({"line-height", "letter-spacing", "word-spacing", "text-indent"})
"""Inherited lengths that are worked out where they are declared."""
_REPLACED = words("img input button svg select textarea video canvas iframe")
_WITH_MARGIN = words("ul ol dl dd menu figure blockquote fieldset p h1 h2 h3 h4 h5 h6 input")
"""Elements to which browsers give a margin."""
_BLOCKED = {"inline-flex": "flex", "inline-grid": "grid", "inline-table": "table"}
_ITEM_PARENTS = frozenset({"flex", "inline-flex", "grid", "inline-grid"})
_MAX_VARIABLES = 500

Values = dict[str, str]


def variables_in(text: str) -> list[str]:
    """The custom properties that a value asks for."""
    return _VAR.findall(text) if "--" in text else []


class Context:
    """The surroundings of every element of one page."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self._known: dict[int, Values] = {}
        self._nothing: Values = {}
        self.root_size = 16.0
        html = next(iter(cascade.page.elements), None)
        if html is not None:
            self.root_size = to_px(self.inherited(html).get("font-size", ""), 16.0, 16.0) or 16.0

    def inherited(self, element: Element) -> Values:
        """What children inherit from ``element``: property → value, where anything in the page says so.

        Elements that change nothing share their parent's dict.
        """
        chain = [element]
        while chain[-1].index not in self._known and chain[-1].parent is not None:
            chain.append(chain[-1].parent)
        for each in reversed(chain):
            if each.index not in self._known:
                above = self._known[each.parent.index] if each.parent else self._nothing
                self._known[each.index] = self._passed_on(each, above)
        return self._known[element.index]

    def _passed_on(self, element: Element, above: Values) -> Values:
        own: Values = {}
        for name, winner in self._cascade.computed(element).items():
            for narrow, value in longhands(name, winner.value):
                if narrow in INHERITED and value.lower() not in _FROM_PARENT:
                    put(own, narrow, value)
        if not own:
            return above
        values = dict(above)
        size = self.size(own.pop("font-size", ""), above)
        if size is not None:
            put(values, "font-size", size)
        em = to_px(values.get("font-size", "16px"), 16.0, self.root_size) or 16.0
        for name, value in own.items():
            if value.lower() == "initial":
                values.pop(name, None)
            else:
                put(values, name, self._worked_out(name, value, em))
        return values

    def size(self, value: str, above: Values) -> str | None:
        """A font size in px where it can be worked out, as it stands where not; None when there is none."""
        if not value or value == "initial":
            return None
        em = to_px(above.get("font-size", "16px"), 16.0, self.root_size)
        worked_out = to_px(value, em, self.root_size) if em is not None else None
        return px(worked_out) if worked_out is not None else value

    def _worked_out(self, name: str, value: str, em: float) -> str:
        if name in _IN_EM and value.endswith(("em", "%")):
            length = to_px(value, em, self.root_size)
            return px(length) if length is not None else value
        return value

    def of_root(self, element: Element, declared: Values) -> Values:
        """The base declarations of a component's root: ``declared`` with what it takes from around it.

        ``declared``: what the author says of the element itself, in order.
        """
        above = self.inherited(element.parent) if element.parent else self._nothing
        covered = {narrow for each in self._cascade.always(element) for narrow, _ in longhands(each.name, each.value)}
        values = {name: value for name, value in above.items() if name not in covered}
        for name, value in declared.items():
            for narrow, part in longhands(name, value) if value in _FROM_PARENT else [(name, value)]:
                put(values, narrow, self._taken(element, narrow, part, above))
        return _placed(element.tag, values) | self._blocked(
            element, own_display=self._cascade.value(element, "display")
        )

    def of_condition(self, element: Element, declared: Values) -> Values:
        """The declarations of a root's rule under a condition or in a state, as `of_root` has those of the base."""
        above = self.inherited(element.parent) if element.parent else self._nothing
        taken = {name: self._taken(element, name, value, above) for name, value in declared.items()}
        return _without_place(taken)

    def _taken(self, element: Element, name: str, value: str, above: Values) -> str:
        """The root's own value, with what refers to its parent worked out."""
        if name == "font-size" and value.endswith(("em", "%")) and not value.endswith("rem"):
            return self.size(value, above) or value
        if value != "inherit" and not (name in INHERITED and (value == "unset" or self._is_void(element, value))):
            return value
        if name in above:
            return above[name]
        return next(self._upwards(element, name), value)

    def _is_void(self, element: Element, value: str) -> bool:
        """Whether a value is nothing but an empty or unknown variable: then the property is as if unset."""
        match = _LONE_VAR.fullmatch(value.strip())
        return match is not None and not self._variable(element, match[1])[1].strip()

    def _upwards(self, element: Element, name: str) -> Iterator[str]:
        """What an ancestor says of a property that is not inherited, while each in turn asks its own parent."""
        for above in element.ancestors():
            value = self._cascade.value(above, name)
            if value != "inherit":
                if value:
                    yield value
                return

    def is_item(self, element: Element) -> bool:
        """Whether its parent lays it out as an item of flex or grid."""
        return element.parent is not None and self._cascade.value(element.parent, "display") in _ITEM_PARENTS

    def _blocked(self, element: Element, own_display: str) -> Values:
        """Items of flex and grid containers are blocks (CSS Display 3, section 2.7); alone they must be told so."""
        if not self.is_item(element):
            return {}
        if own_display and not own_display.startswith("inline"):
            return {}
        if element.tag in _REPLACED:
            return {"display": "block"}
        return {"display": _BLOCKED.get(own_display, "flow-root")}

    def variables(self, root: Element, wanted: Iterable[str]) -> Values:
        """The custom properties that ``root`` inherits, of those ``wanted`` and of those that these ask for."""
        brought: Values = {}
        queue = list(dict.fromkeys(wanted))
        seen = set(queue)
        while queue and len(brought) < _MAX_VARIABLES:
            name = queue.pop(0)
            owner, value = self._variable(root, name)
            if owner is None or owner is root:
                continue
            brought[name] = self._as_seen_from(root, owner, value)
            fresh = [each for each in variables_in(brought[name]) if each not in seen]
            seen.update(fresh)
            queue += fresh
        return brought

    def _variable(self, element: Element, name: str) -> tuple[Element | None, str]:
        """The nearest element that declares a custom property, and its value there."""
        _, inherits = self._cascade.sheet.properties.get(name, ("", True))
        for each in (element, *(element.ancestors() if inherits else ())):
            winner = self._cascade.computed(each).get(name)
            if winner is not None and winner.value.lower() not in _FROM_PARENT:
                return each, winner.value
        return None, ""

    def _as_seen_from(self, root: Element, owner: Element, value: str) -> str:
        """A value of ``owner`` that means the same on ``root``: variables that changed in between are put in."""
        for name in dict.fromkeys(_PLAIN_VAR.findall(value)):
            there, theirs = self._variable(owner, name)
            here, _ = self._variable(root, name)
            if there is not here and there is not None:
                value = _put_in(value, name, theirs)
        return value

    def scaled(self, values: Values) -> Values:
        """The values for a page whose root font size is the browser's own."""
        if self.root_size == 16.0:
            return values
        return {name: without_rem(value, self.root_size) for name, value in values.items()}


def _without_place(declarations: Values) -> Values:
    """Declarations of a root without its place in the page: no outer margins, the whole width it is given.

    A component's margin and its share of a row are the layout of the page that it was taken from.
    """
    kept = {name: value for name, value in declarations.items() if not name.startswith("margin")}
    if kept.get("width", "").endswith("%"):
        kept["width"] = "100%"
    if kept.get("max-width", "").endswith("%"):
        kept["max-width"] = "100%"
    return kept


def _placed(tag: str, declarations: Values) -> Values:
    kept = _without_place(declarations)
    return kept | ({"margin": "0"} if tag in _WITH_MARGIN else {})


def _put_in(value: str, name: str, text: str) -> str:
    """``value`` with every plain ``var(name)`` replaced by ``text``, letter for letter."""
    return re.sub(rf"var\(\s*{re.escape(name)}\s*(?:,[^()]*)?\)", lambda _: text, value)
