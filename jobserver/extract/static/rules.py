"""Style sheets read into rules: conditions, layers, nesting and imports in their order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import tinycss2

from jobserver.extract.static import media
from jobserver.extract.static.selector import nest, split
from jobserver.extract.static.sheet import Block, Sheet, StyleRule, Stylesheet, chunks, import_url, text_of
from jobserver.extract.static.states import Selector, read
from jobserver.extract.static.values import join, serialize

MAX_RULES = 100_000
"""Selectors kept of all sheets together."""
_LAST = 1 << 30
"""A rule stands after all layers inside its own layer."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What surrounds a rule."""

    sheet: Sheet
    conditions: tuple[str, ...] = ()
    layer: tuple[str, ...] = ()
    parents: tuple[str, ...] | None = None

    def under(self, condition: str) -> _Place:
        """The same place inside a conditional rule."""
        return replace(self, conditions=(*self.conditions, condition))


def read_sheets(sheets: list[Sheet], names: set[str] | None = None) -> Stylesheet:
    """The rules of ``sheets`` in their order; those that need a name that is not in ``names`` are left out."""
    reader = _Reader(names)
    for sheet in sheets:
        reader.read(sheet)
    return reader.result


class _Reader:
    def __init__(self, names: set[str] | None) -> None:
        self.result = Stylesheet()
        self._names = names
        self._order = count()
        self._layers: dict[tuple[str, ...], int] = {}
        self._at_rules = {
            "media": self._media,
            "supports": self._supports,
            "container": self._container,
            "layer": self._layer,
            "import": self._import,
            "font-face": self._font_face,
            "keyframes": self._keyframes,
            "-webkit-keyframes": self._keyframes,
            "property": self._property,
        }

    def read(self, sheet: Sheet) -> None:
        place = self._conditioned(_Place(sheet), sheet.media)
        if place is not None:
            self._sheet(place)

    def _sheet(self, place: _Place) -> None:
        for chunk in chunks(place.sheet.text):
            try:
                self._rules(tinycss2.parse_stylesheet(chunk, skip_comments=True, skip_whitespace=True), place)
            except RecursionError:
                self._warn("A part of a style sheet is nested too deeply; it was left out.")

    def _rules(self, rules: list[Any], place: _Place) -> None:
        for rule in rules:
            if rule.type == "qualified-rule":
                self._style(rule, place)
            elif rule.type == "at-rule" and (take := self._at_rules.get(rule.lower_at_keyword)):
                take(rule, place)

    def _style(self, rule: Any, place: _Place) -> None:
        groups = split(rule.prelude)
        if place.parents is not None:
            groups = [nested for group in groups for nested in nest(group, list(place.parents))]
        alive = [(group, selectors) for group in groups if (selectors := self._alive(group))]
        if not alive:
            return
        found = [selector for _, selectors in alive for selector in selectors]
        if any(token.type == "{} block" for token in rule.content):
            parents = tuple(tinycss2.serialize(group) for group, _ in alive)
            self._nested(rule.content, found, replace(place, parents=parents))
        else:
            self._add(found, Block(rule.content, place.sheet.base), place)

    def _alive(self, group: list[Any]) -> list[Selector]:
        return [each for each in read(group) if self._names is None or each.needs <= self._names]

    def _nested(self, content: list[Any], selectors: list[Selector], place: _Place) -> None:
        """Declarations of the rule itself, then the rules inside it."""
        self._add(selectors, Block(content, place.sheet.base), place)
        inner = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
        self._rules([each for each in inner if each.type == "qualified-rule"], place)
        self._rules([each for each in inner if each.type == "at-rule"], place)

    def _add(self, selectors: list[Selector], block: Block, place: _Place) -> None:
        if len(self.result.rules) + len(selectors) > MAX_RULES:
            self._warn(f"The page has more than {MAX_RULES:,} style rules; the rest was left out.")
            return
        layer, order = self._layer_key(place.layer), next(self._order)
        for selector in selectors:
            self.result.rules.append(StyleRule(selector, block, place.conditions, layer, order))

    def _inside(self, rule: Any, place: _Place) -> None:
        """The rules of a conditional rule; inside a style rule its declarations are the parent's."""
        if place.parents is None:
            self._rules(tinycss2.parse_rule_list(rule.content or [], skip_comments=True, skip_whitespace=True), place)
            return
        own = [each for parent in place.parents for each in self._alive(tinycss2.parse_component_value_list(parent))]
        self._nested(rule.content or [], own, place)

    def _media(self, rule: Any, place: _Place) -> None:
        inner = self._conditioned(place, text_of(rule.prelude))
        if inner is not None:
            self._inside(rule, inner)

    def _conditioned(self, place: _Place, query: str) -> _Place | None:
        """The place inside a media query; None where no screen ever is."""
        if media.always(query):
            return place
        return None if media.never(query) else place.under(f"@media {query}")

    def _supports(self, rule: Any, place: _Place) -> None:
        if media.supports(rule.prelude):
            self._inside(rule, place)

    def _container(self, rule: Any, place: _Place) -> None:
        self._inside(rule, place.under(f"@container {text_of(rule.prelude)}"))

    def _layer(self, rule: Any, place: _Place) -> None:
        names = [name.strip() for name in text_of(rule.prelude).split(",")]
        paths = [self._layer_path(place.layer, name) for name in names]
        if rule.content is not None:
            self._inside(rule, replace(place, layer=paths[0]))

    def _layer_path(self, outer: tuple[str, ...], name: str) -> tuple[str, ...]:
        """The layer ``a.b`` inside ``outer``, which has its rank from now on; one without a name is a new one."""
        path = (*outer, *(name.split(".") if name else [f" {len(self._layers)}"]))
        for depth in range(1, len(path) + 1):
            self._layers.setdefault(path[:depth], len(self._layers))
        return path

    def _layer_key(self, path: tuple[str, ...]) -> tuple[int, ...]:
        return (*(self._layers[path[:depth]] for depth in range(1, len(path) + 1)), _LAST)

    def _import(self, rule: Any, place: _Place) -> None:
        sheet = place.sheet.imports.get(join(place.sheet.base, import_url(rule.prelude)))
        rest = [token for token in rule.prelude if token.type not in {"string", "url", "comment"}]
        if sheet is None or any(
            each.type == "function" and each.lower_name == "supports" and not media.supports(each.arguments)
            for each in rest
        ):
            return
        layers = [text_of(each.arguments) for each in rest if each.type == "function" and each.lower_name == "layer"]
        layers += ["" for each in rest if each.type == "ident" and each.lower_value == "layer"]
        layer = self._layer_path(place.layer, layers[0]) if layers else place.layer
        query = [each for each in rest if not _of_import(each)]
        inner = self._conditioned(replace(place, sheet=sheet, layer=layer), text_of(query))
        if inner is not None:
            self._sheet(inner)

    def _font_face(self, rule: Any, place: _Place) -> None:
        block = Block(rule.content or [], place.sheet.base)
        family = next((value for name, value, _ in block.declarations if name == "font-family"), "")
        body = ";".join(f"{name}:{value}" for name, value, _ in block.declarations)
        self.result.fonts.append((family.strip("\"'").lower(), _wrapped(f"@font-face{{{body}}}", place.conditions)))

    def _keyframes(self, rule: Any, place: _Place) -> None:
        name = text_of(rule.prelude).strip("\"'")
        body = serialize(rule.content or [], place.sheet.base)
        self.result.keyframes[name] = _wrapped(f"@keyframes {name}{{{body}}}", place.conditions)

    def _property(self, rule: Any, place: _Place) -> None:
        declared = {name: value for name, value, _ in Block(rule.content or [], place.sheet.base).declarations}
        body = ";".join(f"{name}:{value}" for name, value in declared.items())
        name = text_of(rule.prelude)
        self.result.properties[name] = (f"@property {name}{{{body}}}", declared.get("inherits") == "true")

    def _warn(self, sentence: str) -> None:
        if sentence not in self.result.warnings:
            self.result.warnings.append(sentence)


def _of_import(token: Any) -> bool:
    """Whether the token is the layer, feature condition or address of an import rather than its media query."""
    if token.type == "ident":
        return str(token.lower_value) == "layer"
    return token.type == "function" and token.lower_name in {"layer", "supports", "url"}


def _wrapped(rule: str, conditions: tuple[str, ...]) -> str:
    for condition in reversed(conditions):
        rule = f"{condition}{{{rule}}}"
    return rule
