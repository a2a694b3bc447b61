"""From an element of the page to a component's tree of nodes with their rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jobserver.extract.model import Node, Rule
from jobserver.extract.static.cascade import Cascade
from jobserver.extract.static.context import Context, variables_in
from jobserver.extract.static.flatten import flatten
from jobserver.extract.static.page import NO_CONTENT, Element
from jobserver.extract.static.values import join, words

_DROPPED = NO_CONTENT | {"link", "meta", "base", "title"}
_URLS = words("href src poster action formaction data background cite longdesc xlink:href")
_SRCSETS = words("srcset imagesrcset")
_CANDIDATE = re.compile(r"(\s*)([^\s,]\S*[^\s,]|[^\s,])(\s+[^,]*)?(,|\Z)")


class Builder:
    """Builds trees of one page, and remembers what they need of its style sheets."""

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade
        self._page = cascade.page
        self.context = Context(cascade)
        self.variables: set[str] = set()
        self.texts: set[str] = set()

    def build(self, root: Element) -> Node:
        """The component at ``root``: attributes as found but with absolute URLs and without ``style``."""
        inside = [each for each in self._page.inside(root) if each.tag not in _DROPPED]
        nodes = {each.index: Node(each.tag, self._attrs(each)) for each in inside}
        for element in inside:
            node = nodes[element.index]
            node.rules = flatten(element, self._cascade.declared(element), is_root=element is root)
            node.children = list(self._children(element, nodes))
        self._surround(root, nodes[root.index])
        self._only_used_variables(root, list(nodes.values()))
        self._bring_symbols(nodes)
        return nodes[root.index]

    def link(self, href: str) -> str:
        """A link as the component has it."""
        return _absolute("href", href, self._page.base)

    def _children(self, element: Element, nodes: dict[int, Node]) -> Iterator[Node | str]:
        for child in element.node.iter(include_text=True):
            if child.is_text_node:
                yield child.text_content or ""
            elif (found := self._page.element(child)) is not None and found.index in nodes:
                yield nodes[found.index]

    def _attrs(self, element: Element) -> dict[str, str]:
        return {
            name: _absolute(name, value, self._page.base) for name, value in element.attrs.items() if name != "style"
        }

    def _surround(self, root: Element, node: Node) -> None:
        """Put what the root takes from the page into its base rule."""
        own = node.rules[0] if node.rules and not node.rules[0].suffix and not node.rules[0].conditions else None
        rest = [
            rule
            if "::" in rule.suffix
            else replace(rule, declarations=self.context.of_condition(root, rule.declarations))
            for rule in (node.rules[1:] if own else node.rules)
        ]
        values = self.context.of_root(root, own.declarations if own else {})
        node.rules = [Rule(values), *rest]

    def _only_used_variables(self, root: Element, nodes: list[Node]) -> None:
        """Drop custom properties nothing in the component asks for; bring those that it does and inherits."""
        used = _used([rule.declarations for node in nodes for rule in node.rules])
        brought = self.context.variables(root, sorted(used))
        used |= brought.keys() | {each for value in brought.values() for each in variables_in(value)}
        self.variables |= used
        for node in nodes:
            kept = (self._kept(rule, used) for rule in node.rules)
            node.rules = [rule for rule in kept if rule.declarations]
        base = self.context.scaled(brought)
        first = nodes[0].rules[0] if nodes[0].rules else None
        if first is not None and not first.suffix and not first.conditions:
            nodes[0].rules[0] = replace(first, declarations=base | first.declarations)
        elif base:
            nodes[0].rules.insert(0, Rule(base))
        self.texts.update(_names(nodes))

    def _kept(self, rule: Rule, used: set[str]) -> Rule:
        kept = {name: value for name, value in rule.declarations.items() if not name.startswith("--") or name in used}
        return replace(rule, declarations=self.context.scaled(kept))

    def _bring_symbols(self, nodes: dict[int, Node]) -> None:
        """Copy what ``<use href="#id">`` draws into its ``svg`` where it stands outside of the component."""
        for index, node in list(nodes.items()):
            name = node.attrs.get("href") or node.attrs.get("xlink:href") or ""
            if node.tag != "use" or not re.fullmatch(r"#[\w-]+", name):
                continue
            drawn = next(iter(self._page.select(f"[id='{name[1:]}']")), None)
            if drawn is not None and drawn.index not in nodes and drawn.size <= 100:
                node_of_svg = _nearest_svg(self._page.elements[index], nodes)
                if node_of_svg is not None:
                    node_of_svg.children.insert(0, Node("defs", children=[self._copy(drawn)]))

    def _copy(self, drawn: Element) -> Node:
        inside = [each for each in self._page.inside(drawn) if each.tag not in _DROPPED]
        copies = {each.index: Node(each.tag, self._attrs(each)) for each in inside}
        for each in inside:
            copies[each.index].rules = flatten(each, self._cascade.declared(each), is_root=False)
            copies[each.index].children = list(self._children(each, copies))
        return copies[drawn.index]


def _nearest_svg(element: Element, nodes: dict[int, Node]) -> Node | None:
    above = (each for each in element.ancestors() if each.tag == "svg" and each.index in nodes)
    return next((nodes[each.index] for each in above), None)


def _used(declarations: list[dict[str, str]]) -> set[str]:
    """Custom properties that declarations ask for, directly or through other custom properties."""
    asked = {
        name for each in declarations for key, value in each.items() if key[:2] != "--" for name in variables_in(value)
    }
    through: dict[str, set[str]] = {}
    for each in declarations:
        for key, value in each.items():
            if key[:2] == "--":
                through.setdefault(key, set()).update(variables_in(value))
    queue = list(asked)
    while queue:
        fresh = through.get(queue.pop(), set()) - asked
        asked |= fresh
        queue += fresh
    return asked


def _names(nodes: list[Node]) -> Iterator[str]:
    """Values in which names of fonts and animations may stand."""
    for node in nodes:
        for rule in node.rules:
            for name, value in rule.declarations.items():
                if name.startswith(("--", "font", "animation", "-webkit-animation")):
                    yield value


def _absolute(name: str, value: str, base: str) -> str:
    if name in _SRCSETS:
        return _CANDIDATE.sub(lambda m: f"{m[1]}{join(base, m[2])}{m[3] or ''}{m[4]}", value)
    if name not in _URLS or not value.strip() or value.strip().startswith(("#", "data:")):
        return value
    return join(base, value)
