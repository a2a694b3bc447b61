"""One style sheet read into a list: its rules with their conditions, layers and nesting, whatever page they are for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import tinycss2

from jobserver.extract.static import media
from jobserver.extract.static.selector import nest, split
from jobserver.extract.static.sheet import Block, chunks, import_url, text_of
from jobserver.extract.static.states import Selector, read
from jobserver.extract.static.values import join, serialize

Conditions = tuple[str, ...]
Path = tuple[str, ...]
"""A layer's name in its parts; one without a name has a number behind a space, of its own in its sheet."""


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a rule in its sheet."""

    conditions: Conditions = ()
    layer: Path = ()
    parents: tuple[str, ...] | None = None
    scope: tuple[str, ...] = ()

    def under(self, condition: str) -> Around:
        """The same place inside a conditional rule."""
        return replace(self, conditions=(*self.conditions, condition))


@dataclass(frozen=True, slots=True)
class Style:
    """Selectors that share a block."""

    selectors: tuple[Selector, ...]
    block: Block
    around: Around


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers get their rank where they are first named."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """The sheet at ``url`` stands here."""

    url: str
    around: Around


@dataclass(frozen=True, slots=True)
class Named:
    """A ``font-face`` (by family, in lower case), ``keyframes`` or ``property`` rule. ``inherits``: of a property."""

    kind: str
    name: str
    rule: str
    conditions: Conditions
    inherits: bool = False


Entry = Style | Layers | Import | Named


@dataclass(frozen=True, slots=True)
class Outline:
    """A sheet's entries in order. ``warnings``: what of it was left out."""

    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def outline(text: str, base: str, max_selectors: int) -> Outline:
    """Read ``text``; relative URLs in it are joined to ``base``; what comes after ``max_selectors`` is left out."""
    reader = _Reader(base, max_selectors)
    for chunk in chunks(text):
        reader.read(chunk)
    return reader.result


