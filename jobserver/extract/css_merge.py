"""Joins rules of one element that hold at the same times, and takes away variables that nothing asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from jobserver.extract.model import Node, Rule
from jobserver.extract.text import words

_PSEUDO_ELEMENT = re.compile(r"::[\w-]+(?:\([\w-]+\))?")
_VENDOR = re.compile(r"-[a-z]+-")
_VARIABLE = re.compile(r"--[\w-]+")
_FAMILIES = {
    **dict.fromkeys(words("top right bottom left"), "inset"),
    **dict.fromkeys(words("row column columns gap rows"), "grid"),
    **dict.fromkeys(words("place align justify"), "box"),
    **dict.fromkeys(words("flex order"), "box"),
    **dict.fromkeys(words("width height min max block inline"), "size"),
    **dict.fromkeys(words("word line white text hyphens letter overflow"), "font"),
    **dict.fromkeys(words("alignment baseline"), "vertical"),
    **dict.fromkeys(words("page break"), "break"),
}
"""First word of a property's name → the family it is in, where that is not the word itself."""


def merged(rules: Iterable[Rule]) -> list[Rule]:
    """The same style in fewer rules.

    A rule joins an earlier one of the same state and conditions when no rule between them sets anything of the families
    of properties that it sets: then nobody can tell that it came later.
    """
    result: list[Rule] = []
    for rule in rules:
        place = _earlier(result, rule)
        if place is None:
            result.append(rule)
        else:
            kept = {name: value for name, value in result[place].declarations.items() if name not in rule.declarations}
            result[place] = Rule({**kept, **rule.declarations}, rule.suffix, rule.conditions)
    return result


def variables_in(texts: Iterable[str]) -> set[str]:
    """All names in them that may be a custom property's."""
    return {name for text in texts if "--" in text for name in _VARIABLE.findall(text)}


def without_unused_variables(root: Node, elsewhere: Collection[str] = ()) -> None:
    """Take away, in place, custom properties that nothing asks for. ``elsewhere``: names that something else does."""
    nodes = list(_nodes(root))
    rules = [rule for node in nodes for rule in node.rules]
    asked = {*elsewhere, *variables_in(value for node in nodes for value in node.attrs.values())}
    asked |= variables_in({condition for rule in rules for condition in rule.conditions})
    definitions: dict[str, set[str]] = {}
    for name, value in {item for rule in rules for item in rule.declarations.items() if "--" in item[0] + item[1]}:
        wanted = _VARIABLE.findall(value)
        (definitions.setdefault(name, set()) if name.startswith("--") else asked).update(wanted)
    unused = definitions.keys() - _reached(asked, definitions)
    if unused:
        for node in nodes:
            node.rules = [kept for rule in node.rules if (kept := _without(rule, unused)).declarations]


def _without(rule: Rule, names: Collection[str]) -> Rule:
    if rule.declarations.keys().isdisjoint(names):
        return rule
    kept = {name: value for name, value in rule.declarations.items() if name not in names}
    return Rule(kept, rule.suffix, rule.conditions)


def _reached(asked: set[str], definitions: dict[str, set[str]]) -> set[str]:
    used: set[str] = set()
    rest = set(asked)
    while rest:
        name = rest.pop()
        used.add(name)
        rest |= definitions.get(name, set()) - used
    return used


def _earlier(rules: list[Rule], rule: Rule) -> int | None:
    """Where it can go: the last rule like it, unless one after that sets something it sets."""
    families = set(map(_family, rule.declarations))
    for place in reversed(range(len(rules))):
        other = rules[place]
        if (other.suffix, other.conditions) == (rule.suffix, rule.conditions):
            return place
        if _same_box(other, rule) and ("all" in families or not families.isdisjoint(map(_family, other.declarations))):
            return None
        if "all" in other.declarations:
            return None
    return None


def _same_box(one: Rule, other: Rule) -> bool:
    return _PSEUDO_ELEMENT.findall(one.suffix) == _PSEUDO_ELEMENT.findall(other.suffix)


@lru_cache(maxsize=1024)
def _family(name: str) -> str:
    if name.startswith("--"):
        return name
    first = _VENDOR.sub("", name, count=1).split("-", maxsplit=1)[0]
    return _FAMILIES.get(first, first)


def _nodes(root: Node) -> Iterable[Node]:
    rest = [root]
    while rest:
        node = rest.pop()
        yield node
        rest.extend(child for child in node.children if isinstance(child, Node))
