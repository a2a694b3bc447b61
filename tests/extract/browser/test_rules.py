"""The page's style rules, read in the page and flattened to one class for each element."""

from __future__ import annotations

import json

import pytest

from tests.extract.browser.rules_script import Ask, Flat, base, beyond

pytestmark = pytest.mark.browser

# -- the cascade --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("css", "color"),
    [
        (".a { color: red } p { color: blue }", "red"),
        ("p.a { color: red } .a { color: blue }", "red"),
        ("#x { color: red } .a.a.a { color: blue }", "red"),
        (":is(.a, #nobody) { color: red } .a.a.a { color: blue }", "red"),
        (":where(#x) { color: blue } p { color: red }", "red"),
        (":not(#nobody) { color: red } .a.a { color: blue }", "red"),
        ("p:has(#y) { color: red } p.a { color: blue }", "red"),
        (":nth-child(1 of #x, p) { color: red } p.a.a { color: blue }", "red"),
        ("[title] { color: red } p { color: blue }", "red"),
        (".a { color: red !important } #x { color: blue }", "red"),
        (".a { color: blue } .a { color: red }", "red"),
    ],
)
async def test_the_more_specific_rule_wins(flat: Flat, css: str, color: str):
    rules = await flat(css, "<p id=x class=a title=t>x<b id=y></b></p>")
    assert [rule["declarations"] for rule in rules] == [{"color": color}]


async def test_later_layers_win_and_what_is_in_none_wins_over_all(flat: Flat):
    css = """@layer base, over; @layer over { .a { color: red; margin-top: 1px } }
      @layer base { #x { color: blue; top: 1px } }
      @layer over.inner { #x { color: green } } .a { margin-top: 2px }"""
    assert base(await flat(css, "<p id=x class=a>")) == {"color": "red", "top": "1px", "margin-top": "2px"}


async def test_important_turns_the_order_of_layers_around(flat: Flat):
    css = """@layer one, two; @layer one { .a { color: red !important } } @layer two { #x { color: blue !important } }
      #x { color: green !important }"""
    assert base(await flat(css, "<p id=x class=a>")) == {"color": "red"}


async def test_the_style_attribute_wins_but_for_what_is_important(flat: Flat):
    css = "#x { color: red; margin-top: 1px !important }"
    rules = await flat(css, "<p id=x style='color: blue; margin-top: 2px; background-image: url(a.png)'>")
    assert base(rules) == {"margin-top": "1px", "color": "blue", "background-image": 'url("a.png")'}


async def test_an_outline_that_nobody_draws_has_no_colour(flat: Flat):
    rules = await flat("#x { outline: 0 } #x:hover { outline: 0 }", "<button id=x>x</button>")
    assert all("outline-color" not in rule["declarations"] for rule in rules)
    assert base(rules)["outline-width"] == "0px"


async def test_an_outline_that_a_state_draws_keeps_the_colour_it_had(flat: Flat):
    rules = await flat("#x { outline: 0 } #x:hover { outline-style: solid }", "<button id=x>x</button>")
    assert base(rules)["outline-color"] == "initial"


async def test_thirds_have_more_digits_than_the_browser_writes(flat: Flat):
    css = "#x { width: calc(100% / 3); left: calc(200% / 3 + 1px); margin-left: 66.666667%; line-height: 1.33333 }"
    said = base(await flat(css, "<p id=x>"))
    assert said["width"] == "calc(33.3333333333%)"
    assert said["left"] == "calc(66.6666666667% + 1px)"
    assert (said["margin-left"], said["line-height"]) == ("66.666667%", "1.33333"), "as many as were written"


async def test_imported_sheets_have_their_layers_and_conditions(flat: Flat):
    sheet = "data:text/css,.a%7Bcolor:red%7D"
    css = f"""@import url("{sheet}") layer(low); @import "{sheet}" (min-width: 1px); @import "{sheet}" print;
      @import "{sheet}" supports(colour: red); @layer high {{ .a {{ color: blue }} }}"""
    rules = await flat(css, "<p id=x class=a>")
    assert base(rules) == {"color": "blue"}
    assert beyond(rules) == [("", ["@media (min-width: 1px)"], {"color": "red"})]


