"""What an element's surroundings would hand it in another window or another mode: dark colours, smaller type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.downwards import Downwards
from jobserver.extract.static.fonts import longhands
from jobserver.extract.static.page import Element
from jobserver.extract.static.values import INHERITED

Conditions = tuple[str, ...]

_RELATIVE = ("em", "%")
_FROM_PARENT = frozenset({"inherit", "initial", "unset", "revert", "revert-layer"})
_MAX_SAID = 40
"""Values under conditions that are kept of one property."""


class Said(NamedTuple):
    """A value under conditions."""

    conditions: Conditions
    value: str


_Handed = Mapping[str, tuple[Said, ...]]


class Conditional:
    """What every element of one page hands down, with the conditions."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self._handed = Downwards[_Handed](self._passed_on, {})

    def above(self, element: Element, name: str) -> tuple[Said, ...]:
        """What reaches ``element`` from around it, the weakest first: perhaps one without conditions, then others.

        Empty where nothing is under a condition, and where a value hangs on its own parent: what it would be in
        another window nobody knows.
        """
        _, inherits = self._cascade.sheet.properties.get(name, ("", True))
        if element.parent is None or not inherits:
            return ()
        said = self._handed.at(element.parent).get(name, ())
        if not any(each.conditions for each in said):
            return ()
        return () if not name.startswith("--") and any(_is_relative(each.value) for each in said) else said

    def _passed_on(self, element: Element, above: _Handed) -> _Handed:
        """Elements that say nothing share what their parent hands down."""
        own: dict[str, tuple[Said, ...]] = {}
        for each in self._cascade.declared(element):
            if each.state or each.pseudo:
                continue
            for name, value in longhands(each.name, each.value):
                if name.startswith("--") or name in INHERITED:
                    before = (own.get(name) or above.get(name, ()))[-_MAX_SAID:]
                    said = Said(each.conditions, value)
                    own[name] = (*before, said) if each.conditions else (said,)
        return {**above, **own} if own else above


def _is_relative(value: str) -> bool:
    lower = value.lower()
    return lower in _FROM_PARENT or (lower.endswith(_RELATIVE) and not lower.endswith("rem"))
