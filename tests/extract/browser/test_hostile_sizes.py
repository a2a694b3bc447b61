"""Pages so large, or so made, that a careless reader would never come to an end of them."""

from __future__ import annotations

import pytest

from tests.extract.browser.reading import BUTTON, Meanwhile, Visit, of_kind, style
from tests.extract.browser.rules_script import Ask, Flat
from tests.extract.browser.web_site import Site

pytestmark = pytest.mark.browser

MANY = 5000
LIMIT = 10.0
"""Seconds. Each of these pages takes about two."""


async def test_very_many_fonts_in_use_are_read_in_time(visit: Visit, site: Site):
    font = "@font-face {{ font-family: F; src: local(None); unicode-range: U+{:x} }}"
    css = "".join(font.format(number) for number in range(MANY))
    page = site.html("/", f"<style>{css} body {{ font-family: F }}</style><article><h3>x</h3><p>y</p></article>")
    capture = await visit(page, time_limit=LIMIT, verify="none")
    assert (len(of_kind(capture, "article")), len(capture.head_css), capture.warnings) == (1, MANY, [])


async def test_an_element_that_very_many_conditions_are_about_is_read_in_time(visit: Visit, site: Site):
    rule = "@media (min-width: {}px) {{ button {{ outline-width: {}px }} }}"
    css = "".join(rule.format(number / 20, number) for number in range(4 * MANY))
    capture = await visit(site.html("/", f"<style>{css}</style>{BUTTON}"), time_limit=LIMIT)
    (button,) = of_kind(capture, "button")
    assert len(button.root.rules) >= 4 * MANY - 1  # of no pixels nothing is said
    assert (button.warnings, capture.warnings) == ([], [])


async def test_states_of_very_many_elements_around_one_are_read_in_time(visit: Visit, site: Site):
    selector = ".x:hover .x:focus-within .x:hover .x:focus-within .x:hover a"
    css = "".join(f"{selector} {{ outline-width: {number}px }}" for number in range(3000))
    body = f"{'<div class=x>' * 50}<a href=/next>Next</a>{'</div>' * 50}"
    capture = await visit(site.html("/", f"<style>{css}</style>{body}"), time_limit=LIMIT)
    assert [found.warnings for found in capture.found] == [[]] * len(capture.found)
    assert capture.warnings == []


async def test_a_very_long_address_costs_no_declaration_beside_it(flat: Flat):
    """The names in a block are looked for in its text, and what a shorthand lost in the text of its sheet."""
    address = f"data:image/png;base64,{'a' * 400_000}"
    css = f"#x {{ padding: var(--p); padding-left: 3px; background-image: url({address}) }}"
    said = (await flat(css, "<p id=x>x"))[0]["declarations"]
    assert (said["padding"], said["padding-left"]) == ("var(--p)", "3px")
    assert len(said["background-image"]) > 400_000


@pytest.mark.parametrize(
    "before",
    ["/**/" * 400, "/* { ; */" * 400, "--a: '/*';"],
    ids=["comments", "comments with braces", "a string like a comment"],
)
async def test_a_lost_shorthand_is_found_behind(flat: Flat, before: str):
    said = (await flat(f"#x {{ {before} padding: var(--p); padding-left: 3px }}", "<p id=x>x"))[0]["declarations"]
    assert (said["padding"], said["padding-left"]) == ("var(--p)", "3px")


@pytest.mark.parametrize(
    "text",
    [";/*" * 400_000, "@import " + "(a)" * 400, "{/**//**/" * 200_000, '"\\' * 400_000],
    ids=["comments without end", "brackets without end", "comments", "strings without end"],
)
async def test_a_sheet_that_never_comes_to_the_point_is_read_in_time(ask: Ask, text: str):
    body = "<link rel=stylesheet href='http://127.0.0.1:9/x.css'><p id=x>x"
    assert await ask(body, "makeTwin(options.texts[0].text).cssRules.length < 2", [{"url": "x:", "text": text}])
    before = "const head = { tree: null, base: 'x:', conditions: [], layer: layerOf(null), level: 1 };"
    assert await ask(
        body,
        f"(async () => {{ {before} await readHead(options.texts[0].text, head); return true; }})()",
        [{"url": "x:", "text": text}],
    )


@pytest.mark.parametrize(
    "value",
    ["url(" + " " * 400_000 + '"a" b)', "1" * 400_000 + "rem", "1" * 400_000 + "x rem", "." + "3" * 400_000 + "_"],
    ids=["spaces", "digits", "digits of no length", "thirds"],
)
async def test_a_very_long_value_is_made_plain_in_time(ask: Ask, value: str):
    style_of = "html { font-size: 20px }"
    plain = "plainValue(options.texts[0].text, 'http://a.test/').length"
    assert await ask(f"<style>{style_of}</style><p id=x>x", plain, [{"url": "x:", "text": value}]) > 0


async def test_a_page_that_hangs_while_its_rules_are_read_is_stopped_and_read_again(
    visit: Visit, site: Site, meanwhile: Meanwhile
):
    hangs = "if (!globalThis.hung) { globalThis.hung = true; while (true); }"
    meanwhile("state.hasRules = await hasReadRules();", hangs)
    capture = await visit(site.html("/", f"<style>button {{ color: red }}</style>{BUTTON}"), time_limit=5.0)
    assert style(capture.found[0].root)["color"] == "red"
    assert capture.warnings == ["A script of the page ran without end and was stopped."]


async def test_what_is_gone_by_the_end_of_the_search_is_left_out_with_what_stood_in_it_finding_its_parent(
    visit: Visit, site: Site, meanwhile: Meanwhile
):
    goes = "document.getElementById('goes').replaceWith(...document.getElementById('goes').children);"
    meanwhile("  return withoutGone(found, [...places.keys()]);", goes)
    form = "<form id=goes action=/a><button>Inner</button></form>"
    beside = "<form id=first action=/b><input name=q></form><article><h2>x</h2><button>Last</button></article>"
    body = f"<nav><a href=/x>A</a><a href=/y>B</a>{form}</nav>{beside}"
    capture = await visit(site.html("/", body))
    texts = [found.text for found in capture.found]
    inner, last = (capture.found[texts.index(name)] for name in ("Inner", "Last"))
    assert (inner.parent, last.parent) != (None, None)
    around = [capture.found[each.parent].kind for each in (inner, last) if each.parent is not None]
    assert around == ["nav", "article"]
    assert "form#goes" not in str([found.selector for found in capture.found])
    assert "Elements that were gone before they could be compared: 1." in capture.warnings
