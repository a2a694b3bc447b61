"""What each element has from its parent on, worked out once and from the root down, however deep the page is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from jobserver.extract.static.page import Element

Value = TypeVar("Value")


class Downwards(Generic[Value]):
    """``make``: an element's value, given that of its parent. ``above``: what is the parent's for the first element."""

    def __init__(self, make: Callable[[Element, Value], Value], above: Value) -> None:
        self._make = make
        self._above = above
        self._known: dict[int, Value] = {}

    def at(self, element: Element | None) -> Value:
        """The value of an element; None is what is above the first."""
        if element is None:
            return self._above
        chain: list[Element] = []
        at: Element | None = element
        while at is not None and at.index not in self._known:
            chain.append(at)
            at = at.parent
        value = self._above if at is None else self._known[at.index]
        for each in reversed(chain):
            value = self._known[each.index] = self._make(each, value)
        return value

    def known(self, element: Element) -> Value | None:
        """The same, if it has been worked out; an element's own is not while it is being made."""
        return self._known.get(element.index)

    def forget(self) -> None:
        """Work everything out anew."""
        self._known.clear()
