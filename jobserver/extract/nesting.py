"""Gives other tags to elements where an HTML parser would move them or close what they stand in.

Scripts and shadow trees nest as they like, HTML cannot: a ``<div>`` ends the paragraph around it, a link the link, and
cells without their table are dropped (HTML, 13.2.6 "tree construction").
"""

from __future__ import annotations

from collections.abc import Iterator

from jobserver.extract import allowed
from jobserver.extract.model import Node, Rule
from jobserver.extract.text import words

_NOT_IN_ITSELF = {"a": "span", "button": "span", "form": "div"}
_CLOSES_PARAGRAPH = words(
    """address article aside blockquote dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4
    h5 h6 header hgroup hr li main menu nav ol p pre search section summary table ul"""
)
_KEEPS_PARAGRAPH_OPEN = words("button caption svg table td th")
"""What is inside these ends no paragraph around them (HTML, "has an element in button scope")."""

_ROWS = words("tbody thead tfoot")
_PARENTS = {
    **dict.fromkeys(_ROWS | words("caption colgroup"), words("table")),
    "col": words("colgroup table"),
    "tr": _ROWS | {"table"},
    "td": words("tr"),
    "th": words("tr"),
}
_CELL = {"display": "table-cell", "padding": "1px", "vertical-align": "middle"}
_OWN_STYLE = {
    "a": {"color": "linktext", "text-decoration": "underline", "cursor": "pointer"},
    "button": {
        "display": "inline-block",
        "box-sizing": "border-box",
        "padding": "1px 6px",
        "border": "2px outset buttonborder",
        "background-color": "buttonface",
        "color": "buttontext",
        "font": "13.3333px Arial",
        "text-align": "center",
    },
    "caption": {"display": "table-caption", "text-align": "center"},
    "col": {"display": "table-column"},
    "colgroup": {"display": "table-column-group"},
    "p": {"margin-top": "1em", "margin-bottom": "1em"},
    "tbody": {"display": "table-row-group", "vertical-align": "middle"},
    "td": _CELL,
    "tfoot": {"display": "table-footer-group", "vertical-align": "middle"},
    "th": {**_CELL, "font-weight": "bold", "text-align": "center"},
    "thead": {"display": "table-header-group", "vertical-align": "middle"},
    "tr": {"display": "table-row"},
}
"""What browsers do for these tags (HTML, 15.3), so that they look as before under another one."""


def make_parseable(root: Node) -> None:
    """Change tags, in place, until a parser reads the tree as it is."""
    _fit(root, "", frozenset())


def _fit(node: Node, parent: str, around: frozenset[str]) -> None:
    if node.tag == "svg":
        return
    tag = _tag(node, parent, around)
    if tag != node.tag:
        _rename(node, tag)
    for child in _elements(node):
        _fit(child, node.tag, around | {node.tag})


def _tag(node: Node, parent: str, around: frozenset[str]) -> str:
    if node.tag in _NOT_IN_ITSELF and node.tag in around:
        return _NOT_IN_ITSELF[node.tag]
    if node.tag in _PARENTS and parent not in _PARENTS[node.tag]:
        return "div"
    return "div" if node.tag == "p" and _ends_paragraph(node) else node.tag


def _ends_paragraph(node: Node) -> bool:
    return any(
        child.tag in _CLOSES_PARAGRAPH or (child.tag not in _KEEPS_PARAGRAPH_OPEN and _ends_paragraph(child))
        for child in _elements(node)
    )


def _rename(node: Node, tag: str) -> None:
    own = _OWN_STYLE.get(node.tag) if node.tag != "a" or "href" in node.attrs else None
    if own:
        node.rules = [Rule(own), *node.rules]  # the list is not its alone
    node.attrs = {name: value for name, value in node.attrs.items() if _may_have(tag, name)}
    node.tag = tag


def _may_have(tag: str, name: str) -> bool:
    return name == "id" or name in allowed.ID_LISTS or allowed.attribute_name(tag, name, in_svg=False) is not None


def _elements(node: Node) -> Iterator[Node]:
    return (child for child in node.children if isinstance(child, Node))
