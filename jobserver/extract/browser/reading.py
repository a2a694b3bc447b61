"""From the JSON that the page's script wrote to the shapes the rest of the extraction works on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from jobserver.extract.model import Box, Capture, Found, Node, Rule


def to_capture(url: str, read: dict[str, Any], warnings: list[str]) -> Capture:
    """The capture of a page at ``url``. Components of one look share the tree of the first of them."""
    rules = [_rule(rule) for rule in read["rules"]]
    mended = [read.get(when, {}) for when in ("compared", "narrow")]
    trees = {
        look: _mended(to_node(tree["root"], rules), *(each.get(look, []) for each in mended))
        for look, tree in read["trees"].items()
    }
    return Capture(
        url=url,
        engine="browser",
        title=read["title"],
        found=[_found(item, trees[item["look"]], read["trees"][item["look"]]) for item in read["found"]],
        head_css=read["headCss"],
        warnings=[*warnings, *read["warnings"]],
        tokens=read.get("tokens"),
    )


def to_node(read: dict[str, Any], rules: list[Rule]) -> Node:
    """One element and all below it, which name their places in ``rules``; the script bounds the depth."""
    return Node(
        tag=read["tag"],
        attrs=read["attrs"],
        rules=[rules[place] for place in read["rules"]],
        children=[child if isinstance(child, str) else to_node(child, rules) for child in read["children"]],
    )


def _rule(read: dict[str, Any]) -> Rule:
    return Rule(read["declarations"], read["suffix"], tuple(read["conditions"]))


def _mended(root: Node, *rules: list[tuple[int, list[dict[str, Any]]]]) -> Node:
    """The tree with other rules for some of its elements, by their places in document order; the last ones count."""
    nodes = list(_nodes(root)) if any(rules) else []
    for place, read in chain(*rules):
        nodes[place].rules = [_rule(rule) for rule in read]
    return root


def _nodes(root: Node) -> Iterator[Node]:
    yield root
    for child in root.children:
        if isinstance(child, Node):
            yield from _nodes(child)


def _found(item: dict[str, Any], root: Node, tree: dict[str, Any]) -> Found:
    return Found(
        kind=item["kind"],
        selector=item["selector"],
        root=root,
        outer_html=item["outerHtml"],
        look=item["look"],
        box=Box(**item["box"]),
        text=item["text"],
        href=item.get("href"),
        parent=item.get("parent"),
        mode=tree["mode"],
        warnings=list(tree["warnings"]),
    )
