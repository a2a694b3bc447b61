"""Joins rules of one element that hold at the same times, and takes away variables that nothing asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache

from jobserver.extract.model import Node, Rule
from jobserver.extract.text import words
from jobserver.extract.walk import nodes_of, styles_of

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
    families: list[set[str]] = []
    for rule in rules:
        own = set(map(_family, rule.declarations))
        place = _earlier(result, families, rule, own)
        if place is None:
            result.append(rule)
            families.append(own)
        else:
            kept = {name: value for name, value in result[place].declarations.items() if name not in rule.declarations}
            result[place] = Rule({**kept, **rule.declarations}, rule.suffix, rule.conditions)
            families[place] |= own
    return result


def variables_in(texts: Iterable[str]) -> set[str]:
    """All names in them that may be a custom property's."""
    return {name for text in texts if "--" in text for name in _VARIABLE.findall(text)}


def variables_of(rule: Rule) -> dict[str, set[str]]:
    """Custom property that the rule sets → those that its value asks for; ``""`` → those that all else asks for."""
    asked = {"": variables_in(rule.conditions)}
    for name, value in rule.declarations.items():
        if name.startswith("--"):
            asked[name] = variables_in((value,))
        elif "--" in value:
            asked[""].update(_VARIABLE.findall(value))
    return asked


def without_unused_variables(
    root: Node,
    elsewhere: Collection[str] = (),
    variables: Callable[[Rule], dict[str, set[str]]] = variables_of,
) -> None:
    """Take away, in place, custom properties that nothing asks for.

    ``elsewhere``: names that something else does. ``variables``: `variables_of`, or as good.
    """
    nodes = nodes_of(root)
    styles = styles_of(nodes)
    asked = {*elsewhere, *variables_in(value for node in nodes for value in node.attrs.values())}
    definitions: dict[str, set[str]] = {}
    for rule in {id(rule): rule for style in styles for rule in style}.values():
        for name, wanted in variables(rule).items():
            if name:
                definitions[name] = definitions[name] | wanted if name in definitions else wanted
            else:
                asked |= wanted
    unused = definitions.keys() - _reached(asked, definitions)
    if unused:
        kept = {id(style): _style_without(style, unused) for style in styles}
        for node in nodes:
            node.rules = kept[id(node.rules)]


def _style_without(style: list[Rule], names: Collection[str]) -> list[Rule]:
    """The same list where nothing goes: what is known of it stays known."""
    if all(rule.declarations and rule.declarations.keys().isdisjoint(names) for rule in style):
        return style
    return [kept for rule in style if (kept := _without(rule, names)).declarations]


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


def _earlier(rules: list[Rule], families: list[set[str]], rule: Rule, own: set[str]) -> int | None:
    """Where it can go: the last rule like it, unless one after that sets something it sets. ``own``: its families."""
    for place in reversed(range(len(rules))):
        other = rules[place]
        if other.suffix == rule.suffix and other.conditions == rule.conditions:
            return place
        if ("all" in own or not own.isdisjoint(families[place])) and _same_box(other, rule):
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
