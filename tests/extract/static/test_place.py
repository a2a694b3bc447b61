"""A component alone: what its place in the page did to it, and what is not worth keeping of it."""

from __future__ import annotations

import pytest

from tests.extract.static.make_capture import base, nodes, the

NAV = "<div class=row><nav><a href=x>x</a></nav></div>"


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("nav{position:fixed;top:0;left:0;z-index:9;inset:0;opacity:1}", {"position": "relative", "opacity": "1"}),
        ("nav{position:sticky;top:0}", {"position": "relative"}),
        ("nav{float:left;clear:both}", {}),
        ("nav{flex:1 0 0;order:2;align-self:end;grid-area:a;grid-column:1/3}", {}),
        ("nav{width:calc(100% - 20px);max-width:50%;min-width:9px}",
         {"width": "100%", "max-width": "100%", "min-width": "9px"}),
        (":root{--w:33%} nav{width:var(--w)}", {"width": "100%"}),
        ("nav{width:20rem}", {"width": "20rem"}),
    ],
)  # fmt: skip
async def test_where_a_root_stood_is_dropped(css: str, expected: dict[str, str]):
    declared = base((await the("nav", NAV, css)).root)
    assert {name: declared.get(name) for name in expected} == expected
    assert not {"top", "left", "inset", "z-index", "float", "flex", "order", "grid-area"} & declared.keys()


@pytest.mark.parametrize("css", ["a{float:left}", "a{position:absolute}", ".row{display:grid}"])
async def test_an_inline_root_that_was_a_block_stays_one(css: str):
    assert base((await the("a", "<div class=row><a href=x>x</a></div>", css)).root)["display"] == "flow-root"


@pytest.mark.parametrize(
    ("css", "width"),
    [
        (".row{display:flex}", None),
        (".row{display:flex} button{flex:1}", "100%"),
        (".row{display:flex} button{flex:0 0 auto}", None),
        (".row{display:flex;flex-direction:column}", "100%"),
        (".row{display:flex;flex-direction:column;align-items:center}", None),
        (".row{display:grid}", "100%"),
        (".row{display:grid} button{justify-self:start}", None),
        (".row{display:grid} button{width:9px}", "9px"),
        (".row{display:grid} button{margin-left:auto}", None),
        (".row{display:var(--d);--d:grid}", "100%"),
    ],
)
async def test_a_control_that_its_container_stretches_fills_the_room_it_is_given(css: str, width: str | None):
    assert base((await the("button", "<div class=row><button>x</button></div>", css)).root).get("width") == width


async def test_a_cell_alone_stands_as_a_block_that_looks_like_a_cell():
    html = "<table cellpadding=5><tr><th role=list class=c><p>1</p><p>2</p></table>"
    root = (await the("list", html, ".c{color:red}")).root
    assert root.tag == "div"
    expected = {"display": "flow-root", "padding": "5px", "font-weight": "bold", "text-align": "center", "color": "red"}
    assert expected.items() <= base(root).items()


async def test_a_row_alone_stands_as_a_table_and_what_is_in_a_table_of_its_own_stays():
    html = "<table><tr role=list><td>1<table><tr><td>2</table><td>3</table>"
    found = list(nodes((await the("list", html)).root))
    assert [node.tag for node in found] == ["div", "div", "table", "tbody", "tr", "td", "div"]
    assert [base(node).get("display") for node in (found[0], found[1])] == ["table", "table-cell"]


async def test_a_nested_list_alone_looks_as_it_did_between_the_others():
    html = "<ul><li role=article>x<ul><li>y<ul><li>z</ul></ul></ul>"
    lists = [node for node in nodes((await the("article", html)).root) if node.tag == "ul"]
    assert base(lists[0]) == {"margin-block": "0", "list-style-type": "circle"}
    assert base(lists[1]) == {"list-style-type": "square"}


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        ("<ul><li>{}</ul>", {"margin-block": "0"}),
        ("<dl><dd>{}</dl>", {"margin-block": "0"}),
        ("<div>{}</div>", {}),
    ],
)
async def test_terms_within_a_list_have_no_margins(around: str, expected: dict[str, str]):
    article = "<article><h3>T</h3><p>x</p><dl><dt>a<dd>b</dl></article>"
    terms = [node for node in nodes((await the("article", around.format(article))).root) if node.tag == "dl"]
    assert base(terms[0]) == expected


async def test_an_item_keeps_its_floats_to_itself():
    html = "<div class=row><nav><a href=x>x</a></nav></div>"
    assert base((await the("nav", html, ".row{display:flex} a{float:left}")).root) == {"display": "flow-root"}
    assert base((await the("nav", html, ".row{display:flex} nav{display:grid}")).root) == {"display": "grid"}
    shown_wide = ".row{display:flex} nav{display:none} @media (min-width:600px){nav{display:block}}"
    assert base((await the("nav", html, shown_wide)).root) == {"display": "none"}


async def test_a_share_of_a_row_that_had_its_padding_on_top_has_it_inside_when_it_is_alone():
    assert base((await the("nav", NAV, "nav{width:50%;padding:9px}")).root) == {
        "width": "100%",
        "padding": "9px",
        "box-sizing": "border-box",
    }
