"""Makes a component safe: a new tree with allowed elements, attributes, addresses and styles only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Self

from jobserver.extract import allowed
from jobserver.extract.clean_attributes import Attributes
from jobserver.extract.css_rules import checking, safe_rule
from jobserver.extract.ids import Ids, refers
from jobserver.extract.model import Node, Rule
from jobserver.extract.nesting import make_parseable
from jobserver.extract.once import Once
from jobserver.extract.safe_url import Admits, anywhere
from jobserver.extract.text import scrub

MAX_DEPTH = 120
"""Levels of elements; browsers cut at 512, and no component a person wrote comes near."""

_PLACE = re.compile(r"\{(\d+)\}")


@dataclass(slots=True)
class Cleaned:
    """A safe component. ``dropped``: declarations that were refused. ``cut``: elements left out for their depth.

    Elements of one style share one list of rules, with those of other components too: nobody may change it in place.
    """

    root: Node
    dropped: int = 0
    cut: int = 0


@dataclass(frozen=True, slots=True)
class SafeStyle:
    """The rules of an element that may stay.

    ``dropped``: declarations that were refused. ``refers``: whether one of its rules does, see `ids.refers`.
    ``places``: whether the suffix of one names elements.
    """

    rules: list[Rule]
    dropped: int
    refers: bool
    places: bool

    @classmethod
    def of(cls, rules: list[Rule], check: Callable[[Rule], Rule | None]) -> Self:
        """The style of ``rules``, each as ``check`` has it."""
        safe = [(rule, check(rule)) for rule in rules]
        dropped = sum(len(rule.declarations) - len(new.declarations if new else ()) for rule, new in safe)
        places = any("{" in rule.suffix for rule in rules)
        return cls([new for _, new in safe if new], dropped, any(map(refers, rules)), places)


class SafeRules:
    """The rules of one page as `safe_rule` has them: most stand on many elements, and are checked once.

    ``admits``: hosts that may be asked without a click. Not for those that refer to elements: see `refers`.
    ``rule``: a rule, or one that is equal. ``style``: all of an element, by their list.
    """

    def __init__(self, admits: Admits = anywhere) -> None:
        check = checking(Attributes(Ids({}), "", admits).in_css)
        rule = self.rule = cache(lambda rule: safe_rule(rule, check))
        self.style = Once[list[Rule], SafeStyle](lambda rules: SafeStyle.of(rules, rule))


def clean(
    root: Node, *, prefix: str = "", base: str = "", admits: Admits = anywhere, rules: SafeRules | None = None
) -> Cleaned:
    """The component without anything that runs, frames, tracks or leaks.

    ``prefix`` is put before the ids that are kept; ``base`` resolves relative addresses; ``admits``: hosts that may be
    asked without a click. ``rules``: what other components of the page have asked already, for the same ``admits``. In
    suffixes of rules, ``{n}`` (the component's n-th element in document order, its root being 0) is renumbered for the
    new tree.
    """
    attributes = Attributes(Ids.of(root, prefix), base, admits)
    cleaner = _Cleaner(attributes, _styles(attributes, SafeRules(admits) if rules is None else rules))
    cleaner.walk(root, depth=0, in_svg=False)
    new = cleaner.made or [Node("span")]
    cleaner.renumber()
    make_parseable(new[0])
    return Cleaned(new[0], cleaner.dropped, cleaner.cut)


@dataclass(slots=True)
class _Cleaner:
    """One pass over one component, in document order."""

    attributes: Attributes
    style: Callable[[list[Rule]], SafeStyle]
    dropped: int = 0
    cut: int = 0
    made: list[Node] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    placed: list[Node] = field(default_factory=list)
    seen: int = 0

    def walk(self, node: Node, *, depth: int, in_svg: bool) -> Node | None:
        """The safe copy of a node, or None when nothing of it may stay."""
        place, self.seen = self.seen, self.seen + 1
        in_svg = in_svg or node.tag.lower() == "svg"
        tag = safe_tag(node.tag, in_svg=in_svg)
        if tag is None or depth >= MAX_DEPTH:
            self._skip(node)
            self.cut += self.seen - place if depth >= MAX_DEPTH else 0
            return None
        style = self.style(node.rules)
        self.dropped += style.dropped
        new = Node(tag, self.attributes.of(tag, node.attrs, in_svg=in_svg), style.rules)
        if style.places:
            self.placed.append(new)
        self.places[place] = len(self.made)
        self.made.append(new)
        self._children(node, new, depth=depth, in_svg=in_svg)
        return new

    def renumber(self) -> None:
        """Let suffixes name the new tree's elements; a rule that names a removed one goes."""
        for node in self.placed:
            node.rules = [new for rule in node.rules if (new := self._renumbered(rule))]

    def _children(self, node: Node, new: Node, *, depth: int, in_svg: bool) -> None:
        if new.tag in allowed.TEXT_ONLY:
            new.children = [text] if (text := _text(node)) else []
        if new.tag in allowed.TEXT_ONLY or new.tag in allowed.EMPTY:
            self._skip(node)
            return
        for child in node.children:
            safe = scrub(child) if isinstance(child, str) else self.walk(child, depth=depth + 1, in_svg=in_svg)
            if isinstance(safe, str) and new.children and isinstance(new.children[-1], str):
                # Two texts in a row are one to every parser, and would gain a space in JSX.
                new.children[-1] += safe
            elif safe:
                new.children.append(safe)

    def _skip(self, node: Node) -> None:
        """Count the elements below, so that places stay right."""
        rest = [child for child in node.children if isinstance(child, Node)]
        while rest:
            self.seen += 1
            rest.extend(child for child in rest.pop().children if isinstance(child, Node))

    def _renumbered(self, rule: Rule) -> Rule | None:
        if "{" not in rule.suffix:
            return rule
        named = [int(number) for number in _PLACE.findall(rule.suffix)]
        if not all(number in self.places for number in named):
            return None
        suffix = _PLACE.sub(lambda match: f"{{{self.places[int(match[1])]}}}", rule.suffix)
        return Rule(rule.declarations, suffix, rule.conditions)


def _styles(attributes: Attributes, page: SafeRules) -> Callable[[list[Rule]], SafeStyle]:
    """How one component's styles are checked: those that may name an element of it anew, with its own ids."""
    if not attributes.ids.kept:
        return page.style
    check = checking(attributes.in_css)
    own = Once[Rule, Rule | None](lambda rule: safe_rule(rule, check) if refers(rule) else page.rule(rule))
    owned = Once[list[Rule], SafeStyle](lambda rules: SafeStyle.of(rules, own))
    return lambda rules: owned(rules) if page.style(rules).refers else page.style(rules)


def safe_tag(tag: str, *, in_svg: bool = False) -> str | None:
    """The element that may stand for this one, or None when it must go with all it holds.

    In SVG, what is not on its list goes; in HTML it becomes a ``span`` or ``div``: its content is what counts.
    """
    lower = tag.lower()
    if in_svg:
        return allowed.SVG.get(lower)
    if lower in allowed.REMOVED:
        return None
    if lower in allowed.HTML:
        return lower
    return "div" if lower in allowed.BLOCKS else "span"


def _text(node: Node) -> str:
    """All text below, tags left away."""
    parts: list[str] = []
    rest: list[Node | str] = [node]
    while rest:
        part = rest.pop()
        if isinstance(part, str):
            parts.append(part)
        elif part is node or safe_tag(part.tag) is not None:
            rest.extend(reversed(part.children))
    return scrub("".join(parts))
