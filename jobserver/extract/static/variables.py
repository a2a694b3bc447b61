"""What custom properties stand for: which declaration reaches an element, and values with ``var()`` put in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.downwards import Downwards
from jobserver.extract.static.page import Element

_VAR = re.compile(r"var\(\s*(--[^\s,)]+)", re.IGNORECASE)
_BRACKET = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[()]|,")
_FROM_PARENT = frozenset({"inherit", "unset", "revert", "revert-layer"})
_MAX_DEPTH = 40
"""Variables in variables; browsers have no such limit, but bound the length of the result as this does."""
_MAX_LENGTH = 20_000


_Reaching = Mapping[str, tuple[Element, str]]


def variables_in(text: str) -> list[str]:
    """The custom properties that a value asks for."""
    return _VAR.findall(text) if "--" in text else []


class Variables:
    """The custom properties of one page, as they are at rest at its viewport."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self._reaching = Downwards[_Reaching](self._passed_on, {})
        self._resolved: dict[tuple[int, str], str | None] = {}

    def declared(self, element: Element, name: str) -> tuple[Element | None, str]:
        """The nearest element that declares a custom property, and its value there."""
        owner, value = self._reaching.at(element).get(name, (None, ""))
        _, inherits = self._cascade.sheet.properties.get(name, ("", True))
        return (owner, value) if inherits or owner is element else (None, "")

    def _passed_on(self, element: Element, above: _Reaching) -> _Reaching:
        """Custom properties in force; elements that declare none share what their parent has."""
        own = {
            name: (element, winner.value)
            for name, winner in self._cascade.computed(element).items()
            if name.startswith("--") and winner.value.lower() not in _FROM_PARENT
        }
        return {**above, **own} if own else above

    def resolved(self, element: Element, value: str) -> str | None:
        """``value`` on ``element`` with every ``var()`` put in.

        None: invalid at computed-value time, as if the property were unset (CSS Variables 1, section 3.1).
        """
        return (self._put_in(element, value, frozenset()) or None) if "var(" in value.lower() else value

    def same(self, owner: Element, root: Element, value: str) -> bool:
        """Whether all that ``value`` asks for, directly or not, is declared in the same place for both elements."""
        queue, seen = variables_in(value), set[str]()
        while queue:
            name = queue.pop()
            if name in seen:
                continue
            seen.add(name)
            there, text = self.declared(owner, name)
            if there is not self.declared(root, name)[0]:
                return False
            queue += variables_in(text)
        return True

    def _put_in(self, element: Element, value: str, asked: frozenset[str]) -> str | None:
        if len(asked) > _MAX_DEPTH or len(value) > _MAX_LENGTH:
            return None
        pieces: list[str] = []
        start = 0
        while match := _VAR.search(value, start):
            comma, end = _arguments(value, match.end())
            text = self._variable(element, match[1], asked)
            if text is None and comma is not None:
                text = self._put_in(element, value[comma + 1 : end].strip(), asked | {f" {len(asked)}"})
            if text is None:
                return None
            pieces += [value[start : match.start()], text]
            start = end + 1
            if sum(map(len, pieces)) > _MAX_LENGTH:
                return None
        return "".join([*pieces, value[start:]]).strip()

    def _variable(self, element: Element, name: str, asked: frozenset[str]) -> str | None:
        """What a custom property holds; None where nothing does, or where it asks for itself."""
        owner, value = self.declared(element, name)
        if owner is None or value.lower() == "initial":
            return self._initial(name)
        if name in asked:
            return None
        key = owner.index, name
        if key not in self._resolved:
            self._resolved[key] = self._put_in(owner, value, asked | {name})
        return self._resolved[key]

    def _initial(self, name: str) -> str | None:
        rule, _ = self._cascade.sheet.properties.get(name, ("", True))
        match = re.search(r"initial-value:([^;}]*)", rule)
        return match[1].strip() if match else None


def _arguments(text: str, start: int) -> tuple[int | None, int]:
    """Where the first comma and the closing parenthesis of a function are; ``start`` is inside of it."""
    depth, comma = 0, None
    for sign in _BRACKET.finditer(text, start):
        if sign[0] == "," and depth == 0 and comma is None:
            comma = sign.start()
        elif sign[0] == "(":
            depth += 1
        elif sign[0] == ")":
            depth -= 1
            if depth < 0:
                return comma, sign.start()
    return comma, len(text)
