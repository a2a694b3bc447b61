"""Rules for states, generated boxes, parts, and what is in shadow trees."""

from __future__ import annotations

import pytest

from tests.extract.browser.rules_script import Ask, Flat, base, beyond

pytestmark = pytest.mark.browser


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
    "selector", [".out:hover .a", "h2:focus-within ~ div > .a", ":root:hover .a", ".a:hover:not(:hover)", "p:focus"]
)
async def test_a_state_that_can_never_be_is_left_out(flat: Flat, selector: str):
    html = "<div class=out><h2><a href=/></a></h2><div id=c><button id=x class=a></button><p>"
    assert await flat(f"{selector} {{ color: red }}", html) == []


async def test_the_focus_within_what_is_around_is_that_within_the_root(flat: Flat):
    css = ".out:focus-within > div > .a { color: red } .out:focus-within > .a { top: 1px }"
    (rule,) = await flat(css, "<div class=out><div id=c><button id=x class=a></button>")
    assert (rule["suffix"], rule["declarations"]) == (":where({0}:focus-within *)", {"color": "red"})


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
