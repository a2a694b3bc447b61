"""From what was captured to what is answered: cleaned, named, written as HTML, CSS and React."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobserver.extract.clean import clean
from jobserver.extract.css import Styled, style_sheet, styled, with_classes
from jobserver.extract.dedupe import Group, Looks, one_per_look
from jobserver.extract.head_css import HeadRule, joined, needed, read_head, used
from jobserver.extract.html import to_html
from jobserver.extract.jsx import component_name, react_component, react_file
from jobserver.extract.model import Box, Capture, Component, Extraction
from jobserver.extract.safe_url import Admits, anywhere, is_loadable
from jobserver.extract.text import cut, one_line, scrub
from jobserver.extract.whitespace import tidy

MAX_OUTER_HTML = 200
MAX_TITLE = 300
_LARGEST_SHARE = 4
_FOR_WARNINGS = 500
_BRIEF_WARNINGS = 5

_INPUT = re.compile(r"""<input\b(?:[^>"']|"[^"]*+"?|'[^']*+'?)*+>?""", re.IGNORECASE)
_SECRET_TYPE = re.compile(r"""\stype\s*=\s*["']?\s*(?:password|hidden)\b""", re.IGNORECASE)
_VALUE = re.compile(r"""(\svalue\s*=\s*)(?:"[^"]*"?|'[^']*'?|[^\s>]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Rendered:
    """A component with what the files for all of them need. ``size``: bytes of its JSON."""

    component: Component
    elements: list[Styled]
    dropped: int
    cut: int
    size: int


def render(
    capture: Capture,
    *,
    max_components: int,
    completed_at: str,
    max_result_bytes: int,
    admits: Admits = anywhere,
) -> Extraction:
    """The result of an analyze job, its members in the order of the contract.

    ``max_components``: how many looks at most. ``completed_at``: ISO 8601, as it is to stand in the result.
    ``max_result_bytes``: of the result as compact UTF-8 JSON; components are left out from the end until it fits, and a
    warning says so: nothing is ever cut in the middle. ``admits``: hosts that pictures, fonts and frames may come from.
    """
    looks = one_per_look(capture.found, max_components, capture.url)
    texts = list(dict.fromkeys(scrub(text) for text in capture.head_css))
    head = [rule for text in texts if (rule := read_head(text, lambda url: url if is_loadable(url, admits) else None))]
    rendered = [_rendered(group, index, head, capture.url, admits) for index, group in enumerate(looks, 1)]
    draft = Extraction(
        url=scrub(capture.url),
        componentCount=0,
        components=[],
        cssFile="",
        reactFile="",
        completedAt=completed_at,
        title=cut(one_line(capture.title), MAX_TITLE),
        engine=capture.engine,
        warnings=[one_line(warning) for warning in capture.warnings] + _losses(looks, len(texts) - len(head), rendered),
    )
    return _within(max_result_bytes, draft, rendered, head)


def brief(extraction: Extraction) -> dict[str, Any]:
    """The result without its bulk, for chat bots: always under 10 kB."""
    kinds: dict[str, int] = {}
    for component in extraction["components"]:
        kinds[component["kind"]] = kinds.get(component["kind"], 0) + 1
    return {
        "url": cut(extraction["url"], 2048),
        "componentCount": extraction["componentCount"],
        "completedAt": extraction["completedAt"],
        "title": cut(extraction["title"], 200),
        "engine": extraction["engine"],
        "warnings": [cut(warning, 200) for warning in extraction["warnings"][:_BRIEF_WARNINGS]],
        "kinds": kinds,
    }


def _losses(looks: Looks, refused: int, rendered: Sequence[_Rendered]) -> list[str]:
    """A sentence for everything that is not in the result."""
    lost = {
        f"Looks left out, as only the first {len(looks)} were asked for": looks.left_out,
        "Declarations left out as unsafe or not understood": sum(each.dropped for each in rendered),
        "Rules for fonts, keyframes or properties left out as unsafe or not understood": refused,
        "Elements left out as they stood too deep": sum(each.cut for each in rendered),
    }
    return [f"{what}: {count}." for what, count in lost.items() if count]


def _rendered(group: Group, index: int, head: Sequence[HeadRule], base: str, admits: Admits) -> _Rendered:
    kind = group.found.kind
    class_name, name = f"gen-{kind}-{index}", component_name(kind, index)
    cleaned = clean(group.found.root, prefix=class_name, base=base, admits=admits)
    tidy(cleaned.root)
    elements = styled(cleaned.root, class_name)
    snippet = with_classes(cleaned.root, elements)
    html = to_html(snippet)
    component = Component(
        index=index,
        kind=kind,
        cleanedHtml=to_html(cleaned.root),
        htmlSnippet=html,
        className=class_name,
        css=_css(elements, head, html),
        reactSnippet=react_component(snippet, name),
        originalOuterHTML=_outer_html(group.found.outer_html),
        count=group.count,
        instances=group.instances,
        selector=scrub(group.found.selector),
        box=_box(group.found.box),
        componentName=name,
    )
    return _Rendered(component, elements, cleaned.dropped, cleaned.cut, _json_bytes(component))


def _css(elements: Sequence[Styled], head: Sequence[HeadRule], html: str) -> str:
    """What the component needs to stand alone."""
    rules = style_sheet(elements)
    return joined(needed(head, rules, html), rules)


def _within(limit: int, draft: Extraction, rendered: list[_Rendered], head: Sequence[HeadRule]) -> Extraction:
    """The draft filled with as many components as fit."""
    kept = [each for each in rendered if each.size <= limit / _LARGEST_SHARE]
    if len(kept) < len(rendered):
        draft["warnings"].append(f"Components left out as too large by themselves: {len(rendered) - len(kept)}.")
    limit -= _FOR_WARNINGS
    full = _filled(draft, kept, head)
    if _json_bytes(full) <= limit:
        return full
    fits = bisect_right(range(len(kept)), limit, key=lambda count: _json_bytes(_filled(draft, kept[:count], head)))
    count = max(fits - 1, 0)
    draft["warnings"].append(f"Components left out at the end as the result was too large: {len(kept) - count}.")
    return _filled(draft, kept[:count], head)


def _filled(draft: Extraction, rendered: Sequence[_Rendered], head: Sequence[HeadRule]) -> Extraction:
    components = [each.component for each in rendered]
    rules = style_sheet(element for each in rendered for element in each.elements)
    header = f"/* {len(components)} components of {draft['url'].replace('*/', '*%2F')} */"
    extraction = draft.copy()
    extraction["componentCount"] = len(components)
    extraction["components"] = components
    extraction["cssFile"] = f"{header}\n\n{joined(used(head, rules), rules)}\n"
    extraction["reactFile"] = react_file((each["componentName"], each["reactSnippet"]) for each in components)
    return extraction


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


def _json_bytes(value: Any) -> int:
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
