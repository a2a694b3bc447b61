"""Writes the rules of components as a style sheet, one class per element that has any."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jobserver.extract.css_merge import merged
from jobserver.extract.css_order import Conditions, Waiting
from jobserver.extract.model import Node, Rule
from jobserver.extract.shorthands import collapse

_PLACE = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True, slots=True)
class Styled:
    """One element of a component: its class, empty where it needs none, and its rules."""

    class_name: str
    rules: list[Rule]


class ShortRules(dict[tuple[Rule, bool], Rule]):
    """Rules → the same with shorthands; the second of a key is the ``whole_border`` of `collapse`."""

    def __missing__(self, key: tuple[Rule, bool]) -> Rule:
        rule, whole_border = key
        short = Rule(collapse(rule.declarations, whole_border=whole_border), rule.suffix, rule.conditions)
        return self.setdefault(key, short)


def styled(root: Node, class_name: str, short: ShortRules | None = None) -> list[Styled]:
    """Every element in document order: ``gen-card-1`` for the root, ``gen-card-1-1`` … for the others with rules.

    ``{n}`` in a suffix has become the class of the n-th element. ``short``: what other components of the page have
    asked already.
    """
    nodes = list(_nodes(root))
    suffixes = (rule.suffix for node in nodes for rule in node.rules if "{" in rule.suffix)
    named = {int(number) for suffix in suffixes for number in _PLACE.findall(suffix)}
    names = [class_name]
    for place, node in enumerate(nodes[1:], 1):
        has_class = bool(node.rules) or place in named
        names.append(f"{class_name}-{sum(map(bool, names))}" if has_class else "")
    short = ShortRules() if short is None else short
    return [Styled(name, _written(node, names, short)) for node, name in zip(nodes, names, strict=True)]


def with_classes(root: Node, elements: Iterable[Styled]) -> Node:
    """A copy of the component with ``class`` on every element that has one."""
    return _with_classes(root, iter(elements))


def style_sheet(elements: Iterable[Styled]) -> str:
    """The rules of all elements, equal blocks shared, equal conditions gathered.

    Every rule styles one element only, so rules of different elements may pass each other; those of one element never
    do.
    """
    waiting = Waiting((element.class_name, element.rules) for element in elements)
    blocks: list[str] = []
    while (conditions := waiting.next()) is not None:
        blocks.append(_around(conditions, "\n".join(map(_shared, waiting.take(conditions)))))
    return "\n".join(blocks)


def _shared(rules: Iterable[tuple[str, Rule]]) -> str:
    """Rules of different classes, equal blocks written once."""
    shared: dict[tuple[str, str], list[str]] = {}
    for name, rule in rules:
        # Selectors share a block only with the same suffix: an unknown one would void the whole list.
        shared.setdefault((rule.suffix, _block(rule)), []).append(f".{name}{rule.suffix}")
    return "\n".join(",\n".join(selectors) + f" {block}" for (_, block), selectors in shared.items())


def _written(node: Node, names: list[str], short: ShortRules) -> list[Rule]:
    whole_border = not any("border-image" in " ".join(rule.declarations) for rule in node.rules)
    return [_placed(short[rule, whole_border], names) for rule in merged(node.rules)]


def _placed(rule: Rule, names: list[str]) -> Rule:
    if "{" not in rule.suffix:
        return rule
    suffix = _PLACE.sub(lambda match: f".{names[int(match[1])]}", rule.suffix)
    return Rule(rule.declarations, suffix, rule.conditions)


def _block(rule: Rule) -> str:
    return "\n".join(["{", *(f"  {name}: {value};" for name, value in rule.declarations.items()), "}"])


def _around(conditions: Conditions, block: str) -> str:
    for condition in reversed(conditions):
        indented = "\n".join(f"  {line}" for line in block.split("\n"))
        block = f"{condition} {{\n{indented}\n}}"
    return block


def _with_classes(node: Node, elements: Iterator[Styled]) -> Node:
    name = next(elements).class_name
    attrs = {"class": name, **node.attrs} if name else dict(node.attrs)
    children = [child if isinstance(child, str) else _with_classes(child, elements) for child in node.children]
    return Node(node.tag, attrs, [], children)


def _nodes(root: Node) -> Iterator[Node]:
    yield root
    for child in root.children:
        if isinstance(child, Node):
            yield from _nodes(child)