class _Reader:
    def __init__(self, base: str, max_selectors: int) -> None:
        self.result = Outline()
        self._base = base
        self._left = max_selectors
        self._nameless = 0
        self._at_rules = {
            "media": self._media,
            "supports": self._supports,
            "container": self._container,
            "scope": self._scope,
            "layer": self._layer,
            "import": self._import,
            "font-face": self._font_face,
            "keyframes": self._keyframes,
            "-webkit-keyframes": self._keyframes,
            "property": self._property,
        }

    def read(self, chunk: str) -> None:
        self._rules(tinycss2.parse_stylesheet(chunk, skip_comments=True, skip_whitespace=True), Around())

    def _rules(self, rules: list[Any], around: Around) -> None:
        for rule in rules:
            try:
                self._rule(rule, around)
            except RecursionError:  # it alone is lost, not what stands around it
                self._warn("A part of a style sheet is nested too deeply; it was left out.")

    def _rule(self, rule: Any, around: Around) -> None:
        if rule.type == "qualified-rule":
            self._style(rule, around)
        elif rule.type == "at-rule" and (take := self._at_rules.get(rule.lower_at_keyword)):
            take(rule, around)

    def _style(self, rule: Any, around: Around) -> None:
        groups = split(rule.prelude)
        if around.parents is not None:
            groups = [nested for group in groups for nested in nest(group, list(around.parents))]
        read_groups = [(group, read(_scoped(group, around.scope))) for group in groups]
        found = [selector for _, selectors in read_groups for selector in selectors]
        if not any(token.type == "{} block" for token in rule.content):
            self._add(found, rule.content, around)
            return
        parents = tuple(tinycss2.serialize(group) for group in groups)
        self._nested(rule.content, found, replace(around, parents=parents))

    def _nested(self, content: list[Any], selectors: list[Selector], around: Around) -> None:
        """Declarations and the rules between them, in their order (CSS Nesting 1, section 4)."""
        own: list[Any] = []
        for each in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
            if each.type == "declaration":
                own.append(each)
                continue
            if each.type in {"qualified-rule", "at-rule"}:
                self._add_declarations(selectors, own, around)
                own = []
                self._rules([each], around)
        self._add_declarations(selectors, own, around)

    def _add_declarations(self, selectors: list[Selector], declarations: list[Any], around: Around) -> None:
        if declarations:
            text = ";".join(each.serialize() for each in declarations)
            self._add(selectors, tinycss2.parse_component_value_list(text), around)

    def _add(self, selectors: list[Selector], content: list[Any], around: Around) -> None:
        if not selectors:
            return
        self._left -= len(selectors)
        if self._left < 0:
            self._warn("A style sheet has too many selectors; the rest was left out.")
            return
        self.result.entries.append(Style(tuple(selectors), Block(content, self._base), around))

    def _inside(self, rule: Any, around: Around) -> None:
        """The rules of a conditional rule; inside a style rule its declarations are the parent's."""
        content = rule.content or []
        if around.parents is None:
            self._rules(tinycss2.parse_rule_list(content, skip_comments=True, skip_whitespace=True), around)
            return
        parents = (tinycss2.parse_component_value_list(parent) for parent in around.parents)
        own = [each for parent in parents for each in read(_scoped(parent, around.scope))]
        self._nested(content, own, around)

    def _media(self, rule: Any, around: Around) -> None:
        inner = conditioned(around, text_of(rule.prelude))
        if inner is not None:
            self._inside(rule, inner)

    def _supports(self, rule: Any, around: Around) -> None:
        if media.supports(rule.prelude):
            self._inside(rule, around)

    def _container(self, rule: Any, around: Around) -> None:
        self._inside(rule, around.under(f"@container {text_of(rule.prelude)}"))

    def _scope(self, rule: Any, around: Around) -> None:
        """The root of a scope alone; its lower boundary and its proximity are not looked at (CSS Cascade 6)."""
        start = next((token.content for token in rule.prelude if token.type == "() block"), None)
        if start is None or any(token.type == "ident" for token in rule.prelude):
            return
        roots = tuple(str(tinycss2.serialize(group)) for group in split(start))
        self._inside(rule, replace(around, scope=roots[:1] if len(roots) == 1 else (f":is({','.join(roots)})",)))

    def _layer(self, rule: Any, around: Around) -> None:
        paths = tuple(self._path(around.layer, name.strip()) for name in text_of(rule.prelude).split(","))
        self.result.entries.append(Layers(paths))
        if rule.content is not None:
            self._inside(rule, replace(around, layer=paths[0]))

    def _path(self, outer: Path, name: str) -> Path:
        self._nameless += not name
        return (*outer, *(name.split(".") if name else [f" {self._nameless}"]))

    def _import(self, rule: Any, around: Around) -> None:
        rest = [token for token in rule.prelude if token.type not in {"string", "url", "comment"}]
        functions = [each for each in rest if each.type == "function"]
        if any(each.lower_name == "supports" and not media.supports(each.arguments) for each in functions):
            return
        layers = [text_of(each.arguments) for each in functions if each.lower_name == "layer"]
        layers += ["" for each in rest if each.type == "ident" and each.lower_value == "layer"]
        if layers:
            around = replace(around, layer=self._path(around.layer, layers[0]))
            self.result.entries.append(Layers((around.layer,)))
        inner = conditioned(around, text_of([each for each in rest if not _of_import(each)]))
        if inner is not None:
            self.result.entries.append(Import(join(self._base, import_url(rule.prelude)), inner))

    def _font_face(self, rule: Any, around: Around) -> None:
        declarations = Block(rule.content or [], self._base).declarations
        family = next((value for name, value, _ in declarations if name == "font-family"), "")
        body = ";".join(f"{name}:{value}" for name, value, _ in declarations)
        self._named("font-face", family.strip("\"'").lower(), f"@font-face{{{body}}}", around)

    def _keyframes(self, rule: Any, around: Around) -> None:
        name = text_of(rule.prelude).strip("\"'")
        body = serialize(rule.content or [], self._base)
        self._named("keyframes", name, f"@keyframes {name}{{{body}}}", around)

    def _property(self, rule: Any, around: Around) -> None:
        declared = {name: value for name, value, _ in Block(rule.content or [], self._base).declarations}
        body = ";".join(f"{name}:{value}" for name, value in declared.items())
        name = text_of(rule.prelude)
        inherits = declared.get("inherits") == "true"
        self._named("property", name, f"@property {name}{{{body}}}", around, inherits=inherits)

    def _named(self, kind: str, name: str, rule: str, around: Around, *, inherits: bool = False) -> None:
        self.result.entries.append(Named(kind, name, rule, around.conditions, inherits))

    def _warn(self, sentence: str) -> None:
        if sentence not in self.result.warnings:
            self.result.warnings.append(sentence)


def conditioned(around: Around, query: str) -> Around | None:
    """The place inside a media query; None where no screen ever is."""
    if media.always(query):
        return around
    return None if media.never(query) else around.under(f"@media {query}")


def _scoped(group: list[Any], scope: tuple[str, ...]) -> list[Any]:
    """A selector of a scoped rule, whose subject is in the scope or is its root."""
    if not scope:
        return group
    text = str(tinycss2.serialize(group))
    root = f":where({scope[0]})"
    if ":scope" in text or "&" in text:
        return list(tinycss2.parse_component_value_list(text.replace(":scope", root).replace("&", root)))
    return list(tinycss2.parse_component_value_list(f":where({scope[0]}, {scope[0]} *){text}" if _may_follow(text)
                                                    else f"{text}:where({scope[0]}, {scope[0]} *)"))  # fmt: skip


def _may_follow(text: str) -> bool:
    return text[:1] in {".", "#", "[", ":"} and not text.startswith("::") and not any(sign in text for sign in " >+~")


def _of_import(token: Any) -> bool:
    """Whether the token is the layer, feature condition or address of an import rather than its media query."""
    if token.type == "ident":
        return str(token.lower_value) == "layer"
    return token.type == "function" and token.lower_name in {"layer", "supports", "url"}
