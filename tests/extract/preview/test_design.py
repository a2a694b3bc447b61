"""The design of a page: samples of what it uses."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from jobserver.extract.model import Tokens
from jobserver.extract.preview import preview_page
from tests.extract.preview.make_previews import NONCE, an_extraction, the_tokens


def shown(tokens: Tokens) -> LexborHTMLParser:
    extraction = an_extraction()
    extraction["tokens"] = tokens
    return LexborHTMLParser(preview_page(extraction, nonce=NONCE))


def test_colours_are_shown_as_swatches_with_how_often_they_are_used():
    page = shown(the_tokens(colors=[("rgb(13, 110, 253)", 31), ("rgba(0, 0, 0, 0.5)", 2)]))
    tokens = page.css("#design-colors .token")
    assert [token.css("code")[0].text() for token in tokens] == ["#0d6efd", "rgba(0, 0, 0, 0.5)"]
    assert [token.css("small")[0].text() for token in tokens] == ["31", "2"]
    assert tokens[0].attributes["title"] == "rgb(13, 110, 253)"
    assert "#colors-1 i{background-color:rgb(13, 110, 253)}" in page.css("style")[0].text()


def test_type_is_set_in_a_sandboxed_frame_that_has_the_page_s_fonts():
    extraction = an_extraction()
    extraction["tokens"] = the_tokens(type=[('600 16px/24px "Inter"', 9)])
    extraction["cssFile"] = (
        '@font-face {\n  font-family: "Inter";\n  src: url("https://x.example/i.woff2");\n}\n\n.a {\n}\n'
    )
    (frame,) = LexborHTMLParser(preview_page(extraction, nonce=NONCE)).css("#design-type iframe")
    inside = LexborHTMLParser(frame.attributes["srcdoc"] or "")
    assert frame.attributes["sandbox"] in {None, ""}
    assert "i.woff2" in inside.css("style")[1].text()
    assert ".a {" not in inside.css("style")[1].text()
    assert 'font:600 16px/24px "Inter"' in inside.css("style")[0].text()


@pytest.mark.parametrize(
    "value", ["red;color:blue", "red}", "url(//x.example)", "ima\\67 e()", '"', "var(--x)", "expression(1)<", "x:y", ""]
)
def test_a_value_that_could_be_more_than_a_value_is_not_shown(value: str):
    page = shown(the_tokens(colors=[(value, 1), ("rgb(1, 2, 3)", 1)]))
    assert [code.text() for code in page.css("#design-colors code")] == ["#010203"]


def test_a_page_of_many_colours_shows_the_most_frequent_and_says_so():
    page = shown(the_tokens(colors=[(f"rgb(0, 0, {number})", 1) for number in range(90)]))
    assert len(page.css("#design-colors .token")) == 30
    assert page.css("#design-colors h3")[0].text() == "Colours 30 of 90"


def test_the_index_names_the_parts_there_are():
    page = shown(the_tokens(radii=[("8px", 3)]))
    assert [link.attributes["href"] for link in page.css(".side a")][3:] == ["#design-radii"]


def test_without_tokens_there_is_no_such_section():
    page = LexborHTMLParser(preview_page(an_extraction(), nonce=NONCE))
    assert page.css("#design") == shown(the_tokens()).css("#design") == []
