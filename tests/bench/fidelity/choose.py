"""Which components of a page are measured: up to ten basic and ten composite ones, evenly over the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

MOST = 10
"""Of each of the two sorts."""

BASIC = frozenset({"a", "button", "input", "select", "textarea", "label", "img"})
"""Tags that are one thing by themselves; everything else is composed of such."""

T = TypeVar("T")


def sort_of(tag: str) -> str:
    """``basic`` or ``composite``."""
    return "basic" if tag in BASIC else "composite"


def evenly(items: Sequence[T], most: int = MOST) -> list[T]:
    """At most ``most`` of ``items``, the first and the last among them.

    >>> evenly("abcdefghijk", 3)
    ['a', 'f', 'k']
    """
    if len(items) <= most:
        return list(items)
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def chosen(looks: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Of (component, look) those to measure, in their order: only what can be pictured."""
    seen = [pair for pair in looks if "box" in pair[1]]
    sorts = [[pair for pair in seen if sort_of(pair[1]["tag"]) == sort] for sort in ("basic", "composite")]
    return sorted((pair for pairs in sorts for pair in evenly(pairs)), key=lambda pair: int(pair[0]["index"]))
