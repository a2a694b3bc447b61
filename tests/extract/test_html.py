from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobserver.extract.html import to_html
from jobserver.extract.model import Node
from tests.extract.make_nodes import a_node

# What a parser leaves as it is: no NUL, no lone surrogates.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
attrs = st.dictionaries(st.sampled_from(["title", "data-x", "aria-label", "alt"]), texts, max_size=3)


@settings(deadline=None)
@given(texts, attrs)
def test_any_text_and_any_value_comes_back_from_a_parser(text: str, attributes: dict[str, str]):
    root = Node("div", attributes, [], [text, Node("b", {}, [], [text]), Node("pre", {}, [], ["\n" + text])])
    assert a_node(to_html(root)) == root


@pytest.mark.parametrize(
    "html",
    [
        '<p class="x">a &amp; b &lt;i&gt;&nbsp;<br>c</p>',
        '<input type="checkbox" checked disabled>',
        "<pre>\n\nx</pre>",
        "<textarea>\n\n&lt;/textarea&gt;</textarea>",
        '<img alt="" src="https://a/?b=1&amp;c=2">',
        '<svg viewBox="0 0 1 1"><linearGradient id="g"></linearGradient></svg>',
        "<table><tbody><tr><td>x</td></tr></tbody></table>",
        '<a title="&quot;&#10;&apos;">x</a>',
    ],
)
def test_structures_a_parser_keeps_make_the_same_tree_again(html: str):
    once = a_node(html)
    again = to_html(once)
    assert a_node(again) == once
    assert to_html(a_node(again)) == again


def test_void_elements_have_no_end_and_others_always_do():
    assert to_html(Node("p", {}, [], [Node("br"), Node("span")])) == "<p><br><span></span></p>"


def test_booleans_are_bare_and_empty_values_are_not():
    assert to_html(Node("input", {"required": "", "placeholder": ""})) == '<input required placeholder="">'


def test_a_line_break_that_a_parser_would_eat_is_written_twice():
    assert to_html(Node("textarea", {}, [], ["\nx"])) == "<textarea>\n\nx</textarea>"
    assert to_html(Node("textarea", {}, [], ["x"])) == "<textarea>x</textarea>"
