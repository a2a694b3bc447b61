"""The page's style rules, read in the page and flattened to one class for each element."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.extract.browser.rules_script import rules_script
from tests.extract.tab import Tab

pytestmark = pytest.mark.browser

# The component is what `#c` names, or the whole body; `at` is the element that is asked about.
_ASKED = """
  const root = document.querySelector('#c') ?? document.body;
  const inside = [root];
  for (const each of inside) {
    const slotted = each.shadowRoot ? each.children : [];
    const around = [...(each.shadowRoot ?? each).children, ...slotted];
    inside.push(...around.filter((child) => !inside.includes(child)));
  }
  const places = new Map([...inside].map((each, index) => [each, index]));
  const at = (selector) => inside.find((each) => each.matches(selector));
  const warnings = await readRules(options.texts);
"""

Rules = list[dict[str, Any]]
Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
def ask(tab: Tab) -> Ask:
    """``await ask(html, expression)``: the value of a script's expression in a page, where the rules have been read."""

    async def in_page(html: str, expression: str, texts: Any = (), before: str = "") -> Any:
        await tab.show(html)
        if before:
            await tab.run(before)
        script = rules_script(f"{_ASKED} return ({expression});")
        return await tab.run_apart(f"({script})({json.dumps({'texts': list(texts)})})")

    return in_page


@pytest.fixture
def flat(ask: Ask) -> Callable[..., Awaitable[Rules]]:
    """``await flat(css, body, ".x")``: the rules of an element (or of ``#x``) of a page."""

    async def flatten(css: str, body: str, at: str = "#x", **more: Any) -> Rules:
        found: Rules = await ask(f"<style>{css}</style><body>{body}", f"flatten(at({json.dumps(at)}), places)", **more)
        return found

    return flatten


Flat = Callable[..., Awaitable[Rules]]


def base(rules: Rules, suffix: str = "") -> dict[str, str]:
    """What is said without conditions."""
    return next((rule["declarations"] for rule in rules if rule["suffix"] == suffix and not rule["conditions"]), {})


def beyond(rules: Rules) -> list[tuple[str, list[str], dict[str, str]]]:
    """(suffix, conditions, declarations) of all but the first rule."""
    return [(rule["suffix"], rule["conditions"], rule["declarations"]) for rule in rules[1:]]


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


# -- conditions ---------------------------------------------------------------------------------------------------


async def test_media_rules_keep_their_conditions_and_their_order(flat: Flat):
    css = """@media (min-width: 1px) { p { color: red } @media (prefers-color-scheme: dark) { p { color: blue } } }
      @media print { p { color: black } } @media print, (width > 9px) { p { top: 1px } } @media screen { p { left: 0 } }
      p { margin-top: 1px } @media (min-width: 2px) { p { margin-top: 2px } }"""
    rules = await flat(css, "<p id=x>")
    assert base(rules) == {"left": "0px", "margin-top": "1px"}
    assert beyond(rules) == [
        ("", ["@media (min-width: 1px)"], {"color": "red"}),
        ("", ["@media (min-width: 1px)", "@media (prefers-color-scheme: dark)"], {"color": "blue"}),
        ("", ["@media (width > 9px)"], {"top": "1px"}),
        ("", ["@media (min-width: 2px)"], {"margin-top": "2px"}),
    ]


async def test_a_condition_is_left_out_where_a_stronger_rule_always_wins(flat: Flat):
    css = "@media (min-width: 1px) { p { color: red; padding: var(--p) } } #x { color: blue; padding-top: 1px }"
    rules = await flat(css, "<p id=x>")
    assert beyond(rules) == [("", ["@media (min-width: 1px)"], {"padding": "var(--p)", "padding-top": "1px"})]


async def test_a_sheet_for_other_media_counts_under_its_condition(flat: Flat):
    css = "</style><style media='(min-width: 1px)'>p { color: red }</style><style media=print>p { top: 1px }"
    assert beyond([{}, *await flat(css, "<p id=x>")]) == [("", ["@media (min-width: 1px)"], {"color": "red"})]


async def test_features_are_decided_at_once(flat: Flat):
    css = """@supports (display: grid) and selector(a:has(b)) { p { color: red } }
      @supports (displai: grid) { p { color: blue } } @supports not (color: red) { p { color: blue } }"""
    assert await flat(css, "<p id=x>") == [{"suffix": "", "conditions": [], "declarations": {"color": "red"}}]


