"""Writes the rules of components as a style sheet, one class per element that has any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count

from jobserver.extract.css_merge import merged
from jobserver.extract.css_order import Conditions, Waiting
from jobserver.extract.model import Node, Rule
from jobserver.extract.once import Once
from jobserver.extract.shorthands import Declarations, collapse
from jobserver.extract.walk import nodes_of, styles_of

_PLACE = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True, slots=True)
class Styled:
    """One element of a component: its class, empty where it needs none, and its rules."""

    class_name: str
    rules: list[Rule]


class ShortStyles(Once[list[Rule], list[Rule]]):
    """The styles of one page → in few rules with shorthands; each, and the declarations of each rule, made once."""

    def __init__(self) -> None:
        collapsed = cache(lambda items, whole_border: collapse(dict(items), whole_border=whole_border))
        super().__init__(lambda rules: _short(rules, collapsed))


def styled(root: Node, class_name: str, short: ShortStyles | None = None) -> list[Styled]:
    """Every element in document order: ``gen-card-1`` for the root, ``gen-card-1-1`` … for the others with rules.

    ``{n}`` in a suffix has become the class of the n-th element. ``short``: what other components of the page have
    asked already.
    """
    nodes = nodes_of(root)
    suffixes = {rule.suffix for style in styles_of(nodes) for rule in style if "{" in rule.suffix}
    named = {int(number) for suffix in suffixes for number in _PLACE.findall(suffix)}
    numbers = count(1)
    names = [class_name]
    for place, node in enumerate(nodes[1:], 1):
        names.append(f"{class_name}-{next(numbers)}" if node.rules or place in named else "")
    short = ShortStyles() if short is None else short
    styles = [short(node.rules) for node in nodes]
    if named:
        styles = [_placed(rules, names) for rules in styles]
    return list(map(Styled, names, styles))


def with_classes(root: Node, elements: Iterable[Styled]) -> Node:
    """A copy of the component with ``class`` on every element that has one."""
    return _with_classes(root, iter(elements))


def block(declarations: Declarations) -> str:
    """Declarations in braces."""
    return "\n".join(["{", *(f"  {name}: {value};" for name, value in declarations.items()), "}"])


def style_sheet(elements: Iterable[Styled], write: Callable[[Declarations], str] = block) -> str:
    """The rules of all elements, equal blocks shared, equal conditions gathered. ``write``: `block`, or as good.

    Every rule styles one element only, so rules of different elements may pass each other; those of one element never
    do. Elements that have one list of rules go together all the way.
    """
    elements = [element for element in elements if element.rules]
    alike: dict[int, list[int]] = {}
    for place, element in enumerate(elements):
        alike.setdefault(id(element.rules), []).append(place)
    waiting = Waiting((places, elements[places[0]].rules) for places in alike.values())
    names = [element.class_name for element in elements]
    blocks: list[str] = []
    while (conditions := waiting.next()) is not None:
        rounds = (_shared(rules, names, write) for rules in waiting.take(conditions))
        blocks.append(_around(conditions, "\n".join(rounds)))
    return "\n".join(blocks)


def _shared(rules: Iterable[tuple[list[int], Rule]], names: list[str], write: Callable[[Declarations], str]) -> str:
    """Rules of different classes, given by their places in ``names``, equal blocks written once."""
    shared: dict[tuple[str, str], list[int]] = {}
    for places, rule in rules:
        # Selectors share a block only with the same suffix: an unknown one would void the whole list.
        shared.setdefault((rule.suffix, write(rule.declarations)), []).extend(places)
    return "\n".join(
        ",\n".join([f".{names[place]}{suffix}" for place in sorted(places)]) + f" {written}"
        for (suffix, written), places in shared.items()
    )


def _short(rules: list[Rule], collapsed: Callable[[tuple[tuple[str, str], ...], bool], Declarations]) -> list[Rule]:
    whole_border = not any("border-image" in " ".join(rule.declarations) for rule in rules)
    return [
        Rule(collapsed(tuple(rule.declarations.items()), whole_border), rule.suffix, rule.conditions)
        for rule in merged(rules)
    ]


def _placed(rules: list[Rule], names: list[str]) -> list[Rule]:
    """With classes for places; the same list where it names none, so that it is still known who share it."""
    return [_named(rule, names) for rule in rules] if any("{" in rule.suffix for rule in rules) else rules


def _named(rule: Rule, names: list[str]) -> Rule:
    suffix = _PLACE.sub(lambda match: f".{names[int(match[1])]}", rule.suffix)
    return Rule(rule.declarations, suffix, rule.conditions)


def _around(conditions: Conditions, block: str) -> str:
    for condition in reversed(conditions):
        indented = block.replace("\n", "\n  ")
        block = f"{condition} {{\n  {indented}\n}}"
    return block


def _with_classes(node: Node, elements: Iterator[Styled]) -> Node:
    name = next(elements).class_name
    attrs = {"class": name, **node.attrs} if name else dict(node.attrs)
    children = [child if isinstance(child, str) else _with_classes(child, elements) for child in node.children]
    return Node(node.tag, attrs, [], children)
