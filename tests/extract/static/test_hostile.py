"""Pages that are made to break a reader."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobserver.extract.static.page import MAX_DEPTH, Page
from jobserver.extract.static.rules import read_sheets
from jobserver.extract.static.sheet import Sheet
from tests.extract.static.make_capture import URL, base, capture, kinds, the

BUTTON = '<button class="a">x</button>'


@pytest.mark.parametrize(
    "html",
    [
        BUTTON + "<div>" * 100_000,
        BUTTON + "<b>" * 20_000,
        BUTTON + "<svg>" * 20_000,
        f'{BUTTON}<p title="{"x" * 2_000_000}">',
        f"{BUTTON}<p {'a ' * 50_000}>",
        f'{BUTTON}<p class="{"a " * 50_000}">',
        BUTTON + "\0\ufffe<\0p>&#0;&#xD800;",
        BUTTON + "<noscript>" * 50_000,
        BUTTON + "<!--" * 50_000,
        f'{BUTTON}<base href="http://[">',
        f'{BUTTON}<img src="http://[" srcset="http://[ 1x,,,">',
        f'{BUTTON}<p style="top:{"(" * 50_000}">',
        f'<svg id=s><use href="#s"/></svg>{BUTTON}',
    ],
    ids=lambda html: html[26:40],
)
async def test_a_hostile_page_is_read_in_bounded_time(html: str):
    started = time.monotonic()
    captured = await capture(html, ".a{color:red}")
    assert "button" in kinds(captured)
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "css",
    [
        "}}}} ; ",
        "@media {{{ ",
        ".a{" * 20_000,
        "(" * 50_000 + "{}",
        ":not(" * 20_000 + "a{}",
        ":is(.a," * 3_000 + ".a" + ")" * 3_000 + "{top:1px}",
        "x" * 100_000 + "{top:1px}",
        ".a{--x:" + "(" * 20_000,
        ".a{width:calc" + "(" * 20_000,
        ".a{color:red;top:" + "[" * 20_000 + "]" * 20_000,
        "@layer " + "a." * 5_000 + "b{.a{top:1px}}",
        "@supports " + "(" * 5_000 + ")" * 5_000 + "{.a{display:block}}",
        "@media " + "(" * 5_000 + ")" * 5_000 + "{.a{display:block}}",
        "\0\ud800\\",
        "@import;@import url(;",
        ".x{&" * 1_000,
        ".a{background:url(http://[)}",
        ":is(.a, :hover)" * 40 + "{top:1px}",
        "@keyframes{} @font-face{} @property{} @property --x{}",
        ":root{--a:var(--b);--b:var(--a)} nav{top:var(--a)}",
    ],
    ids=lambda css: css[:20].encode("ascii", "backslashreplace").decode(),
)
async def test_broken_css_never_takes_the_page_with_it(css: str):
    captured = await capture(f"{BUTTON}<nav>x</nav>", f"button{{color:red}} {css}")
    assert base(captured.found[0].root)["color"] == "red"


async def test_a_rule_too_deep_to_be_read_takes_no_other_with_it():
    deep = ":is(.a," * 3_000 + ".a" + ")" * 3_000
    captured = await capture(BUTTON, f"@layer one{{{deep}{{top:1px}} button{{color:red}}}}")
    assert base(captured.found[0].root)["color"] == "red"
    assert captured.warnings == ["A part of a style sheet is nested too deeply; it was left out."]


async def test_states_all_around_a_deep_page_end():
    html = "<div class=x>" * 3_000 + BUTTON * 30
    css = "".join(f".x:hover > .x:nth-child(n+{number % 2}) .a{{color:red}}" for number in range(300))
    started = time.monotonic()
    captured = await capture(html, css + ".a{width:var(--none,var(--other))}")
    assert "button" in kinds(captured)
    assert time.monotonic() - started < 20


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab.#:()[]{}@,;>+~&*'\"\\ \n!-0var:is:not", max_size=60))
def test_any_text_is_a_style_sheet(text: str):
    read_sheets([Sheet(text, URL)])


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_page(text: str):
    Page(text, URL)


def test_markup_nested_too_deeply_is_read_up_to_there():
    page = Page("<div>" * (MAX_DEPTH + 10), URL)
    assert len(page.elements) == MAX_DEPTH + 2 + 1
    assert page.warnings == ["The page is nested too deeply; it was read up to that point."]


def test_a_drawing_of_many_shapes_is_not_deep():
    page = Page(f"<svg>{'<g><path d=M1,1 /><circle r=2 /></g>' * MAX_DEPTH}</svg><p>end</p>", URL)
    assert page.warnings == []
    assert page.elements[-1].text == "end"


@pytest.mark.parametrize("start", ["", "<svg></svg>", "<svg><div>", "<svg><foreignObject>"])
def test_a_slash_closes_nothing_outside_of_a_drawing(start: str):
    assert Page(start + "<path/>" * (MAX_DEPTH + 10), URL).warnings != []


async def test_a_large_sheet_is_read_in_pieces():
    css = "/* } */" + "".join(f".x{number}{{content:'}}';top:1px}}" for number in range(10_000)) + ".a{color:red}"
    assert base((await the("button", BUTTON, css)).root) == {"color": "red"}
