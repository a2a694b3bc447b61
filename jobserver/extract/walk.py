"""All elements of a component, and all that styles them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from jobserver.extract.model import Node, Rule


class HasRules(Protocol):
    """A node, or what became of one."""

    @property
    def rules(self) -> list[Rule]:
        """In their order."""


def nodes_of(root: Node) -> list[Node]:
    """Every element, in document order."""
    found: list[Node] = []
    rest = [root]
    while rest:
        node = rest.pop()
        found.append(node)
        rest += [child for child in reversed(node.children) if isinstance(child, Node)]
    return found


def styles_of(nodes: Iterable[HasRules]) -> list[list[Rule]]:
    """Their lists of rules in the order in which they come first, each once: most are shared by many elements."""
    return list({id(rules): rules for rules in (node.rules for node in nodes)}.values())
