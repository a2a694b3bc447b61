"""Takes away the white space that cannot be seen, so that the sources of a component are pleasant to read.

The rules are those of CSS Text 3, 4.1: runs collapse; a space at the edge of a block container, between two blocks or
beside the items of a flex or grid container is not rendered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from jobserver.extract.model import Node, Rule
from jobserver.extract.text import words
from jobserver.extract.walk import nodes_of, styles_of

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


@dataclass(frozen=True, slots=True)
class Flow:
    """What the rules of an element say of the white space in it and beside it.

    ``displays``: every ``display`` they may give it. ``always``: whether one of them always does. ``moved``: whether it
    may be out of the flow. ``generates``: whether it has pseudo-elements. ``shows_spaces``: whether any are visible.
    """

    displays: frozenset[str]
    always: bool
    moved: bool
    generates: bool
    shows_spaces: bool

    @classmethod
    def of(cls, style: list[Rule]) -> Self:
        """Read off the rules."""
        own = [rule for rule in style if "::" not in rule.suffix and "display" in rule.declarations]
        return cls(
            frozenset(rule.declarations["display"].removesuffix("!important").strip() for rule in own),
            any(not rule.suffix and not rule.conditions for rule in own),
            any(not _OUT_OF_FLOW.isdisjoint(rule.declarations) for rule in style),
            any("::" in rule.suffix for rule in style),
            _shows_spaces(style),
        )


Ask = Callable[[list[Rule]], Flow]


def tidy(root: Node, flow: Ask = Flow.of) -> None:
    """Drop and collapse white space in place, or leave it all where a style makes any of it visible.

    ``flow``: `Flow.of`, or as good.
    """
    if not any(flow(style).shows_spaces for style in styles_of(nodes_of(root))):
        _tidy(root, flow)


def _shows_spaces(style: list[Rule]) -> bool:
    for rule in style:
        # One search for all names: hardly any rule sets it.
        for name, value in rule.declarations.items() if "white-space" in " ".join(rule.declarations) else ():
            if name.startswith("white-space") and not value.startswith(("normal", "nowrap", "collapse")):
                return True
    return False


def _tidy(node: Node, flow: Ask) -> None:
    if node.tag in _KEEPS:
        return
    has_text = False
    for child in node.children:
        if isinstance(child, Node):
            _tidy(child, flow)
        else:
            has_text = True
    if has_text:
        children = [_RUN.sub(" ", child) if isinstance(child, str) else child for child in node.children]
        trimmed = [_trimmed(node, children, place, flow) if child else "" for place, child in enumerate(children)]
        node.children = [child for child in trimmed if child]


def _trimmed(parent: Node, children: list[Node | str], place: int, flow: Ask) -> Node | str:
    """The child without the space at its ends that is not rendered; a lone space needs only one such end."""
    child = children[place]
    if isinstance(child, Node) or (child == " " and parent.tag in _WITHOUT_TEXT):
        return child if isinstance(child, Node) else ""
    if child.startswith(" ") and _ends_line(parent, children[max(place - 1, 0) : place], flow):
        child = child.lstrip(" ")
    if child.endswith(" ") and _ends_line(parent, children[place + 1 : place + 2], flow):
        child = child.rstrip(" ")
    return child


def _ends_line(parent: Node, beside: list[Node | str], flow: Ask) -> bool:
    """Whether what stands beside a text, nothing at the parent's edge, begins a line of its own."""
    inside = flow(parent.rules)
    if _is_one_of(_ITEM_CONTAINERS, parent, inside):
        return True
    if beside:
        return isinstance(beside[0], Node) and _is_block(beside[0], flow(beside[0].rules))
    return not inside.generates and _is_one_of(_CONTAINERS, parent, inside)


def _is_block(node: Node, flow: Flow) -> bool:
    return not flow.moved and _is_one_of(_BLOCK_LEVEL, node, flow)


def _is_one_of(displays: frozenset[str], node: Node, flow: Flow) -> bool:
    """Whether every ``display`` it may have is among these; its tag's own counts only where no rule always sets one."""
    return flow.displays <= displays and (flow.always or _own_display(node.tag) in displays)


def _own_display(tag: str) -> str:
    return "inline-block" if tag == "button" else "block" if tag in _BLOCKS else "inline"
