"""Ids of a component: only those that something in it refers to stay, with the component's name before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from jobserver.extract import allowed
from jobserver.extract.model import Node, Rule

_LOCAL_URL = re.compile(r"""url\(\s*["']?#([^"')\s]+)["']?\s*\)""", re.IGNORECASE)
_NOT_IN_IDS = re.compile(r"[^\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ids:
    """``kept``: id in the page → id in the component."""

    kept: dict[str, str]

    @classmethod
    def of(cls, root: Node, prefix: str) -> Ids:
        """Find the ids that are defined and referred to; the new names are unique."""
        defined = list(dict.fromkeys(node.attrs["id"] for node in _nodes(root) if node.attrs.get("id", "").strip()))
        referred = set(_references(root)) if defined else set()
        kept: dict[str, str] = {}
        for old in filter(referred.__contains__, defined):
            new = f"{prefix}-{_NOT_IN_IDS.sub('-', old)}".strip("-")
            kept[old] = f"{new}-{len(kept)}" if new in kept.values() else new
        return cls(kept)

    def in_list(self, value: str) -> str | None:
        """For ``for``, ``aria-controls`` and the like: those that are in the component, or None."""
        return " ".join(self.kept[name] for name in value.split() if name in self.kept) or None

    def in_address(self, url: str) -> str:
        """``#id`` with the new id; every other address, fragments of the page too, as it is."""
        old = url[1:] if url.startswith("#") else ""
        new = self.kept.get(old) or self.kept.get(unquote(old))
        return f"#{new}" if new else url


def refers(rule: Rule) -> bool:
    """Whether a value of the rule may hold the address of an element, as it is or in escapes."""
    values = "\n".join(rule.declarations.values())
    return "#" in values or "\\" in values


def _references(root: Node) -> Iterator[str]:
    for node in _nodes(root):
        for name, value in node.attrs.items():
            if name.lower() in allowed.ID_LISTS:
                yield from value.split()
            elif name.lower() in {"href", "xlink:href"} and value.strip().startswith("#"):
                fragment = value.strip()[1:]
                yield from (fragment, unquote(fragment))
            else:
                yield from _LOCAL_URL.findall(value)
        for rule in filter(refers, node.rules):
            for value in rule.declarations.values():
                yield from _LOCAL_URL.findall(value)


def _nodes(root: Node) -> Iterator[Node]:
    rest = [root]
    while rest:
        node = rest.pop()
        yield node
        rest.extend(child for child in reversed(node.children) if isinstance(child, Node))
