"""What a component takes from the page around it: inherited values, custom properties, the font its sizes hang on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from jobserver.extract.model import Rule
from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.conditional import Conditional
from jobserver.extract.static.downwards import Downwards
from jobserver.extract.static.fonts import longhands
from jobserver.extract.static.lengths import Font, length
from jobserver.extract.static.page import Element
from jobserver.extract.static.place import Place
from jobserver.extract.static.values import INHERITED, put, px, without_rem
from jobserver.extract.static.variables import Variables, variables_in

_PLAIN_VAR = re.compile(r"var\(\s*(--[^\s,)]+)\s*(?:,[^()]*)?\)", re.IGNORECASE)
_FROM_PARENT = frozenset({"inherit", "unset", "revert", "revert-layer"})
_HANGS = re.compile(r"\d(?:em|ex|ch|%)", re.IGNORECASE)
"""A length that hangs on the font size of its element or on that of the parent."""
_IN_EM = frozenset({"line-height", "letter-spacing", "word-spacing", "text-indent"})
"""Inherited lengths that are worked out where they are declared."""
_MAX_VARIABLES = 500

Values = dict[str, str]


class _Given(NamedTuple):
    """What an element hands down. ``owners``: who declared a value in which variables stand."""

    values: Values
    owners: Mapping[str, Element]
    font: Font


class Context:
    """The surroundings of every element of one page."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self._variables = Variables(cascade)
        self._conditional = Conditional(cascade)
        self._place = Place(cascade, self._variables)
        self._given = Downwards(self._passed_on, _Given({}, {}, Font()))
        self.root_size = 16.0
        html = next(iter(cascade.page.elements), None)
        if html is not None:
            self.root_size = self._given.at(html).font.size or 16.0
            self._given.forget()

    def inherited(self, element: Element) -> Values:
        """What children inherit from ``element``: property → value, where anything in the page says so.

        Elements that change nothing share their parent's dict.
        """
        return self._given.at(element).values

    def _passed_on(self, element: Element, above: _Given) -> _Given:
        own: Values = {}
        owners = dict(above.owners)
        for name, value, resolved in self._own(element):
            own.pop(name, None)
            own[name] = value
            owners.pop(name, None)
            if resolved != value:
                owners[name] = element
        if not own:
            return above
        values, font = dict(above.values), self._font(element, own, above.font)
        if own.pop("font-size", None) is not None or font.size != above.font.size:
            put(values, "font-size", px(font.size))
        owners.pop("font-size", None)
        for name, value in own.items():
            if value.lower() == "initial":
                values.pop(name, None)
            else:
                put(values, name, self._worked_out(element, name, value, font.size, owners))
        return _Given(values, owners, font)

    def _own(self, element: Element) -> Iterator[tuple[str, str, str]]:
        """Inherited longhands that the element declares itself: name, value as written, value with variables put in."""
        for name, winner in self._cascade.computed(element).items():
            resolved = self._variables.resolved(element, winner.value)
            if resolved is None:
                continue
            whole = resolved == winner.value or name == "font"
            for narrow, value in longhands(name, resolved):
                if narrow in INHERITED and value.lower() not in _FROM_PARENT:
                    yield narrow, value if whole else winner.value, value

    def _font(self, element: Element, own: Values, above: Font) -> Font:
        """The element's font size: a share of its parent's, for which its own family counts as well."""
        family, size = own.get("font-family"), own.get("font-size")
        font = None if size is None else self._sized(above, self._variables.resolved(element, size) or "")
        font = font or above
        return font if family is None else font.in_family(self._variables.resolved(element, family) or "")

    def _sized(self, above: Font, size: str) -> Font | None:
        return above.sized(size, self.root_size, self._cascade.viewport)

    def _worked_out(self, element: Element, name: str, value: str, em: float, owners: dict[str, Element]) -> str:
        resolved = self._variables.resolved(element, value) or value
        if name not in _IN_EM or not _HANGS.search(resolved):
            return value
        worked_out = length(resolved, em, self.root_size, self._cascade.viewport)
        if worked_out is None:
            return value
        owners.pop(name, None)
        return px(worked_out)

    def of_root(self, element: Element, declared: Values) -> Values:
        """The base declarations of a component's root: ``declared`` with what it takes from around it.

        ``declared``: what the author says of the element itself, in order.
        """
        above = self._given.at(element.parent)
        values = dict(self._from_around(element, above))
        for name, value in declared.items():
            for narrow, part in longhands(name, value) if value in _FROM_PARENT else [(name, value)]:
                put(values, narrow, self._taken(element, narrow, part, above))
        return self._place.alone(element, values)

    def _from_around(self, element: Element, above: _Given) -> Iterator[tuple[str, str]]:
        covered = self._covered(element)
        for name in above.values:
            if name in covered:
                continue
            said = self._conditional.above(element, name)
            if not said:
                yield name, self._handed(element, name, above)
            elif not said[0].conditions:
                yield name, said[0].value

    def _covered(self, element: Element) -> set[str]:
        """What the element itself always has a value of."""
        return {narrow for each in self._cascade.always(element) for narrow, _ in longhands(each.name, each.value)}

    def of_condition(self, element: Element, declared: Values) -> Values:
        """The declarations of a root's rule under a condition or in a state, as `of_root` has those of the base."""
        above = self._given.at(element.parent)
        taken = {name: self._taken(element, name, value, above) for name, value in declared.items()}
        return self._place.without(element, taken)

    def _handed(self, element: Element, name: str, above: _Given) -> str:
        """An inherited value; its variables stay where they mean the same on ``element``."""
        value, owner = above.values[name], above.owners.get(name)
        if owner is None or self._variables.same(owner, element, value):
            return value
        return self._variables.resolved(owner, value) or value

    def _taken(self, element: Element, name: str, value: str, above: _Given) -> str:
        """The root's own value, with what refers to its parent worked out."""
        resolved = self._variables.resolved(element, value)
        if name == "font-size" and resolved is not None:
            return self._size(element, value, resolved, above.font)
        if value != "inherit" and not (name in INHERITED and (value == "unset" or resolved is None)):
            return value
        if name in above.values:
            return self._handed(element, name, above)
        return next(self._upwards(element, name), value)

    def _size(self, element: Element, value: str, resolved: str, above: Font) -> str:
        """A font size; in px where it hangs on the parent's."""
        if resolved.lower() == "inherit":
            return px(above.size)
        if resolved.lower() not in {"smaller", "larger"} and not _HANGS.search(resolved):
            return value
        family = self._cascade.value(element, "font-family")
        font = self._sized(above, resolved)
        return value if font is None else px(font.in_family(family).size if family else font.size)

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
        return self._place.is_item(element)

    def variables(self, root: Element, wanted: Iterable[str]) -> tuple[Values, list[str]]:
        """The custom properties that ``root`` inherits, of those ``wanted`` and of those that these ask for.

        With the names of all that were asked for: some may have a value under conditions alone.
        """
        brought: Values = {}
        names = list(dict.fromkeys(wanted))
        for name in names:
            if len(names) > _MAX_VARIABLES:
                break
            owner, value = self._variables.declared(root, name)
            said = self._conditional.above(root, name) if owner is not root else []
            if said and not said[0].conditions:
                brought[name] = said[0].value
            elif owner is not None and owner is not root and not said:
                brought[name] = self._as_seen_from(root, owner, value)
            texts = [brought.get(name, ""), *(each.value for each in said)]
            names += dict.fromkeys(each for text in texts for each in variables_in(text) if each not in names)
        return brought, names

    def under_conditions(self, root: Element, names: Iterable[str]) -> list[Rule]:
        """What else the page hands down of ``names`` in other windows and modes, in the order of the cascade."""
        rules: list[Rule] = []
        for name in names:
            start = 0
            for conditions, value in self._conditional.above(root, name):
                if conditions:
                    start = _add(rules, start, Rule({name: value}, "", conditions))
        return rules

    def not_said(self, root: Element) -> list[str]:
        """Inherited properties that the root itself says nothing of, whatever the window."""
        return [name for name in sorted(INHERITED) if name not in self._covered(root)]

    def _as_seen_from(self, root: Element, owner: Element, value: str) -> str:
        """A value of ``owner`` that means the same on ``root``: variables that changed in between are put in."""
        for name in dict.fromkeys(_PLAIN_VAR.findall(value)):
            there, theirs = self._variables.declared(owner, name)
            here, _ = self._variables.declared(root, name)
            if there is not here and there is not None:
                value = _put_in(value, name, theirs)
        return value

    def scaled(self, values: Values) -> Values:
        """The values for a page whose root font size is the browser's own."""
        if self.root_size == 16.0:
            return values
        return {name: without_rem(value, self.root_size) for name, value in values.items()}


def _add(rules: list[Rule], start: int, new: Rule) -> int:
    """Put a declaration into the first rule from ``start`` on that has its conditions; returns its place."""
    (name,) = new.declarations
    for at, rule in enumerate(rules[start:], start):
        if rule.conditions == new.conditions and name not in rule.declarations:
            rule.declarations.update(new.declarations)
            return at
    rules.append(new)
    return len(rules) - 1


def _put_in(value: str, name: str, text: str) -> str:
    """``value`` with every plain ``var(name)`` replaced by ``text``, letter for letter."""
    return re.sub(rf"var\(\s*{re.escape(name)}\s*(?:,[^()]*)?\)", lambda _: text, value)
