from __future__ import annotations

import pytest

from jobserver.extract.html import to_html
from jobserver.extract.whitespace import tidy
from tests.extract.make_nodes import a_node


def tidied(html: str, **declarations: str) -> str:
    root = a_node(html, **declarations)
    tidy(root)
    return to_html(root)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<ul>\n  <li> a </li>\n  <li>b <b>c</b></li>\n</ul>", "<ul><li>a</li><li>b <b>c</b></li></ul>"),
        ("<div>\n<b>a</b>\n\n<i>b</i>\n</div>", "<div><b>a</b> <i>b</i></div>"),
        ("<div>a\n<p>b</p>\nc</div>", "<div>a<p>b</p>c</div>"),
        ("<button>\n Save  now\n</button>", "<button>Save now</button>"),
        ("<span> <b>a</b> </span>", "<span> <b>a</b> </span>"),
        ("<p>a<b> b</b> c</p>", "<p>a<b> b</b> c</p>"),
        ("<pre>\n\n a  b </pre>", "<pre>\n\n a  b </pre>"),
        ("<p>a&nbsp;&nbsp;b</p>", "<p>a&nbsp;&nbsp;b</p>"),
    ],
)
def test_spaces_that_cannot_be_seen_go_and_others_stay(html: str, expected: str):
    assert tidied(html) == expected


def test_items_of_a_flex_container_need_no_spaces_between_them():
    assert tidied("<p><b>a</b> <b>b</b></p>", display="flex") == "<p><b>a</b><b>b</b></p>"


@pytest.mark.parametrize("value", ["pre", "pre-wrap", "pre-line", "break-spaces", "preserve nowrap"])
def test_nothing_is_touched_where_a_style_shows_spaces(value: str):
    html = "<div> <p> a  b </p> </div>"
    assert tidied(html, white_space=value) == html


def test_spaces_between_inline_blocks_stay_even_in_lists():
    root = a_node("<div><p>a</p> <p>b</p></div>")
    for child in root.children:
        if not isinstance(child, str):
            child.rules += a_node("<p></p>", display="inline-block").rules
    tidy(root)
    assert to_html(root) == "<div><p>a</p> <p>b</p></div>"


def test_a_space_beside_generated_content_stays():
    root = a_node("<p> a</p>")
    root.rules += [type(rule)(rule.declarations, "::before") for rule in a_node("<p></p>", content='"x"').rules]
    tidy(root)
    assert to_html(root) == "<p> a</p>"