async def test_starting_styles_are_never_the_base(flat: Flat):
    css = "p { opacity: 1; @starting-style { opacity: 0 } }"
    rules = await flat(css, "<p id=x>")
    assert base(rules) == {"opacity": "1"}
    assert beyond(rules) == [("", ["@starting-style"], {"opacity": "0"})]


CONTAINERS = """.box { container: box / inline-size; width: 500px } .narrow { width: 100px }
  @container box (min-width: 400px) { p { color: red } } @container (width < 200px) { p { color: blue } }
  @container other (min-width: 1px) { p { top: 1px } } @container style(--on: yes) { p { left: 1px } }"""


async def test_a_container_inside_the_component_is_asked_later(flat: Flat):
    rules = await flat(CONTAINERS, "<div id=c><div class=box><p id=x>")
    conditions = [condition for _, [condition], _ in beyond([{}, *rules])]
    assert conditions == [
        f"@container {asked}" for asked in ("box (min-width: 400px)", "(width < 200px)", "style(--on: yes)")
    ]


async def test_a_container_outside_the_component_has_said_its_last_word(flat: Flat):
    wide = await flat(CONTAINERS, "<div class=box style='--on: yes'><p id=x><b id=c>".replace("p id=x", "p id=c"), "#c")
    assert wide == [{"suffix": "", "conditions": [], "declarations": {"color": "red", "left": "1px"}}]
    narrow = await flat(CONTAINERS, "<div class='box narrow'><p id=c>", "#c")
    assert narrow == [{"suffix": "", "conditions": [], "declarations": {"color": "blue"}}]


async def test_asking_the_containers_leaves_no_trace(ask: Ask):
    html = f"<style>{CONTAINERS}</style><div class=box><p id=c>"
    look = "[flatten(root, places).length, document.adoptedStyleSheets.length, getComputedStyle(root).cssText]"
    assert await ask(html, look) == [1, 0, ""]


# -- nesting and scope --------------------------------------------------------------------------------------------


async def test_nested_rules_stand_for_their_parents(flat: Flat):
    css = """.a, #no { &.b { color: red } .c & { top: 1px } > i { left: 1px } @media (min-width: 1px) { left: 2px }
      margin-top: 3px; & + & { margin-top: 4px } }"""
    rules = await flat(css, "<div class=c><p class=a></p><p id=x class='a b'><i>")
    assert base(rules) == {"color": "red", "top": "1px", "margin-top": "4px"}
    assert beyond(rules) == [("", ["@media (min-width: 1px)"], {"left": "2px"})]
    assert base(await flat(css, "<p class='a b'><i id=x>")) == {"left": "1px"}


async def test_a_nested_rule_is_as_specific_as_its_parents_strongest(flat: Flat):
    rules = await flat(".a, #no { & { color: red } } .a.a.a { color: blue } .a { & { top: 1px } }", "<p id=x class=a>")
    assert base(rules) == {"color": "red", "top": "1px"}


async def test_a_scope_reaches_from_its_root_to_its_limit(flat: Flat):
    css = """@scope (.card) to (.slot) { p { color: red } :scope { color: green } & > p { top: 1px }
        .card { left: 9px } }
      p { color: blue }"""
    assert base(await flat(css, "<div class=card><p id=x>")) == {"top": "1px", "color": "blue"}
    css = css.replace("p { color: blue }", "")
    assert base(await flat(css, "<div class=card><p id=x>")) == {"color": "red", "top": "1px"}
    assert await flat(css, "<div class=card><div class=slot><p id=x>") == []
    assert base(await flat(css, "<div class=card id=x>")) == {"color": "green"}


async def test_the_nearer_scope_wins(flat: Flat):
    css = "@scope (.light) { p { color: red } } @scope (.dark) { p { color: blue } }"
    assert base(await flat(css, "<div class=dark><div class=light><p id=x>")) == {"color": "red"}


