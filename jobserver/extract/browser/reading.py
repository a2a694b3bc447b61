"""From the JSON that the page's script wrote to the shapes the rest of the extraction works on."""

from __future__ import annotations

from typing import Any

from jobserver.extract.model import Box, Capture, Found, Node, Rule


def to_capture(url: str, read: dict[str, Any], warnings: list[str]) -> Capture:
    """The capture of a page at ``url``. Components of one look share the tree of the first of them."""
    roots = {item["look"]: to_node(item["root"]) for item in read["found"] if "root" in item}
    return Capture(
        url=url,
        engine="browser",
        title=read["title"],
        found=[_found(item, roots[item["look"]]) for item in read["found"]],
        head_css=read["headCss"],
        warnings=[*warnings, *read["warnings"]],
    )


def to_node(read: dict[str, Any]) -> Node:
    """One element and all below it; the script bounds the depth."""
    return Node(
        tag=read["tag"],
        attrs=read["attrs"],
        rules=[Rule(rule["declarations"], rule["suffix"]) for rule in read["rules"]],
        children=[child if isinstance(child, str) else to_node(child) for child in read["children"]],
    )


def _found(item: dict[str, Any], root: Node) -> Found:
    return Found(
        kind=item["kind"],
        selector=item["selector"],
        root=root,
        outer_html=item["outerHtml"],
        look=item["look"],
        box=Box(**item["box"]),
        text=item["text"],
        href=item.get("href"),
    )
