"""Writes one component: cleaned, named, as HTML, CSS and React, with what can be told about it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jobserver.extract.clean import Cleaned, SafeRules, clean
from jobserver.extract.css import ShortStyles, Styled, block, style_sheet, styled, with_classes
from jobserver.extract.css_merge import variables_in, variables_of, without_unused_variables
from jobserver.extract.dedupe import Group
from jobserver.extract.facts import breakpoints, fonts, states
from jobserver.extract.font_files import Loaded, families_at_home
from jobserver.extract.head_css import HeadRule, joined, needed, too_long
from jobserver.extract.html import to_html
from jobserver.extract.jsx import component_name, react_component
from jobserver.extract.model import Box, Component, Format
from jobserver.extract.once import Once
from jobserver.extract.safe_url import Admits, anywhere
from jobserver.extract.text import cut, one_line, scrub
from jobserver.extract.walk import styles_of
from jobserver.extract.whitespace import Flow, tidy

MAX_OUTER_HTML = 200
MAX_WARNING = 300
MAX_WARNINGS = 10

_INPUT = re.compile(r"""<input\b(?:[^>"']|"[^"]*+"?|'[^']*+'?)*+>?""", re.IGNORECASE)
_SECRET_TYPE = re.compile(r"""\stype\s*=\s*["']?\s*(?:password|hidden)\b""", re.IGNORECASE)
_VALUE = re.compile(r"""(\svalue\s*=\s*)(?:"[^"]*"?|'[^']*'?|[^\s>]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A component with what the files for all of them need.

    ``component``: its ``parent`` is set, or taken away, when it is known which components are in the result.
    ``parents``: indices of the components around it, the nearest first. ``dropped``: declarations that were refused.
    ``cut``: elements left out for their depth. ``size``: bytes of its JSON.
    """

    component: Component
    parents: Sequence[int]
    elements: list[Styled]
    dropped: int
    cut: int
    size: int


class Writer:
    """How the components of one page are written; what they have in common is made once.

    ``head``: the page's checked rules for fonts, keyframes and properties. ``base`` resolves relative addresses.
    ``admits``: hosts that pictures, fonts and frames may come from. ``flavour``: how React is written.
    ``loaded``: the font files that the page has loaded, and which of them others may load.
    """

    def __init__(
        self,
        head: Sequence[HeadRule] = (),
        base: str = "",
        admits: Admits = anywhere,
        flavour: Format = "jsx",
        loaded: Loaded | None = None,
    ) -> None:
        self._head = head
        self._base = base
        self._admits = admits
        self._flavour = flavour
        self._loaded = loaded or {}
        self._safe_rules = SafeRules(admits)
        self._short = ShortStyles()
        self._flow = Once(Flow.of)
        self._variables = Once(variables_of)
        self._block = Once(block)
        self._asked_in_frames = variables_in(rule.text for rule in head if rule.kind == "keyframes")

    def write(self, group: Group, index: int, parents: Sequence[int] = ()) -> Rendered:
        """The component that stands for one look. ``index``: its number in the result, from 1."""
        class_name = f"gen-{group.found.kind}-{index}"
        how = {"prefix": class_name, "base": self._base}
        cleaned = clean(group.found.root, **how, admits=self._admits, rules=self._safe_rules)
        tidy(cleaned.root, self._flow)
        without_unused_variables(cleaned.root, self._asked_in_frames, self._variables)
        elements = styled(cleaned.root, class_name, self._short)
        component = self._component(group, index, cleaned, elements)
        return Rendered(component, parents, elements, cleaned.dropped, cleaned.cut, json_bytes(component))

    def sheet(self, elements: Iterable[Styled]) -> str:
        """The rules of elements that were written here."""
        return style_sheet(elements, self._block)

    def _component(self, group: Group, index: int, cleaned: Cleaned, elements: list[Styled]) -> Component:
        found, name = group.found, component_name(group.found.kind, index)
        snippet = with_classes(cleaned.root, elements)
        html, rules = to_html(snippet), self.sheet(elements)
        head = needed(self._head, rules, html)
        every = [rule for rules in styles_of(elements) for rule in rules]
        return Component(
            index=index,
            kind=found.kind,
            cleanedHtml=to_html(cleaned.root),
            htmlSnippet=html,
            className=elements[0].class_name,
            css=joined(head, rules),
            reactSnippet=react_component(snippet, name, self._flavour),
            originalOuterHTML=_outer_html(found.outer_html),
            count=group.count,
            instances=group.instances,
            selector=scrub(found.selector),
            box=_box(found.box),
            componentName=name,
            parent=0,
            mode=found.mode,
            states=states(every),
            breakpoints=breakpoints(every),
            fonts=fonts(every, _faces(head)),
            warnings=_warnings([*found.warnings[:MAX_WARNINGS], *self._missing(head, rules)]),
        )

    def _missing(self, head: Sequence[HeadRule], rules: str) -> list[str]:
        long = too_long(self._head, rules)
        too = [f"Too long for its css, and in cssFile only: {', '.join(long)}."] if long else []
        return [*_fonts_at_home(head, self._loaded), *too]


def json_bytes(value: Any) -> int:
    """Its size as compact UTF-8 JSON."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def _warnings(sentences: Sequence[str]) -> list[str]:
    return [cut(one_line(sentence), MAX_WARNING) for sentence in sentences]


def _fonts_at_home(head: Sequence[HeadRule], loaded: Loaded) -> list[str]:
    families = families_at_home(joined(head, ""), loaded) if loaded else []
    return [f"Only the page's own site may load the files of its font: {', '.join(families)}."] if families else []


def _faces(head: Sequence[HeadRule]) -> Collection[str]:
    return {rule.name for rule in head if rule.kind == "font-face"}


def _outer_html(outer_html: str) -> str:
    """The beginning of the element as the page has it, without the values of password and hidden inputs."""
    text = _INPUT.sub(_without_secret, scrub(outer_html))
    return text if len(text) <= MAX_OUTER_HTML else f"{text[:MAX_OUTER_HTML]}..."


def _without_secret(match: re.Match[str]) -> str:
    return _VALUE.sub(r'\1""', match[0]) if _SECRET_TYPE.search(match[0]) else match[0]


def _box(box: Box | None) -> dict[str, float] | None:
    if box is None:
        return None
    sides = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    return {side: round(value, 2) for side, value in sides.items()} if all(map(math.isfinite, sides.values())) else None
