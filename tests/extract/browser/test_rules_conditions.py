"""Rules that hold at times: media, features, containers, nested rules and scopes."""

from __future__ import annotations

import pytest

from tests.extract.browser.rules_script import Ask, Flat, base, beyond

pytestmark = pytest.mark.browser


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
