"""What the rules of a component tell about it: its states, the widths at which it changes, the fonts it asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from jobserver.extract.css_values import STRING, unescape
from jobserver.extract.model import Rule
from jobserver.extract.text import words

STATES = words(
    """active autofill checked disabled focus focus-visible focus-within fullscreen hover in-range indeterminate invalid
    modal open out-of-range placeholder-shown popover-open read-only required target user-invalid user-valid valid
    visited"""
)
"""Pseudo-classes a person would call a state; the others say which element is meant."""

_GENERIC = words(
    """serif sans-serif monospace cursive fantasy system-ui ui-serif ui-sans-serif ui-monospace ui-rounded math emoji
    fangsong -apple-system blinkmacsystemfont inherit initial unset revert revert-layer"""
)
_PSEUDO_CLASS = re.compile(r"(?<!:):(?:-webkit-)?([a-z-]+)\b(?!\()")
_UNLESS = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
_WIDTH = re.compile(r"\(([^()]*\bwidth\b[^()]*)\)", re.IGNORECASE)
_LENGTH = re.compile(r"(\d*\.?\d+)(px|r?em)\b", re.IGNORECASE)
_FONT_SIZE = 16
"""Pixels of an em in a media query, which no page can change (Media Queries 4, 1.3)."""

_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")
_MOST_VARIABLES = 20
_AFTER_SIZE = re.compile(
    r"(?:^|\s)(?:[\d.]+(?:[a-z]+|%)|(?:xx?-|xxx-)?(?:small|large)(?:er)?|medium)(?:\s*/\s*[\w.%]+)?\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
_FAMILY = re.compile(rf"(?:{STRING}|[^,\"'])+")


def states(rules: Iterable[Rule]) -> list[str]:
    """The pseudo-classes that its rules wait for, ``hover`` or ``checked``, sorted."""
    suffixes = {_UNLESS.sub("", rule.suffix) for rule in rules if ":" in rule.suffix}
    return sorted({name for suffix in suffixes for name in _PSEUDO_CLASS.findall(suffix)} & STATES)


def breakpoints(rules: Iterable[Rule]) -> list[int]:
    """The widths in its media queries, in whole CSS pixels, ascending: 599.98 px is 600."""
    conditions = {condition for rule in rules for condition in rule.conditions if condition.startswith("@media")}
    tests = (test for condition in conditions for test in _WIDTH.findall(condition))
    lengths = (length for test in tests for length in _LENGTH.findall(test))
    return sorted({round(float(number) * (1 if unit.lower() == "px" else _FONT_SIZE)) for number, unit in lengths})


def fonts(rules: Collection[Rule], faces: Collection[str] = ()) -> list[str]:
    """The families it asks for, in order of first use: of each list the first that is a font and not a kind of font.

    ``faces``: families of ``@font-face`` rules that it has; those of a list are all named.
    """
    known = {face.lower() for face in faces}
    found: dict[str, str] = {}
    for stack in _stacks(rules):
        real = [family for family in _families(stack) if family.lower() not in _GENERIC]
        for place, family in enumerate(real):
            if place == 0 or family.lower() in known:
                found.setdefault(family.lower(), family)
    return list(found.values())


def _stacks(rules: Collection[Rule]) -> Iterator[str]:
    """Every list of families, variables of the component put in."""
    variables: dict[str, str] = {}
    for rule in rules:
        for name, value in rule.declarations.items():
            if name.startswith("--"):
                variables.setdefault(name, value)
    for rule in rules:
        if "font" in rule.declarations and (
            match := _AFTER_SIZE.search(_resolved(rule.declarations["font"], variables))
        ):
            yield match[1]
        if "font-family" in rule.declarations:
            yield _resolved(rule.declarations["font-family"], variables)


def _resolved(value: str, variables: Mapping[str, str]) -> str:
    for _ in range(_MOST_VARIABLES):
        if not (match := _VARIABLE.search(value)):
            break
        value = value[: match.start()] + variables.get(match[1], match[2] or "") + value[match.end() :]
    return value


def _families(stack: str) -> Iterator[str]:
    for match in _FAMILY.finditer(stack.removesuffix("!important")):
        family = unescape(match[0].strip().strip("\"'")).strip()
        if family and "(" not in family:
            yield family
