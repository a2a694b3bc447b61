"""From an element of the page to a component's tree of nodes with their rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from jobserver.extract.model import Node, Rule
from jobserver.extract.static.cascade import Cascade, hinted
from jobserver.extract.static.cells import without_table
from jobserver.extract.static.context import Context
from jobserver.extract.static.drawings import missing
from jobserver.extract.static.flatten import flatten
from jobserver.extract.static.lists import by_depth
from jobserver.extract.static.page import NO_CONTENT, Element
from jobserver.extract.static.values import join, words
from jobserver.extract.static.variables import variables_in

_DROPPED = NO_CONTENT | {"link", "meta", "base", "title"}
_URLS = words("href src poster action formaction data background cite longdesc xlink:href")
_LATE = {"src": ("data-src", "data-lazy-src", "data-original"), "srcset": ("data-srcset", "data-lazy-srcset")}
_SRCSETS = words("srcset imagesrcset")
_BEARER = re.compile(r"\{@(\d+)\}")
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
        nodes = self._nodes(root, root)
        self._bring_drawings(root, nodes)
        without_table(root, self._page.inside(root), nodes, self._cascade.value)
        self._surround(root, nodes[root.index])
        self._only_used_variables(root, list(nodes.values()))
        _number_bearers(nodes[root.index], nodes)
        return nodes[root.index]

    def _nodes(self, top: Element, root: Element) -> dict[int, Node]:
        """The tree at ``top``, by the page's numbers, with the rules of each element."""
        inside = [each for each in self._page.inside(top) if each.tag not in _DROPPED]
        nodes = {each.index: Node(each.tag, self._attrs(each)) for each in inside}
        for element in inside:
            node = nodes[element.index]
            declared = [*hinted(by_depth(element, root)), *self._cascade.declared(element)]
            rules = flatten(element, declared, is_root=element is root)
            node.rules = [rule for rule in rules if all(root.index <= each < root.end for each in _bearers(rule))]
            node.children = list(self._children(element, nodes))
        return nodes

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
        attrs = {name: value for name, value in element.attrs.items() if name != "style"}
        if element.tag in {"img", "source"}:
            attrs |= _late(attrs)
        return {name: _absolute(name, value, self._page.base) for name, value in attrs.items()}

    def _surround(self, root: Element, node: Node) -> None:
        """Put what the root takes from the page before its own rules."""
        own = node.rules[0] if node.rules and _is_base(node.rules[0]) else None
        rest = [
            rule
            if "::" in rule.suffix
            else replace(rule, declarations=self.context.of_condition(root, rule.declarations))
            for rule in (node.rules[1:] if own else node.rules)
        ]
        values = self.context.of_root(root, own.declarations if own else {})
        around = self.context.under_conditions(root, self.context.not_said(root))
        node.rules = [Rule(values), *around, *rest]

    def _only_used_variables(self, root: Element, nodes: list[Node]) -> None:
        """Drop custom properties nothing in the component asks for; bring those that it does and inherits."""
        used = _used([rule.declarations for node in nodes for rule in node.rules])
        brought, asked = self.context.variables(root, sorted(used))
        around = self.context.under_conditions(root, (name for name in asked if not _is_set(nodes[0], name)))
        used.update(asked)
        self.variables |= used
        for node in nodes:
            kept = (self._kept(rule, used) for rule in node.rules)
            node.rules = [rule for rule in kept if rule.declarations]
        self._bring(nodes[0], brought, around)
        self.texts.update(_names(nodes))

    def _bring(self, root: Node, brought: dict[str, str], around: list[Rule]) -> None:
        """Put variables before what the root itself says."""
        own = root.rules.pop(0).declarations if root.rules and _is_base(root.rules[0]) else {}
        values = self.context.scaled(brought) | own
        scaled = (replace(rule, declarations=self.context.scaled(rule.declarations)) for rule in around)
        root.rules[:0] = [*([Rule(values)] if values else []), *scaled]

    def _kept(self, rule: Rule, used: set[str]) -> Rule:
        kept = {name: value for name, value in rule.declarations.items() if not name.startswith("--") or name in used}
        return replace(rule, declarations=self.context.scaled(kept))

    def _bring_drawings(self, root: Element, nodes: dict[int, Node]) -> None:
        """Copy what drawings refer to elsewhere in the page, such as a ``symbol``, into the first of them."""
        home = next((node for node in nodes.values() if node.tag == "svg"), None)
        if home is None:
            return
        copies: list[Node | str] = []
        for each in missing(self._page, dict(nodes)):
            nodes |= self._nodes(each, root)
            copies.append(nodes[each.index])
        home.children[:0] = [Node("defs", children=copies)] if copies else []


def _is_base(rule: Rule) -> bool:
    return not rule.suffix and not rule.conditions


def _is_set(node: Node, name: str) -> bool:
    return any(_is_base(rule) and name in rule.declarations for rule in node.rules)


def _number_bearers(root: Node, nodes: dict[int, Node]) -> None:
    """Let states of other elements name their places in the component."""
    places: dict[int, int] = {}
    rest: list[Node] = [root]
    while rest:
        node = rest.pop()
        places[id(node)] = len(places)
        rest.extend(reversed([child for child in node.children if isinstance(child, Node)]))
    for node in nodes.values():
        rules = (rule for rule in node.rules if all(each in nodes for each in _bearers(rule)))
        node.rules = [_numbered(rule, nodes, places) for rule in rules]


def _numbered(rule: Rule, nodes: dict[int, Node], places: dict[int, int]) -> Rule:
    if not _bearers(rule):
        return rule
    suffix = _BEARER.sub(lambda match: f"{{{places[id(nodes[int(match[1])])]}}}", rule.suffix)
    return replace(rule, suffix=suffix)


def _bearers(rule: Rule) -> list[int]:
    """The page's elements whose state a rule asks for, its own apart."""
    return [int(index) for index in _BEARER.findall(rule.suffix)]


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


def _late(attrs: dict[str, str]) -> dict[str, str]:
    """The addresses of a picture that a script would have loaded when it came into view."""
    found: dict[str, str] = {}
    for name, others in _LATE.items():
        late = next((attrs[other] for other in others if attrs.get(other)), None)
        if late is not None and (not attrs.get(name) or attrs[name].startswith("data:")):
            found[name] = late
    return found


def _absolute(name: str, value: str, base: str) -> str:
    if name in _SRCSETS:
        return _CANDIDATE.sub(lambda m: f"{m[1]}{join(base, m[2])}{m[3] or ''}{m[4]}", value)
    if name not in _URLS or not value.strip() or value.strip().startswith(("#", "data:")):
        return value
    return join(base, value)
