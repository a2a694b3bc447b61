"""React of components, read by the tools it is written for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jobserver.extract import allowed
from jobserver.extract.clean import clean
from jobserver.extract.jsx import react_component
from jobserver.extract.model import Extraction, Format, Node
from jobserver.extract.render import render
from tests.extract import hostile
from tests.extract.make_nodes import a_capture, a_found
from tests.extract.react.tools import Tools

ODD = (Path(__file__).parent / "odd.html").read_text("utf-8").splitlines()
"""What is written in its own way in React, one component a line."""

TOLERATED = (
    "Use the `defaultValue` or `value` props on <select> instead of setting `selected`",  # which cannot tell equal ones
    "Invalid DOM property `%s`. Did you mean `%s`? transform-origin",  # whose other name React 18 does not know
)


def extracted(roots: list[Node | str], flavour: Format) -> Extraction:
    capture = a_capture(*[a_found(root, "card", look=str(place)) for place, root in enumerate(roots)])
    return render(capture, max_components=500, completed_at="", max_result_bytes=9_000_000, flavour=flavour)


@pytest.mark.parametrize("flavour", ["jsx", "tsx"])
def test_every_odd_case_compiles_and_renders_the_document_of_its_html(tools: Tools, flavour: Format):
    problems, said = tools.problems(extracted(list(ODD), flavour))
    assert problems == []
    assert [warning for warning in said if not warning.startswith(TOLERATED)] == []


@pytest.mark.parametrize("react", [18, 19])
def test_typescript_is_accepted_by_the_strict_compiler_as_one_file_and_piece_by_piece(tools: Tools, react: int):
    extraction = extracted(list(ODD), "tsx")
    pieces = {f"{each['componentName']}.tsx": each["reactSnippet"] for each in extraction["components"]}
    assert tools.type_errors({"Components.tsx": extraction["reactFile"], **pieces}, react=react) == ""


def every_attribute(value: str) -> Node:
    """Each attribute that an element may have, each on an element of its own."""
    html = [(tag, name) for tag in allowed.HTML for name in {*allowed.HTML_ATTRIBUTES.get(tag, ()), *allowed.GLOBAL}]
    svg = [(tag, name) for tag in ("path", "use", "a", "title") for name in {*allowed.SVG_ATTRIBUTES, *allowed.GLOBAL}]
    below = Node("svg", {}, [], [Node(tag, {name: value}) for tag, name in sorted(svg)])
    return clean(Node("div", {}, [], [*(Node(tag, {name: value}) for tag, name in sorted(html)), below])).root


@pytest.mark.parametrize("react", [18, 19])
def test_every_attribute_that_may_stand_has_a_type(tools: Tools, react: int):
    sources = {f"X{value}.tsx": react_component(every_attribute(value), "All1", "tsx") for value in ("zz", "1", "true")}
    assert tools.type_errors(sources, react=react) == ""


@settings(max_examples=2, suppress_health_check=list(HealthCheck), deadline=None, phases=[Phase.generate])
@given(st.lists(hostile.nodes, min_size=20, max_size=30))
def test_whatever_the_page_holds_its_react_is_its_html(tools: Tools, roots: list[Node]):
    extraction = extracted(list(roots), "tsx")
    assert tools.problems(extraction)[0] == []
    assert tools.type_errors({"Components.tsx": extraction["reactFile"]}) == ""
