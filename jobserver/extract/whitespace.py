"""Takes away the white space that cannot be seen, so that the sources of a component are pleasant to read.

The rules are those of CSS Text 3, 4.1: runs collapse; a space at the edge of a block container, between two blocks or
beside the items of a flex or grid container is not rendered.
"""

from __future__ import annotations

import re

from jobserver.extract.model import Node
from jobserver.extract.text import words

_RUN = re.compile(r"[ \t\n\r\f]+")
_KEEPS = frozenset({"pre", "textarea", "listing"})
_WITHOUT_TEXT = words("table tbody thead tfoot tr colgroup select datalist optgroup picture video audio svg g defs")
_BLOCKS = words(
    """address article aside blockquote dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4
    h5 h6 header hgroup hr legend li main menu nav ol option p pre search section summary ul table tbody
    thead tfoot tr td th"""
)
_BLOCK_LEVEL = words("block flex grid table list-item flow-root")
_CONTAINERS = _BLOCK_LEVEL | words("inline-block table-cell table-caption")
_ITEM_CONTAINERS = words("flex grid inline-flex inline-grid")
_OUT_OF_FLOW = frozenset({"float", "position"})


def tidy(root: Node) -> None:
    """Drop and collapse white space in place, or leave it all where a style makes any of it visible."""
    if not _shows_spaces(root):
        _tidy(root)


def _shows_spaces(node: Node) -> bool:
    for rule in node.rules:
        # One search for all names: hardly any rule sets it.
        for name, value in rule.declarations.items() if "white-space" in " ".join(rule.declarations) else ():
            if name.startswith("white-space") and not value.startswith(("normal", "nowrap", "collapse")):
                return True
    return any(_shows_spaces(child) for child in node.children if isinstance(child, Node))


def _tidy(node: Node) -> None:
    if node.tag in _KEEPS:
        return
    for child in node.children:
        if isinstance(child, Node):
            _tidy(child)
    children = [_RUN.sub(" ", child) if isinstance(child, str) else child for child in node.children]
    trimmed = [_trimmed(node, children, place) if child else "" for place, child in enumerate(children)]
    node.children = [child for child in trimmed if child]


def _trimmed(parent: Node, children: list[Node | str], place: int) -> Node | str:
    """The child without the space at its ends that is not rendered; a lone space needs only one such end."""
    child = children[place]
    if isinstance(child, Node) or (child == " " and parent.tag in _WITHOUT_TEXT):
        return child if isinstance(child, Node) else ""
    if _ends_line(parent, children[max(place - 1, 0) : place]):
        child = child.lstrip(" ")
    return child.rstrip(" ") if _ends_line(parent, children[place + 1 : place + 2]) else child


def _ends_line(parent: Node, beside: list[Node | str]) -> bool:
    """Whether what stands beside a text, nothing at the parent's edge, begins a line of its own."""
    displays = _displays(parent)
    if displays <= _ITEM_CONTAINERS:
        return True
    if beside:
        return isinstance(beside[0], Node) and _is_block(beside[0])
    return displays <= _CONTAINERS and not any("::" in rule.suffix for rule in parent.rules)


def _is_block(node: Node) -> bool:
    moved = any(not _OUT_OF_FLOW.isdisjoint(rule.declarations) for rule in node.rules)
    return not moved and _displays(node) <= _BLOCK_LEVEL


def _displays(node: Node) -> set[str]:
    """Every ``display`` the element may have; its tag's own only where no rule always sets one."""
    own = [rule for rule in node.rules if "::" not in rule.suffix and "display" in rule.declarations]
    displays = {rule.declarations["display"].removesuffix("!important").strip() for rule in own}
    if not any(not rule.suffix and not rule.conditions for rule in own):
        displays.add("inline-block" if node.tag == "button" else "block" if node.tag in _BLOCKS else "inline")
    return displays
