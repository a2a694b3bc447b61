"""Does a media query or a feature query hold?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import tinycss2

Viewport = tuple[int, int]
"""Width and height in CSS pixels."""

_LENGTH = re.compile(r"(-?\d*\.?\d+)(px|r?em|)", re.IGNORECASE)
_RANGE = re.compile(r"(<=|>=|<|>|=)")
_FACTS = {
    "hover": "hover",
    "any-hover": "hover",
    "pointer": "fine",
    "any-pointer": "fine",
    "prefers-color-scheme": "light",
    "prefers-reduced-motion": "no-preference",
    "prefers-contrast": "no-preference",
    "forced-colors": "none",
    "scripting": "enabled",
    "update": "fast",
    "display-mode": "browser",
}
"""What a desktop browser says of itself (Media Queries 5)."""
_SCREEN = frozenset({"", "all", "screen", "only screen", "only all"})
_NOT_HERE = frozenset({"print", "speech", "only print", "not all", "not screen", "tty", "handheld", "aural"})
_NOT_A_TYPE = re.compile(r"not (?=[a-z])")
_VENDOR = re.compile(r"(?<![\w-])-(?:moz|ms|o)-", re.IGNORECASE)


def always(query: str) -> bool:
    """Whether every screen meets the query."""
    return any(each in _SCREEN for each in _alternatives(query))


def never(query: str) -> bool:
    """Whether no screen meets the query, as with ``print``."""
    return all(each in _NOT_HERE or each.startswith("print and") for each in _alternatives(query))


def holds(condition: str, viewport: Viewport) -> bool:
    """Whether an at-rule such as ``@media (min-width: 600px)`` applies; ``@container`` never does without layout."""
    keyword, _, query = condition.partition(" ")
    if keyword != "@media":
        return False
    try:
        return any(_query(each, viewport) for each in _alternatives(query))
    except RecursionError:
        return False


def supports(tokens: list[Any]) -> bool:
    """Whether a current browser meets the condition of an ``@supports`` rule: all features but other vendors' exist."""

    def leaf(content: list[Any]) -> bool:
        return not _VENDOR.search(tinycss2.serialize(content))

    return _evaluate(tokens, leaf)


def _alternatives(query: str) -> list[str]:
    return [" ".join(each.lower().split()) for each in query.split(",")]


def _query(query: str, viewport: Viewport) -> bool:
    """Before a media type ``not`` is about all that follows, else about one condition (Media Queries 4, section 3)."""
    whole = _NOT_A_TYPE.match(query)
    tokens = tinycss2.parse_component_value_list(query[whole.end() :] if whole else query)
    met = _evaluate(tokens, lambda content: _feature(tinycss2.serialize(content), viewport))
    return met is not (whole is not None)


def _evaluate(tokens: list[Any], leaf: Callable[[list[Any]], bool]) -> bool:
    """Conditions joined by ``and`` or ``or``, each one perhaps behind ``not``."""
    words, terms, negate = set[str](), list[bool](), False
    for token in tokens:
        if token.type == "ident" and token.lower_value in {"and", "or", "only"}:
            words.add(token.lower_value)
        elif token.type == "ident" and token.lower_value == "not":
            negate = True
        elif (term := _term(token, leaf)) is not None:
            terms.append(term is not negate)
            negate = False
    return any(terms) if "or" in words else all(terms)


def _term(token: Any, leaf: Callable[[list[Any]], bool]) -> bool | None:
    if token.type == "ident":
        return str(token.lower_value) in {"screen", "all"}
    if token.type == "function":
        return leaf([token])
    if token.type != "() block":
        return None
    nested = any(each.type == "() block" for each in token.content)
    return _evaluate(token.content, leaf) if nested else leaf(token.content)


def _feature(text: str, viewport: Viewport) -> bool:
    """One feature in parentheses: ``min-width: 600px``, ``400px <= width < 800px``, ``hover``."""
    text = " ".join(text.lower().split())
    if _RANGE.search(text):
        return _ranges([part.strip() for part in _RANGE.split(text)], viewport)
    name, _, value = (part.strip() for part in text.partition(":"))
    if name in _FACTS:
        return value in {"", _FACTS[name]} and not (not value and _FACTS[name] in {"none", "no-preference"})
    if name == "orientation":
        return value == ("landscape" if viewport[0] > viewport[1] else "portrait")
    if name.startswith("min-"):
        return _compare(_number(name[4:], viewport), ">=", _number(value, viewport))
    if name.startswith("max-"):
        return _compare(_number(name[4:], viewport), "<=", _number(value, viewport))
    size = _number(name, viewport)
    return size is not None and (not value or size == _number(value, viewport))


def _ranges(parts: list[str], viewport: Viewport) -> bool:
    numbers = [_number(part, viewport) for part in parts[::2]]
    signs = parts[1::2]
    return all(_compare(numbers[at], sign, numbers[at + 1]) for at, sign in enumerate(signs))


def _number(text: str, viewport: Viewport) -> float | None:
    if text in {"width", "device-width"}:
        return viewport[0]
    if text in {"height", "device-height"}:
        return viewport[1]
    if match := _LENGTH.fullmatch(text):
        return float(match[1]) * (16 if match[2].endswith("em") else 1)
    return None


def _compare(left: float | None, sign: str, right: float | None) -> bool:
    if left is None or right is None:
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, "=": left == right}[sign]
