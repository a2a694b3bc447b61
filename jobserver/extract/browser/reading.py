"""From the JSON that the page's script wrote to the shapes the rest of the extraction works on."""

from __future__ import annotations

from itertools import chain
from typing import Any

from jobserver.extract.model import Box, Capture, Found, Node, Rule
from jobserver.extract.walk import nodes_of


def to_capture(url: str, read: dict[str, Any], warnings: list[str]) -> Capture:
    """The capture of a page at ``url``. Components of one look share the tree of the first of them.

    Elements of one style share their list of rules.
    """
    styles = _Styles([_rule(rule) for rule in read["rules"]])
    mended = [read.get(when, {}) for when in ("compared", "narrow")]
    trees = {
        look: _mended(to_node(tree["root"], styles), styles, *(each.get(look, []) for each in mended))
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


class _Styles:
    """Lists of rules, one for all that are the same: what comes after this asks what it knows of a list."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules
        self._named: dict[tuple[int, ...], list[Rule]] = {}
        self._written: dict[tuple[Rule, ...], list[Rule]] = {}

    def named(self, places: list[int]) -> list[Rule]:
        """Those of the page at these places."""
        key = tuple(places)
        if key not in self._named:
            self._named[key] = [self._rules[place] for place in key]
        return self._named[key]

    def written(self, read: list[dict[str, Any]]) -> list[Rule]:
        """Those that the script has written anew for one element."""
        key = tuple(map(_rule, read))
        return self._written.setdefault(key, list(key))


def to_node(read: dict[str, Any], styles: _Styles) -> Node:
    """One element and all below it, which name the places of their rules; the script bounds the depth."""
    return Node(
        tag=read["tag"],
        attrs=read["attrs"],
        rules=styles.named(read["rules"]),
        children=[child if isinstance(child, str) else to_node(child, styles) for child in read["children"]],
    )


def _rule(read: dict[str, Any]) -> Rule:
    return Rule(read["declarations"], read["suffix"], tuple(read["conditions"]))


def _mended(root: Node, styles: _Styles, *rules: list[tuple[int, list[dict[str, Any]]]]) -> Node:
    """The tree with other rules for some of its elements, by their places in document order; the last ones count."""
    nodes = nodes_of(root) if any(rules) else []
    for place, read in chain(*rules):
        nodes[place].rules = styles.written(read)
    return root


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
