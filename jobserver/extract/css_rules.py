"""Checks rules that came from a page: property names, values, conditions and what follows a class in a selector."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from jobserver.extract.css_values import STRING, Rewrite, safe_value
from jobserver.extract.model import Rule

_PROPERTY = re.compile(r"--[\w-]+|-?[a-zA-Z][a-zA-Z0-9-]*")
_BANNED_PROPERTIES = frozenset({"behavior", "-ms-behavior", "-moz-binding"})
_REFERRING = frozenset(
    {"fill", "stroke", "filter", "backdrop-filter", "clip-path", "offset-path", "marker", "-webkit-clip-path"}
    | {"-webkit-filter", "marker-start", "marker-mid", "marker-end"}
)
"""Properties whose addresses are those of SVG elements: elsewhere they would load a document, not a picture."""

_CONDITION = re.compile(r"@(media|supports|container)\b\s*(.+)", re.IGNORECASE | re.DOTALL)
_SUFFIX_TOKEN = re.compile(
    r"""
      (?P<opens> :[a-z-]+\( )
    | (?P<pseudo> ::?[a-z-]+(?:\((?:[\w-]+)\))? )
    | (?P<attribute> \[[\w:|-]+(?:[~|^$*]?=(?:"[^"\\<{}\n]*+"|[\w-]+)(?:\s[is])?)?\] )
    | (?P<inside> \{\d{1,4}\} | [\w\s*>+~.,\#|-]++ )
    | (?P<closes> \) )
    """,
    re.VERBOSE,
)
_DECLARATION = re.compile(
    rf"""\s*+([\w-]++)\s*+:((?:{STRING}|url\([^"')]*+\)|/\*(?:[^*]|\*(?!/))*+\*/|[^;{{}}"'u/]++|[u/])*+)(?:;|\Z)""",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"\s*+;?\s*+\Z")
_OFTEN_SEEN = 8_192
"""Declarations of a page whose check is remembered."""

Check = Callable[[str, str], str | None]
"""A property's name and value to the value in safe spelling; None refuses the declaration."""


def checking(rewrite: Rewrite = str) -> Check:
    """The check of declarations whose addresses are rewritten so. It remembers some: a page repeats the same few."""
    inside = _only_inside(rewrite)

    @lru_cache(maxsize=_OFTEN_SEEN)
    def check(name: str, value: str) -> str | None:
        if not is_property(name):
            return None
        safe = safe_value(value, inside if name.lower() in _REFERRING else rewrite)
        return safe if safe or (value == "" and name.startswith("--")) else None

    return check


def safe_rule(rule: Rule, check: Check) -> Rule | None:
    """The rule with the declarations that are allowed, or None when nothing is left or its place is not allowed.

    ``@media``, ``@supports``, ``@container`` and ``@starting-style`` may stand around it; a suffix is a row of
    pseudo-classes, pseudo-elements and attribute tests.
    """
    conditions = tuple(safe_condition(condition) for condition in rule.conditions)
    declarations = safe_declarations(rule.declarations, check)
    if not declarations or None in conditions or not is_safe_suffix(rule.suffix):
        return None
    return Rule(declarations, rule.suffix, tuple(filter(None, conditions)))


def safe_declarations(declarations: dict[str, str], check: Check) -> dict[str, str]:
    """Those whose name and value are allowed, in order. Only a custom property may be empty."""
    return {name: safe for name, value in declarations.items() if (safe := check(name, value)) is not None}


def _only_inside(rewrite: Rewrite) -> Rewrite:
    return lambda url: rewrite(url) if url.startswith("#") else None


@lru_cache(maxsize=1024)
def is_property(name: str) -> bool:
    """Whether it is the name of a property that can do no more than style."""
    return _PROPERTY.fullmatch(name) is not None and name.lower() not in _BANNED_PROPERTIES


def safe_condition(condition: str) -> str | None:
    """An at-rule's name and prelude in safe spelling, or None."""
    if condition.strip().lower() == "@starting-style":
        return "@starting-style"
    match = _CONDITION.fullmatch(condition.strip())
    prelude = match and safe_value(match[2], addresses=False)
    return f"@{match[1].lower()} {prelude}" if match and prelude else None


def is_safe_suffix(suffix: str) -> bool:
    """Whether it only narrows the selector it follows: balanced, and no comma or combinator outside brackets."""
    depth = position = 0
    while position < len(suffix):
        match = _SUFFIX_TOKEN.match(suffix, position)
        if match is None or (match.lastgroup == "inside" and depth == 0):
            return False
        depth += {"opens": 1, "closes": -1}.get(match.lastgroup or "", 0)
        if depth < 0:
            return False
        position = match.end()
    return depth == 0


def split_declarations(block: str) -> Iterator[tuple[str, str]]:
    """Name and value of each declaration of a block or a ``style`` attribute, unchecked; ends where it is broken."""
    position = 0
    while not _EMPTY.match(block, position) and (match := _DECLARATION.match(block, position)):
        position = match.end()
        yield match[1], match[2].strip()
