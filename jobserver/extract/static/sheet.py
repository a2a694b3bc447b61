"""Style sheets: their text, the records that are read from it, and where it can be cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import tinycss2

from jobserver.extract.static.states import Selector
from jobserver.extract.static.values import serialize, usable

_CHUNK = 65_536
_LANDMARK = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|/\*.*?(?:\*/|\Z)|\\.|[{};]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A style sheet's text. ``base``: where it is. ``media``: of its element. ``imports``: absolute URL → sheet."""

    text: str
    base: str
    media: str = ""
    imports: Mapping[str, Sheet] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """The declarations between braces, read when first needed."""

    tokens: list[Any]
    base: str

    @cached_property
    def declarations(self) -> list[tuple[str, str, bool]]:
        """(property, value, important) in the order they are written; what no browser reads is left out."""
        parsed = tinycss2.parse_blocks_contents(self.tokens, skip_comments=True, skip_whitespace=True)
        return [found for each in parsed if each.type == "declaration" and (found := self._read(each))]

    def _read(self, declaration: Any) -> tuple[str, str, bool] | None:
        custom = declaration.name.startswith("--")
        name = declaration.name if custom else declaration.lower_name
        try:
            value = serialize(declaration.value, self.base)
        except RecursionError:
            return None
        return (name, value, declaration.important) if usable(name, value) else None


@dataclass(frozen=True, slots=True)
class StyleRule:
    """A selector with its declarations. ``layer``: comparable, later wins. ``order``: over all sheets."""

    selector: Selector
    block: Block
    conditions: tuple[str, ...]
    layer: tuple[int, ...]
    order: int


@dataclass(slots=True)
class Stylesheet:
    """All sheets of a page. Each font face is (family in lower case, rule); ``keyframes`` and ``properties`` by name.

    A property is (rule, whether it is inherited).
    """

    rules: list[StyleRule] = field(default_factory=list)
    fonts: list[tuple[str, str]] = field(default_factory=list)
    keyframes: dict[str, str] = field(default_factory=dict)
    properties: dict[str, tuple[str, bool]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def imports_of(text: str) -> list[str]:
    """The URLs (as written) that a sheet imports; imports stand before all style rules."""
    if "@import" not in text.lower():
        return []
    found = []
    for rule in tinycss2.parse_stylesheet(next(chunks(text), ""), skip_comments=True, skip_whitespace=True):
        if rule.type == "qualified-rule":
            break
        if rule.type == "at-rule" and rule.lower_at_keyword == "import" and (url := import_url(rule.prelude)):
            found.append(url)
    return found


def chunks(text: str) -> Iterator[str]:
    """The sheet cut between its rules: tokens take a hundred times the room of their text."""
    start = depth = 0
    for landmark in _LANDMARK.finditer(text):
        sign = landmark[0]
        depth = max(0, depth + (sign == "{") - (sign == "}"))
        if depth == 0 and sign in {"}", ";"} and landmark.end() - start >= _CHUNK:
            yield text[start : landmark.end()]
            start = landmark.end()
    yield text[start:]


def text_of(tokens: list[Any]) -> str:
    """Tokens as text with single spaces and without comments."""
    return " ".join(str(tinycss2.serialize([each for each in tokens if each.type != "comment"])).split())


def import_url(prelude: list[Any]) -> str:
    """The address that an import names, as it is written; empty when it names none."""
    for token in prelude:
        if token.type in {"string", "url"}:
            return str(token.value)
        if token.type == "function" and token.lower_name == "url":
            return next((str(each.value) for each in token.arguments if each.type == "string"), "")
    return ""
