"""What an element looks like in one short text, and where it is in one CSS path."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.context import Context
from jobserver.extract.static.page import NO_CONTENT, Element, Page
from jobserver.extract.static.values import words

_VISIBLE_ATTRIBUTES = words(
    "type style open checked disabled multiple selected size rows cols width height align colspan rowspan hidden"
)


def look_of(kind: str, element: Element, cascade: Cascade, context: Context) -> str:
    """Equal for elements that look the same but for their texts, links and pictures, and for how often a part repeats.

    Made of the kind, what the root inherits, and of each element the tag, the rules that reach it and the attributes
    that change how it is drawn.
    """
    page = cascade.page
    parts: dict[int, list[bytes]] = {}
    for each in reversed(page.inside(element)):
        inner = [b for a, b in _with_next(parts.pop(each.index, [])) if a != b]
        drawn = [(name, value) for name, value in each.attrs.items() if name in _VISIBLE_ATTRIBUTES]
        own = _digest(each.tag, cascade.matched(each), sorted(drawn), inner)
        if each.parent is not None and each.tag not in NO_CONTENT:
            parts.setdefault(each.parent.index, []).append(own)
    around = context.inherited(element.parent) if element.parent else {}
    return _digest(kind, own, sorted(around.items()), context.is_item(element)).hex()


def _with_next(parts: list[bytes]) -> Iterator[tuple[bytes | None, bytes]]:
    """Each part with the one before it."""
    before: bytes | None = None
    for part in parts:
        yield before, part
        before = part


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=12).digest()


class Paths:
    """CSS paths in one page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._places = lru_cache(256)(self._number)

    def of(self, element: Element) -> str:
        """A path that only this element matches, from the nearest ancestor with an id of its own, or from ``html``."""
        steps: list[str] = []
        at: Element | None = element
        while at is not None:
            if (anchor := self._anchor(at)) is not None:
                return " > ".join([anchor, *reversed(steps)])
            steps.append(self._step(at))
            at = at.parent
        return " > ".join(reversed(steps))

    def _anchor(self, element: Element) -> str | None:
        name = element.get("id") or ""
        if not re.fullmatch(r"[A-Za-z_][\w-]*", name, re.ASCII) or len(self._page.by_id[name]) > 1:
            return None
        return f"#{name}"

    def _step(self, element: Element) -> str:
        if element.parent is None:
            return element.tag
        places, totals = self._places(element.parent)
        alone = totals[element.tag] == 1
        return element.tag if alone else f"{element.tag}:nth-of-type({places[element.index]})"

    def _number(self, parent: Element) -> tuple[dict[int, int], Counter[str]]:
        """Each child's place among its siblings of the same tag, and how many of each tag there are."""
        places: dict[int, int] = {}
        totals: Counter[str] = Counter()
        for child in self._page.children(parent):
            totals[child.tag] += 1
            places[child.index] = totals[child.tag]
        return places, totals
