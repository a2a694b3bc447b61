"""Custom properties: what stands for them, and what a component takes of them from the page."""

from __future__ import annotations

import pytest

from jobserver.extract.static.cascade import cascade
from jobserver.extract.static.page import Page
from jobserver.extract.static.sheet import Sheet
from jobserver.extract.static.variables import Variables
from tests.extract.static.make_capture import URL, base, the, under

LINK = "<main><nav><a href=x>x</a></nav></main>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("red", "red"),
        ("var(--a)", "1px"),
        ("calc(var(--a) + var( --b , 9px ))", "calc(1px + 2px)"),
        ("var(--none, var(--a))", "1px"),
        ("var(--none, rgb(1, 2, 3))", "rgb(1, 2, 3)"),
        ("var(--none)", None),
        ("var(--empty)", None),
        ("1px var(--empty) solid", "1px  solid"),
        ("var(--self, 3px)", "3px"),
        ("var(--ping)", None),
        ("var(--deep)", "1px/2px"),
        ("var(--registered)", "7px"),
        ("var(--a", "1px"),
    ],
)
def test_variables_are_put_in_as_a_browser_would(value: str, expected: str | None):
    css = """:root{--a:1px;--b:2px;--empty: ;--self:var(--self);--ping:var(--pong);--pong:var(--ping);
    --deep:var(--a)/var(--b)} @property --registered{syntax:"<length>";inherits:false;initial-value:7px}"""
    page = Page(f"<!doctype html>{LINK}", URL)
    variables = Variables(cascade(page, [Sheet(css, URL)], (1280, 1000)))
    assert variables.resolved(page.by_tag["a"][0], value) == expected


def test_variables_that_double_each_other_end():
    css = ":root{--v0:xxxxxxxx;" + "".join(f"--v{n + 1}:var(--v{n})var(--v{n});" for n in range(60)) + "}"
    page = Page(f"<!doctype html>{LINK}", URL)
    assert Variables(cascade(page, [Sheet(css, URL)], (1, 1))).resolved(page.by_tag["a"][0], "var(--v60)") is None


async def test_dark_mode_comes_along_with_what_it_asks_for():
    css = """:root{--fg:#111} @media (prefers-color-scheme:dark){:root{--fg:var(--light);--light:#eee;--other:1}}
    nav{color:var(--fg)}"""
    root = (await the("nav", LINK, css)).root
    assert base(root) == {"--fg": "#111", "color": "var(--fg)"}
    assert under(root, "", "@media (prefers-color-scheme:dark)") == {"--fg": "var(--light)", "--light": "#eee"}


async def test_what_a_smaller_window_would_hand_down_is_under_its_condition():
    css = "body{font-size:14px} @media (min-width:600px){body{font-size:18px}} @media (width<600px){main{color:red}}"
    root = (await the("nav", LINK, css)).root
    assert base(root) == {"font-size": "14px"}
    assert under(root, "", "@media (min-width:600px)") == {"font-size": "18px"}
    assert under(root, "", "@media (width<600px)") == {"color": "red"}


async def test_a_nearer_element_ends_what_a_condition_says_further_out():
    css = "@media (width>1px){body{color:red;--x:1px}} main{color:green;--x:2px} nav{width:var(--x)}"
    root = (await the("nav", LINK, css)).root
    assert base(root) == {"--x": "2px", "color": "green", "width": "var(--x)"}
    assert [rule for rule in root.rules if rule.conditions] == []


async def test_an_inherited_variable_means_what_it_meant_where_it_was_declared():
    css = ":root{--c:red} body{color:var(--c)} nav{--c:blue} a{background:var(--c)}"
    assert base((await the("nav", LINK, css)).root)["color"] == "red"


async def test_an_invalid_variable_hands_on_what_is_further_out():
    css = "body{color:teal} main{--c: ;color:var(--c)}"
    assert base((await the("nav", LINK, css)).root) == {"color": "teal"}
