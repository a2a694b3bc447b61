"""From what was captured to what is answered: one component per look, and the files of all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from jobserver.extract.component import Rendered, Writer, json_bytes
from jobserver.extract.css import Styled
from jobserver.extract.css_values import safe_value
from jobserver.extract.dedupe import Looks, one_per_look
from jobserver.extract.font_files import JSON_BYTES
from jobserver.extract.head_css import HeadRule, joined, once, read_head, used
from jobserver.extract.jsx import react_file
from jobserver.extract.loadable import without_private
from jobserver.extract.model import Capture, Component, Extraction, Format, Found, Token, Tokens
from jobserver.extract.safe_url import Admits, anywhere, is_loadable
from jobserver.extract.text import cut, one_line, scrub

MAX_TITLE = 300
MAX_TOKENS = 100
"""Of each sort; pages that use more have no design to speak of."""

_LARGEST_SHARE = 4
_FOR_WARNINGS = 500
_FOR_FIDELITY = 64
"""Bytes that verifying adds to a component afterwards."""
_BRIEF_WARNINGS = 5

_FOR_PARENT = 12
"""Bytes of a comma, and of the digits of a parent's number, which were not counted in a component's size."""

_Key = tuple[str, str]
_Fill = Callable[[Extraction, Sequence[Rendered]], Extraction]


def render(
    capture: Capture,
    *,
    max_components: int,
    completed_at: str,
    max_result_bytes: int,
    admits: Admits = anywhere,
    flavour: Format = "jsx",
) -> Extraction:
    """The result of an analyze job, its members in the order of the contract.

    ``max_components``: how many looks at most. ``completed_at``: ISO 8601, as it is to stand in the result.
    ``max_result_bytes``: of the result as compact UTF-8 JSON, with what verifying adds; components are left out from
    the end until it fits, and a warning says so: nothing is ever cut in the middle. ``admits``: hosts that pictures,
    fonts and frames may come from. ``flavour``: React as JavaScript or as TypeScript.
    """
    looks = one_per_look(capture.found, max_components, capture.url)
    texts = list(dict.fromkeys(scrub(text) for text in capture.head_css))
    read = [read_head(text, lambda url: url if is_loadable(url, admits) else None) for text in texts]
    head = once(rule for rule in read if rule)
    indices = {(group.found.kind, group.found.look): index for index, group in enumerate(looks, 1)}
    writer = Writer(head, capture.url, admits, flavour, capture.fonts)
    rendered = [
        writer.write(group, index, list(_around(group.found, capture.found, indices)))
        for index, group in enumerate(looks, 1)
    ]
    draft = Extraction(
        url=scrub(capture.url),
        componentCount=0,
        components=[],
        cssFile="",
        reactFile="",
        completedAt=completed_at,
        title=cut(one_line(capture.title), MAX_TITLE),
        engine=capture.engine,
        warnings=[without_private(one_line(warning), admits) for warning in capture.warnings]
        + _losses(looks, read.count(None), rendered),
        format=flavour,
    )
    if capture.tokens is not None:
        draft["tokens"] = _safe_tokens(capture.tokens)
    if capture.fingerprint is not None:
        draft["fingerprint"] = capture.fingerprint
    # What is kept of the fonts is said in the result afterwards.
    room = max_result_bytes - (JSON_BYTES if capture.fonts else 0)
    return _within(room, draft, rendered, partial(_filled, head, writer.sheet))


def brief(extraction: Extraction) -> dict[str, Any]:
    """The result without its bulk, for chat bots: always under 10 kB."""
    kinds: dict[str, int] = {}
    for component in extraction["components"]:
        kinds[component["kind"]] = kinds.get(component["kind"], 0) + 1
    short = {
        "url": cut(extraction["url"], 2048),
        "componentCount": extraction["componentCount"],
        "completedAt": extraction["completedAt"],
        "title": cut(extraction["title"], 200),
        "engine": extraction["engine"],
        "warnings": [cut(warning, 200) for warning in extraction["warnings"][:_BRIEF_WARNINGS]],
        "format": extraction["format"],
        "kinds": kinds,
    }
    told = ("fidelity", "fingerprint")
    return short | {name: value for name, value in extraction.items() if name in told}


def _around(found: Found, every: Sequence[Found], indices: Mapping[_Key, int]) -> Iterator[int]:
    """The components that stand for what is around an element, the nearest first, itself left out."""
    own, place, last = indices[found.kind, found.look], found.parent, len(every)
    # What is around an element stands before it; anything else would not end.
    while place is not None and 0 <= place < last:
        outer, last = every[place], place
        index = indices.get((outer.kind, outer.look))
        if index is not None and index != own:
            yield index
        place = outer.parent


def _safe_tokens(tokens: Tokens) -> Tokens:
    return Tokens(
        colors=_safe(tokens["colors"]),
        type=_safe(tokens["type"]),
        spacing=_safe(tokens["spacing"]),
        radii=_safe(tokens["radii"]),
        shadows=_safe(tokens["shadows"]),
    )


def _safe(tokens: Sequence[Token]) -> list[Token]:
    values = ((safe_value(scrub(token["value"]), addresses=False), token["count"]) for token in tokens[:MAX_TOKENS])
    return [Token(value=value, count=int(count)) for value, count in values if value]


def _losses(looks: Looks, refused: int, rendered: Sequence[Rendered]) -> list[str]:
    """A sentence for everything that is not in the result."""
    lost = {
        f"Looks left out, as only the first {len(looks)} were asked for": looks.left_out,
        "Declarations left out as unsafe or not understood": sum(each.dropped for each in rendered),
        "Rules for fonts, keyframes or properties left out as unsafe or not understood": refused,
        "Elements left out as they stood too deep": sum(each.cut for each in rendered),
    }
    return [f"{what}: {count}." for what, count in lost.items() if count]


def _within(limit: int, draft: Extraction, rendered: list[Rendered], fill: _Fill) -> Extraction:
    """The draft filled with as many components as fit."""
    kept = [each for each in rendered if each.size <= limit / _LARGEST_SHARE]
    if len(kept) < len(rendered):
        draft["warnings"].append(f"Components left out as too large by themselves: {len(rendered) - len(kept)}.")
    limit -= _FOR_WARNINGS + _FOR_FIDELITY * len(kept)
    full = fill(draft, kept)
    if _most_bytes(full, kept) <= limit or json_bytes(full) <= limit:
        return full
    fits = bisect_right(range(len(kept)), limit, key=lambda count: json_bytes(fill(draft, kept[:count])))
    count = max(fits - 1, 0)
    draft["warnings"].append(f"Components left out at the end as the result was too large: {len(kept) - count}.")
    return fill(draft, kept[:count])


def _most_bytes(full: Extraction, rendered: Sequence[Rendered]) -> int:
    """More than its JSON can take, without writing its components once more."""
    rest = full.copy()
    rest["components"] = []
    return json_bytes(rest) + sum(each.size + _FOR_PARENT for each in rendered)


def _filled(
    head: Sequence[HeadRule], sheet: Callable[[Iterable[Styled]], str], draft: Extraction, rendered: Sequence[Rendered]
) -> Extraction:
    indices = {each.component["index"] for each in rendered}
    components = [_within_a_kept_one(each, indices) for each in rendered]
    rules = sheet(element for each in rendered for element in each.elements)
    header = f"/* {len(components)} components of {draft['url'].replace('*/', '*%2F')} */"
    extraction = draft.copy()
    extraction["componentCount"] = len(components)
    extraction["components"] = components
    extraction["cssFile"] = f"{header}\n\n{joined(used(head, rules), rules)}\n"
    sources = ((each["componentName"], each["reactSnippet"]) for each in components)
    extraction["reactFile"] = react_file(sources, draft["format"])
    return extraction


def _within_a_kept_one(rendered: Rendered, indices: set[int]) -> Component:
    """The component, with the nearest one around it that is in the result for its parent."""
    component = rendered.component.copy()
    if (parent := next((index for index in rendered.parents if index in indices), None)) is not None:
        component["parent"] = parent
    else:
        component.pop("parent", None)
    return component