# -- states -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "suffix"),
    [
        ("#x:hover", ":where(:hover)"),
        (".a:hover:not(:disabled)", ":where(:hover:not(:disabled))"),
        (".a:not(.b):focus-visible", ":where(:focus-visible)"),
        (".a:is(:hover, :focus)", ":where(:where(:hover),:where(:focus))"),
        (":is(.a:hover, .b)", ":where(:hover)"),
        (":not(.b):not(.a:hover, .b)", ":where(:not(:hover))"),
        (".card:hover .a", ":where({0}:hover *)"),
        (".card:focus-within > .a:hover", ":where(:hover):where({0}:focus-within *)"),
        ("input:checked ~ .a", ":where({1}:checked ~ *)"),
        ("input:focus + button", ":where({1}:focus ~ *)"),
        (".card:has(input:checked) .a", ":where({1}:checked ~ *)"),
        (".a:hover::before", ":where(:hover)::before"),
        (".card:not(:hover) .a", ":where({0}:not(:hover) *)"),
    ],
)
async def test_a_state_follows_the_class(flat: Flat, selector: str, suffix: str):
    css = f"{selector} {{ color: red }} .a::before {{ content: 'x' }}"
    rules = await flat(css, "<div id=c class=card><input type=checkbox><button id=x class=a>")
    assert [rule["suffix"] for rule in rules if "color" in rule["declarations"]] == [suffix]


@pytest.mark.parametrize(
    "selector", [".out:hover .a", ".out:focus-within > div > .a", ":root:hover .a", ".a:hover:not(:hover)", "p:focus"]
)
async def test_a_state_that_can_never_be_is_left_out(flat: Flat, selector: str):
    assert (
        await flat(f"{selector} {{ color: red }}", "<div class=out><div id=c><button id=x class=a></button><p>") == []
    )


async def test_what_is_only_true_while_nothing_happens_outside_is_true(flat: Flat):
    rules = await flat("div:not(:hover) > div > .a { color: red }", "<div class=out><div id=c><p id=x class=a>")
    assert base(rules) == {"color": "red"}


async def test_a_live_state_of_the_element_stays_a_state(flat: Flat):
    css = "input:checked { color: red } input:disabled { top: 1px } details[open] > p { left: 1px }"
    rules = await flat(css, "<input id=x type=checkbox checked>")
    assert [rule["suffix"] for rule in rules] == [":where(:checked)", ":where(:disabled)"]
    rules = await flat(css, "<details id=c><summary></summary><p id=x>")
    assert [rule["suffix"] for rule in rules] == [":where({0}[open] *)"]


async def test_a_live_state_outside_the_component_is_what_it_is_now(flat: Flat):
    css = "input:checked ~ div .a { color: red } input:not(:checked) ~ div .a { color: blue }"
    assert base(await flat(css, "<input type=checkbox checked><div><p id=c class=a>", "#c")) == {"color": "red"}
    assert base(await flat(css, "<input type=checkbox><div><p id=c class=a>", "#c")) == {"color": "blue"}


async def test_places_among_siblings_are_decided_in_the_page(flat: Flat):
    css = "li:first-child { color: red } li:nth-child(2n) { color: blue } li:not(:last-child) { top: 1px }"
    body = "<ul><li id=c>1<li>2<li>3</ul>"
    assert base(await flat(css, body, "#c")) == {"color": "red", "top": "1px"}


async def test_a_state_wins_and_loses_as_in_the_page(flat: Flat):
    css = """.a:hover { color: red; top: 1px } .a { color: blue } #x { top: 2px }
      .a:hover { left: 1px } .a.a:hover { left: 2px }"""
    rules = await flat(css, "<p id=x class=a>")
    assert base(rules) == {"color": "blue", "top": "2px"}
    assert beyond(rules) == [(":where(:hover)", [], {"color": "red", "left": "2px"})]


async def test_an_important_base_silences_the_state(flat: Flat):
    rules = await flat(".a { color: blue !important } #x:hover { color: red }", "<p id=x class=a>")
    assert rules == [{"suffix": "", "conditions": [], "declarations": {"color": "blue"}}]


async def test_a_focus_rule_for_everything_is_kept_where_there_can_be_focus(flat: Flat):
    css = ":focus-visible { outline: 1px solid red }"
    body = "<div id=c><p>x</p><a href=/y>y</a><button>z</button>"
    assert [len(await flat(css, body, at)) for at in ("p", "a", "button")] == [0, 1, 1]


# -- pseudo-elements ----------------------------------------------------------------------------------------------


async def test_generated_boxes_are_kept_where_they_have_content(flat: Flat):
    css = """*, ::before, ::after { --tw: 0; margin: 0 } .a::before { content: "\\2192"; color: red }
      .a::after { content: none }
      .b:hover::after { content: "" }"""
    rules = await flat(css, "<p id=x class='a b'>")
    assert [rule["suffix"] for rule in rules] == ["", "::before", "::after", ":where(:hover)::after"]
    assert base(rules, "::before")["content"] == '"\u2192"'
    assert [rule["suffix"] for rule in await flat(css, "<img id=x class=a>")] == [""]


