"""Builders of what an engine captures, with defaults, so that a test names only what it is about."""

from __future__ import annotations

from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from jobserver.extract.model import Box, Capture, Found, Node, Rule


def a_node(html: str, **declarations: str) -> Node:
    """The first element of a piece of HTML, read by a parser; ``declarations`` style it (``_`` stands for ``-``)."""
    body = LexborHTMLParser(f"<!doctype html><body>{html}").body
    assert body is not None
    node = next(child for child in (_read(each) for each in body.iter(include_text=True)) if isinstance(child, Node))
    if declarations:
        node.rules.append(a_rule(**declarations))
    return node


def a_rule(suffix: str = "", *conditions: str, **declarations: str) -> Rule:
    """A rule; ``_`` in names stands for ``-``."""
    return Rule({name.replace("_", "-"): value for name, value in declarations.items()}, suffix, conditions)


def a_found(html: str | Node = "<button>Save</button>", kind: str = "button", look: str = "", **more: Any) -> Found:
    """One component; each look is its own unless given."""
    root = a_node(html) if isinstance(html, str) else html
    outer = html if isinstance(html, str) else "<x>"
    values: dict[str, Any] = {"selector": kind, "box": Box(0, 0, 120, 40), "text": ""} | more
    return Found(kind, outer_html=outer, root=root, look=look or f"{id(root)}", **values)


def a_capture(*found: Found, **more: Any) -> Capture:
    """A page with these components."""
    values: dict[str, Any] = {"url": "https://example.com/", "engine": "browser", "title": "Example"} | more
    return Capture(found=list(found), **values)


def parsed(html: str) -> Node | str:
    """What a parser reads in HTML, to compare trees with."""
    return a_node(html)


def texts(node: Node) -> str:
    """All text of a tree."""
    return "".join(child if isinstance(child, str) else texts(child) for child in node.children)


def descendants(node: Node) -> list[Node]:
    """The node and all below it, in document order."""
    return [node, *(each for child in node.children if isinstance(child, Node) for each in descendants(child))]


def _read(node: LexborNode) -> Node | str:
    if node.is_text_node:
        return node.text(deep=False) or ""
    children = [_read(child) for child in node.iter(include_text=True)]
    attrs = {name: value or "" for name, value in node.attributes.items()}
    return Node(node.tag or "", attrs, [], children)
