"""What drawings refer to elsewhere in the page: symbols, gradients, masks and filters, by their ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jobserver.extract.model import Node
from jobserver.extract.static.page import Element, Page
from jobserver.extract.static.values import words

MAX_COPIES = 60
"""Elements that one component may bring from elsewhere, each with what is inside of it."""
_MAX_SIZE = 100
_LINK = re.compile(r"#([\w:.-]+)")
_ADDRESS = re.compile(r"url\(\s*[\"']?#([\w:.-]+)", re.IGNORECASE)
_DRAWN = words(
    "symbol g path rect circle ellipse line polyline polygon text image svg use linearGradient radialGradient pattern "
    "mask clipPath filter marker"
)


def missing(page: Page, nodes: dict[int, Node]) -> Iterator[Element]:
    """What the drawings among ``nodes`` (by index) refer to in the page and do not have among them."""
    seen: set[int] = set()
    queue = [name for node in nodes.values() for name in _asked(node)]
    while queue and len(seen) < MAX_COPIES:
        element = next(iter(page.by_id.get(queue.pop(0), ())), None)
        if element is None or element.index in seen or element.index in nodes or element.size > _MAX_SIZE:
            continue
        seen.add(element.index)
        if element.tag in _DRAWN:
            yield element
            inside = page.inside(element)
            queue += [name for each in inside for name in _asked(Node(each.tag, each.attrs))]


def _asked(node: Node) -> Iterator[str]:
    """Ids that a drawing's element refers to."""
    for name, value in node.attrs.items():
        if name in {"href", "xlink:href"} and node.tag in _DRAWN:
            yield from _LINK.findall(value) if value.startswith("#") else ()
        elif "url(" in value.lower():
            yield from _ADDRESS.findall(value)
    for rule in node.rules:
        for value in rule.declarations.values():
            if "url(" in value:
                yield from _ADDRESS.findall(value)