@pytest.mark.parametrize(
    ("pseudo", "has", "has_not"),
    [
        ("::placeholder", "<input>", "<input type=range>"),
        ("::-webkit-slider-thumb", "<input type=range>", "<input>"),
        ("::-webkit-progress-bar", "<progress></progress>", "<meter></meter>"),
        ("::file-selector-button", "<input type=file>", "<p></p>"),
        ("::-webkit-search-cancel-button", "<input type=search>", "<input type=text>"),
        ("::-webkit-scrollbar", "<div style='overflow: auto'></div>", "<div></div>"),
        ("::marker", "<li></li>", "<p></p>"),
        ("::-webkit-calendar-picker-indicator", "<input type=date>", "<input type=checkbox>"),
    ],
)
async def test_a_part_is_styled_where_there_is_one(flat: Flat, pseudo: str, has: str, has_not: str):
    css = f"{pseudo} {{ color: red }} :hover{pseudo} {{ top: 1px }}"
    with_part = await flat(css, f"<div>{has}</div>".replace(">", " id=c>", 2).replace(" id=c>", ">", 1), "#c")
    assert [rule["suffix"] for rule in with_part if rule["suffix"]] == [pseudo, f":where(:hover){pseudo}"]
    without = await flat(css, f"<div>{has_not}</div>".replace(">", " id=c>", 2).replace(" id=c>", ">", 1), "#c")
    assert [rule for rule in without if rule["suffix"]] == []


async def test_a_state_of_a_part_follows_the_part(flat: Flat):
    css = "input::-webkit-slider-thumb:hover { color: red }"
    assert [rule["suffix"] for rule in await flat(css, "<input id=x type=range>")] == [
        "::-webkit-slider-thumb:where(:hover)"
    ]


async def test_a_selection_is_said_once(flat: Flat):
    css = "::selection { color: red }"
    assert [len(await flat(css, "<div id=c><p>x", at)) for at in ("#c", "p")] == [1, 0]


# -- shadow trees -------------------------------------------------------------------------------------------------

SHADOW = """<style>x-b { color: green } x-b::part(label) { left: 1px } x-b::part(label):hover { left: 2px }</style>
<div id=c><x-b class=big variant=primary><template shadowrootmode=open><style>
  :host { display: block; color: blue } :host(.big) { top: 1px } :host(:hover) { bottom: 1px }
  :host-context(#c) { right: 1px }
  button { color: red } :host([variant=primary]) button { top: 1px } :host(:focus-within) button { left: 1px }
  ::slotted(i) { color: red } ::slotted(i:hover) { top: 1px } slot { display: contents }
</style><button part="label more">x</button><slot></slot></template><i>y</i></x-b></div>"""


async def test_a_host_takes_its_own_rules_after_the_pages(ask: Ask):
    rules = await ask(SHADOW, "flatten(at('x-b'), places)")
    assert base(rules) == {"display": "block", "top": "1px", "right": "1px", "color": "green"}
    assert beyond(rules) == [(":where(:hover)", [], {"bottom": "1px"})]


async def test_what_is_in_a_shadow_tree_takes_its_rules_and_those_for_parts(ask: Ask):
    rules = await ask(SHADOW, "flatten(at('button'), places)")
    assert base(rules) == {"color": "red", "top": "1px", "left": "1px"}
    assert beyond(rules) == [(":where(:hover)", [], {"left": "2px"})]


async def test_what_is_slotted_takes_rules_from_inside(ask: Ask):
    rules = await ask(SHADOW, "flatten(at('i'), places)")
    assert base(rules) == {"color": "red"}
    assert beyond(rules) == [(":where(:hover)", [], {"top": "1px"})]


async def test_important_rules_of_a_shadow_tree_beat_the_pages(ask: Ask):
    html = SHADOW.replace("color: blue", "color: blue !important").replace(
        "x-b { color: green", "x-b { color: green !important"
    )
    assert base(await ask(html, "flatten(at('x-b'), places)"))["color"] == "blue"


async def test_adopted_sheets_come_after_all_others(flat: Flat):
    adopt = "const s = new CSSStyleSheet(); s.replaceSync('p { color: red }'); document.adoptedStyleSheets = [s]"
    assert base(await flat("p { color: blue }", "<p id=x>", before=adopt)) == {"color": "red"}
    await flat("", "<p id=x>", before="document.adoptedStyleSheets = []")


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