async def test_revert_layer_is_what_the_layer_below_says(flat: Flat):
    css = "@layer low { .a { color: red } } .a { color: revert-layer; margin-top: revert-layer }"
    assert base(await flat(css, "<p id=x class=a>")) == {"color": "red", "margin-top": "revert"}


async def test_all_takes_away_what_weaker_rules_say(flat: Flat):
    css = "p { color: blue; top: 1px; --x: 1 } .a { all: unset; color: red }"
    assert base(await flat(css, "<p id=x class=a>")) == {"--x": "1", "all": "unset", "color": "red"}


async def test_a_shorthand_with_a_variable_stays_a_shorthand(flat: Flat):
    css = "p { padding-top: 9px; padding: var(--p); margin: var(--m) } .a { padding-left: 1px; margin: 2px }"
    assert list(base(await flat(css, "<p id=x class=a>")).items()) == [
        ("padding", "var(--p)"),
        ("padding-left", "1px"),
        *[(f"margin-{side}", "2px") for side in ("top", "right", "bottom", "left")],
    ]


async def test_a_logical_side_and_its_physical_one_compete(flat: Flat):
    css = "p { margin-left: 1px; padding-inline-start: 2px } .a { margin-inline-start: 3px; padding-left: 4px }"
    assert base(await flat(css, "<p id=x class=a>")) == {"margin-inline-start": "3px", "padding-left": "4px"}
    turned = await flat(css, "<p id=x class=a dir=rtl>")
    assert base(turned) == {
        "margin-left": "1px", "padding-inline-start": "2px", "margin-inline-start": "3px", "padding-left": "4px"
    }  # fmt: skip


async def test_what_nobody_else_sets_needs_no_initial_value(flat: Flat):
    rules = await flat("p { background: red; border: 1px solid } .b { background: url(a.png) }", "<p id=x><i class=b>")
    assert base(rules)["background-color"] == "red"
    assert not [name for name in base(rules) if name.startswith(("border-image", "background-position"))]


async def test_an_empty_custom_property_is_kept(flat: Flat):
    assert base(await flat("p { --x: ; --y: inherit; color: var(--x) }", "<p id=x>")) == {
        "--x": "", "--y": "inherit", "color": "var(--x)"
    }  # fmt: skip


async def test_root_units_are_worked_out_where_the_root_has_another_size(flat: Flat):
    css = """html { font-size: 62.5% } p { padding: 0 1.6rem; --x: calc(1rem + 2px); background: url(1rem.png) }
      p::before { content: "1rem" }"""
    rules = await flat(css, "<p id=x>")
    assert (base(rules)["padding-left"], base(rules)["--x"]) == ("16px", "calc(10px + 2px)")
    assert base(rules)["background-image"] == 'url("1rem.png")'
    assert base(rules, "::before") == {"content": '"1rem"'}
    assert base(await flat("p { width: 2rem }", "<p id=x>")) == {"width": "2rem"}


async def test_addresses_are_absolute_from_where_their_sheet_is(flat: Flat):
    css = "p { background-image: url('a b.png'); mask-image: url(#m); --x: url(../q.svg) }"
    head = '<base href="https://example.com/d/e">'
    rules = await flat(f"</style>{head}<style>{css}", "<p id=x>")
    assert base(rules) == {
        "background-image": 'url("https://example.com/d/a%20b.png")',
        "mask-image": 'url("#m")',
        "--x": 'url("https://example.com/q.svg")',
    }


# -- sheets -------------------------------------------------------------------------------------------------------


async def test_sheets_that_do_not_apply_are_not_read(flat: Flat):
    css = """</style><style title=one>p { color: red }</style><style title=two>p { color: blue }</style>
      <link rel='alternate stylesheet' title=three href='data:text/css,p%7Bcolor:green%7D'>
      <style id=off>p { color: black }"""
    off = "document.getElementById('off').sheet.disabled = true"
    assert base(await flat(css, "<p id=x>", before=off)) == {"color": "red"}


