"""Work that is done once for an object that many have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")


class Once(Generic[_Thing, _Made]):
    """What ``make`` makes of objects that nobody changes any more, made once for each.

    They are told apart by identity, as comparing two lists of rules takes as long as what is saved. So equal objects
    cost the work again, and nothing else comes of it. Each is kept with what was made of it, which bounds this by what
    a page was read into.
    """

    def __init__(self, make: Callable[[_Thing], _Made]) -> None:
        self._make = make
        self._known: dict[int, tuple[_Thing, _Made]] = {}

    def __call__(self, thing: _Thing) -> _Made:
        """What is made of it."""
        known = self._known.get(id(thing))
        if known is None:
            # As long as it is kept here nothing else has its id.
            known = self._known[id(thing)] = (thing, self._make(thing))
        return known[1]
