"""Ids of a component: only those that something in it refers to stay, with the component's name before them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from jobserver.extract import allowed
from jobserver.extract.css_values import may_address
from jobserver.extract.model import Node, Rule
from jobserver.extract.walk import nodes_of, styles_of

_LOCAL_URL = re.compile(r"""url\(\s*["']?#([^"')\s]+)["']?\s*\)""", re.IGNORECASE)
_NOT_IN_IDS = re.compile(r"[^\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ids:
    """``kept``: id in the page → id in the component."""

    kept: dict[str, str]

    @classmethod
    def of(cls, root: Node, prefix: str) -> Ids:
        """Find the ids that are defined and referred to; the new names are unique."""
        nodes = nodes_of(root)
        defined = list(dict.fromkeys(node.attrs["id"] for node in nodes if node.attrs.get("id", "").strip()))
        referred = set(_references(nodes)) if defined else set()
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
    values = rule.declarations.values()
    text = "\n".join(values)
    # Most rules are done with after one look at all values.
    return ("#" in text or "\\" in text) and any(
        ("#" in value or "\\" in value) and may_address(value) for value in values
    )


def _references(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        for name, value in node.attrs.items():
            if name.lower() in allowed.ID_LISTS:
                yield from value.split()
            elif "#" in value:
                yield from _fragments(name, value)
    for style in styles_of(nodes):
        for rule in filter(refers, style):
            for value in rule.declarations.values():
                yield from _LOCAL_URL.findall(value)


def _fragments(name: str, value: str) -> Iterable[str]:
    if name.lower() in {"href", "xlink:href"} and value.strip().startswith("#"):
        fragment = value.strip()[1:]
        return (fragment, unquote(fragment))
    return _LOCAL_URL.findall(value)