async def test_selectors_nobody_understands_harm_nobody(flat: Flat):
    css = """.a:is(::-moz-x, .a) { color: red } .a::-moz-focus-inner { top: 1px }
      p:where(.a, :nonsense) { left: 1px } .a\\:b { top: 2px }"""
    assert base(await flat(css, "<p id=x class='a a:b'>")) == {"color": "red", "left": "1px", "top": "2px"}


async def test_a_shorthand_that_lost_a_part_is_found_in_the_text(flat: Flat):
    css = """/* {;} */ @import "data:text/css,"; p { color: red } @media (min-width: 1px) { p:hover { left: 0 } }
      .a { margin: var(--m); margin-top: 3px; /* and */ padding: 1px;
      border: var(--w) solid; border-color: var(--c) }"""
    rules = await flat(css, "<p id=x class=a>")
    assert [item for item in base(rules).items() if item[0].startswith("border")] == [
        ("border", "var(--w) solid"),
        ("border-color", "var(--c)"),
    ]
    assert [item for item in base(rules).items() if item[0].startswith("margin")] == [
        ("margin", "var(--m)"),
        ("margin-top", "3px"),
    ]


# -- by name ------------------------------------------------------------------------------------------------------


async def test_a_variable_is_looked_for_from_the_inside_out(ask: Ask):
    html = """<style>:root { --a: 1; --b: 1 } @media (prefers-color-scheme: dark) { :root { --a: 2 } }
      .theme { --a: 3 } @media (min-width: 1px) { .theme { --b: 4 } } .theme:hover { --a: 5 }</style>
      <div class=theme><p id=c>"""
    found = "(name) => declaredVariables(name, root).map(({ value, conditions }) => [value, conditions])"
    assert await ask(html, f"['--a', '--b', '--c'].map({found})") == [
        [["3", []]],
        [["4", ["@media (min-width: 1px)"]], ["1", []]],
        [],
    ]


async def test_fonts_keyframes_and_registered_properties_come_as_whole_rules(ask: Ask):
    html = """<base href="https://example.com/a/"><style>
      @font-face { font-family: "My Font"; src: url(f.woff2); font-weight: 700 }
      @keyframes spin { to { rotate: 1turn } } @layer x { @keyframes spin { to { rotate: 2turn } } }
      @property --turn { syntax: "<angle>"; inherits: true; initial-value: 0deg }</style><p id=c>"""
    fonts, spins, properties = await ask(html, "[fontFaces(), keyframes(), registered()]")
    assert [(font["family"], font["weight"]) for font in fonts] == [("my font", "700")]
    assert 'url("https://example.com/a/f.woff2")' in fonts[0]["text"]
    assert [name["name"] for name in spins] == ["spin"]
    assert "rotate: 1turn" in spins[0]["text"]
    assert [(each["name"], each["inherits"], each["initial"]) for each in properties] == [("--turn", True, "0deg")]


async def test_what_a_property_covers_is_what_the_browser_says(ask: Ask):
    pairs = {
        ("margin", "margin-left"): True,
        ("border", "border-left-color"): True,
        ("border", "border-image-source"): True,
        ("border-width", "border"): False,
        ("margin-left", "margin"): False,
        ("all", "color"): True,
        ("all", "--x"): False,
        ("no-such", "color"): False,
    }
    asked = json.dumps(list(map(list, pairs)))
    assert await ask("<p>", f"{asked}.map(([wide, narrow]) => covers(wide, narrow))") == list(pairs.values())


async def test_conditions_hold_or_not_as_the_page_is_now(ask: Ask):
    lists = [
        [],
        ["@media (min-width: 1px)"],
        ["@media (max-width: 1px)"],
        ["@starting-style"],
        ["@media all", "@media print"],
    ]
    assert await ask("<p>", f"{json.dumps(lists)}.map((each) => holds(each))") == [True, True, False, False, False]
