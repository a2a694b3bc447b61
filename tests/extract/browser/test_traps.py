"""Each page of ``traps`` holds one thing that goes wrong easily: its component alone must look as in the page."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobserver.extract.browser import script
from jobserver.extract.browser.cdp import Connection
from jobserver.extract.model import Capture, Component
from jobserver.extract.render import render
from tests.extract.browser.reading import Visit
from tests.extract.browser.web_site import Site, responds
from tests.extract.tab import open_tab, tab_at

pytestmark = pytest.mark.browser

Trap = Callable[[str], Awaitable[Component]]

TRAPS = Path(__file__).with_name("traps")
NARROW = {
    "changed_when_narrow",
    "taken_away_when_narrow",
    "hidden_when_wide",
    "relative_sizes",
    "stretched_root",
    "blockified_root",
    "padded_by_another",
    "beside_a_float",
    "item_after_a_float",
    "generated_placed_by_another",
    "generated_where_it_stands",
    "rounded_around",
}
TALL = '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="120"><path fill="teal" d="M5 5h70v110h-70z"/></svg>'
WIDE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 818.63 331.21"><path d="M9 9h700v99l9 99z"/></svg>'
SIGNS = """<svg xmlns="http://www.w3.org/2000/svg"><defs><circle id="dot" r="2" style="stroke: navy"/></defs>
  <symbol id="moon" viewBox="0 0 9 9"><path d="M0 0h9v9z"/><use href="#dot" x="3" y="6"/></symbol></svg>"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A component in a window: its box, and its picture as PNG."""

    box: dict[str, float]
    picture: bytes


@pytest.fixture
def trap(visit: Visit, site: Site) -> Trap:
    """The component that a page of ``traps`` is about."""
    for name, text in (("tall", TALL), ("wide", WIDE), ("signs", SIGNS)):
        site.add(f"/{name}.svg", responds(text=text, content_type="image/svg+xml"))

    async def component(name: str) -> Component:
        site.add("/", responds(text=(TRAPS / f"{name}.html").read_text("utf-8"), content_type="text/html"))
        return only(await visit(site.url("/")))

    return component


def only(capture: Capture) -> Component:
    extraction = render(capture, max_components=80, completed_at="", max_result_bytes=1_000_000)
    (component,) = [each for each in extraction["components"] if each["selector"] == "#it"]
    return component


@pytest.mark.parametrize("name", sorted(page.stem for page in TRAPS.glob("*.html")))
async def test_a_trap_is_not_fallen_into(name: str, trap: Trap, site: Site, devtools: Connection):
    component = await trap(name)
    for width in (1280, 390) if name in NARROW else (1280,):
        original = await shown(devtools, site.url("/"), "#it", width)
        alone = await shown(devtools, site.html("/alone", page_of(component, original.box)), ".it > *", width)
        sizes = {side: pytest.approx(original.box[side], abs=0.02) for side in ("width", "height")}
        assert {side: alone.box[side] for side in sizes} == sizes, (width, component["css"])
        assert alone.picture == original.picture, (width, component["css"])
    assert component["mode"] == "rules"
    assert component["warnings"] == []


@pytest.mark.parametrize(
    "name", ["appearance_first", "border_style_without_width", "generated_content", "positioned_root", "shadow_content"]
)
async def test_repair_alone_rebuilds_a_component(
    name: str, trap: Trap, site: Site, devtools: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(script, "CAPTURE", script.CAPTURE.replace("options.sheets", "null.sheets"))
    component = await trap(name)
    original = await shown(devtools, site.url("/"), "#it", 1280)
    alone = await shown(devtools, site.html("/alone", page_of(component, original.box)), ".it > *", 1280)
    assert alone.picture == original.picture, component["css"]
    assert component["mode"] == "computed"


# -- what a picture does not show ---------------------------------------------------------------------------------


async def test_colours_that_follow_the_text_are_not_said(trap: Trap):
    css = (await trap("currentcolor_aliases"))["css"]
    assert "fill-color" not in css
    assert "caret-color" not in css
    assert "text-decoration-color" not in css
    assert ":where(:hover)" in css


async def test_variables_that_nobody_uses_stay_behind(trap: Trap):
    css = (await trap("unused_variables"))["css"]
    assert "--brand: " in css
    assert "--pad: 9px" in css
    assert "never" not in css
    assert "nor-this" not in css
    assert "own-unused" not in css


async def test_no_digit_that_counts_is_lost(trap: Trap):
    css = (await trap("six_digits"))["css"]
    assert "letter-spacing: 0.0892857143em" in css
    assert "line-height: 1.4285715;" in css, "inherited: what the browser computed, in as many digits as it has"
    assert "line-height: 1.42857143;" in css
    assert "padding-left: 14.28571429%" in css
    assert "line-height: var(--nowhere, 1.33333);" in css, "as it is written there"
    assert "height: 190.704px" in css, "190.703125, where 190.703 would be a 64th less"


async def test_variables_come_along_whatever_their_names(trap: Trap):
    css = (await trap("escaped_variables"))["css"]
    rest, hover = css.split(":where(:hover)")
    said = "--space-1_5: 6px", "gap: var(--space-1_5)", "--ring-inset: var(--empty, ", "--empty: ;"
    assert [each for each in said if each not in rest] == [], css
    assert "gap: calc(2 * var(--space-1_5))" in hover
    assert "width: var(--space-1_2f_5)" in css
    assert "--space-1_2f_2: 80%; opacity: 0.5" in " ".join(css.split("@keyframes grow")[1].split())


async def test_a_variable_that_another_condition_changes_comes_with_it(trap: Trap):
    css = (await trap("dark_variables"))["css"]
    assert "--ground: #fff" in css
    assert "--card: var(--ground)" in css
    assert "@media (prefers-color-scheme: dark) {" in css
    assert "--ground: #111" in css


async def test_an_animation_comes_with_its_keyframes_and_without_what_it_holds_now(trap: Trap):
    css = (await trap("motion_is_not_frozen"))["css"]
    assert "@keyframes turn" in css
    assert "@keyframes appear" in css
    assert "rotate: 10deg;" not in css.split("@keyframes")[0]


async def test_only_fonts_in_use_come_along(trap: Trap):
    css = (await trap("fonts_before_boxes"))["css"]
    assert "Brand" in css
    assert "Unused" not in css


async def test_a_box_between_on_and_off_is_no_state(trap: Trap):
    css = (await trap("neither_on_nor_off"))["css"]
    assert "indeterminate" not in css
    assert "gray" not in css
    assert "navy" in css.split(":hover")[1].split("}")[0]


async def test_what_a_part_is_relative_to_has_its_size_first(trap: Trap):
    after = (await trap("parts_of_stretched_boxes"))["css"].split("::after {")[1].split("}")[0]
    assert "height: 100%" in after
    assert "origin" not in after


async def test_relative_sizes_are_said_as_the_page_says_them(trap: Trap):
    css = (await trap("relative_sizes"))["css"]
    assert "width: 30%" in css
    assert "calc(1em + 10px)" in css
    assert "px;" not in css.split("width: 30%")[1].split("}")[0]


async def test_a_link_that_needs_more_room_alone_stays_in_one_line(visit: Visit, site: Site, devtools: Connection):
    """Its last letter stands closer to the full stop that follows than to nothing."""
    body = "<p style='font: 30px/1.5 sans-serif'>See <a id=it href=/x>the history</a>.</p>"
    component = only(await visit(site.html("/", body)))
    original = await shown(devtools, site.url("/"), "#it", 1280)
    alone = await shown(devtools, site.html("/alone", page_of(component, original.box)), ".it > *", 1280)
    assert alone.box["height"] == original.box["height"]
    assert component["css"].count("nowrap") == 1


async def test_a_root_goes_on_looking_in_its_states_as_its_page_made_it(visit: Visit, site: Site):
    text = """<!doctype html><style>
      body { color: rgb(20 60 90); font-size: 20px } .faded { opacity: .5 } #it { opacity: .8; color: teal; border: 0 }
      #it:hover { color: var(--nowhere); opacity: 1; font-size: 2em; border-radius: inherit }
      #it:focus { color: inherit } #it:active { color: color-mix(in oklab, currentColor, #000 20%) }
    </style><div class="faded"><button id="it">Save</button></div>"""
    site.add("/", responds(text=text, content_type="text/html"))
    css = only(await visit(site.url("/")))["css"]
    rest, hover, focus = css.split(":where(:hover)")[0], css.split(":where(:hover)")[1], css.split(":where(:focus)")[1]
    assert "opacity: 0.4;" in rest
    said = ("color: rgb(20, 60, 90);", "opacity: 0.5;", "font-size: 40px;", "border-radius: 0px;")
    assert [line for line in said if line not in hover.split("}")[0]] == [], css
    assert "color: rgb(20, 60, 90);" in focus.split("}")[0]
    assert "rgb(20, 60, 90) 80%" in css.split(":where(:active)")[1]


async def test_filters_around_a_root_come_after_its_own(trap: Trap):
    rest, hover, active = re.split(r":where\(:(?:hover|active)\)", (await trap("filtered_around"))["css"])
    assert "filter: grayscale(1);" in rest
    assert "filter: blur(1px) grayscale(1);" in hover
    assert "filter: grayscale(1);" in active


async def test_the_ring_of_what_a_page_gives_the_focus_is_a_state(visit: Visit, site: Site):
    text = """<!doctype html><style>#it { width: 9em } #it:focus { outline: 4px solid crimson }</style>
      <input id="it" autofocus value="Search">"""
    site.add("/", responds(text=text, content_type="text/html"))
    rest, state = only(await visit(site.url("/")))["css"].split(":where(:focus)")
    assert "outline" not in rest
    assert "crimson" in state


async def test_shadow_content_has_no_custom_elements(trap: Trap):
    html = (await trap("shadow_content"))["htmlSnippet"]
    assert "my-card" not in html
    assert "slot" not in html
    assert html.count("<span") == 3


# -- pages that stand in the way ----------------------------------------------------------------------------------


async def test_a_policy_of_the_page_does_not_keep_the_sandbox_away(visit: Visit, site: Site):
    policy = "default-src 'none'; style-src 'self'; frame-src 'none'; child-src 'none'"
    site.add("/look.css", responds(text="button { color: red; width: 120px; border: 0 }", content_type="text/css"))
    page = "<!doctype html><link rel=stylesheet href=/look.css><button id=it>x</button>"
    site.add("/", responds(text=page, content_type="text/html", headers={"Content-Security-Policy": policy}))
    component = only(await visit(site.url("/")))
    assert (component["mode"], component["warnings"]) == ("rules", [])
    assert "color: red" in component["css"]


async def test_a_page_without_frames_is_read_by_its_rules_alone(visit: Visit, site: Site):
    page = "<!doctype html><style>button { color: red }</style><button id=it>x</button>"
    headers = {"Content-Security-Policy": "sandbox"}
    capture = await visit(site.add("/", responds(text=page, content_type="text/html", headers=headers)))
    assert any("allows no frame" in warning for warning in capture.warnings)
    component = only(capture)
    assert component["warnings"] == ["It was not compared with the page while it was read."]
    assert "color: red" in component["css"]


async def test_nothing_of_the_reading_stays_in_the_page(visit: Visit, site: Site, devtools: Connection):
    """Looked at from beside it while it is still open; its own script has seen our frames come."""
    page = """<body><button id=it>x</button><script>
        const [before, seen] = [Object.keys(window).length, []]
        new MutationObserver(() => seen.push(document.documentElement.children.length))
          .observe(document.documentElement, { childList: true })
        const sheets = () => document.adoptedStyleSheets.length + document.styleSheets.length
      </script>"""
    url = site.html("/", page)
    parsed = "new DOMParser().parseFromString(await (await fetch('/')).text(), 'text/html').documentElement.outerHTML"

    async def look() -> None:
        tab = await tab_at(devtools, url)
        assert await tab.run(f"(async () => document.documentElement.outerHTML === {parsed})()")
        assert await tab.run("[Object.keys(window).length - before, frames.length, sheets()]") == [0, 0, 0]
        assert await tab.run("[Math.max(...seen), seen.at(-1)]") == [3, 2], "the head and the body"

    await visit(url, then=look)


# -- helpers ------------------------------------------------------------------------------------------------------


def page_of(component: Component, box: dict[str, float]) -> str:
    place = f"position: absolute; left: {box['x']}px; top: {box['y']}px; width: {box['width']}px"
    return f"<style>{component['css']}</style><div class=it style='{place}'>{component['htmlSnippet']}</div>"


async def shown(devtools: Connection, url: str, selector: str, width: int) -> Shown:
    """The first element of ``selector`` in a window of this width, when all that comes has come."""
    async with open_tab(devtools, width) as tab:
        await tab.visit(url)
        box: dict[str, float] = await tab.run(f"({_SETTLED})({selector!r})")
        return Shown(box, await tab.picture(clip=_whole_pixels(box)))


def _whole_pixels(box: dict[str, float]) -> dict[str, float]:
    """Those that belong to the component alone: at its edges there may be a part of its neighbours."""
    x, y = math.ceil(box["x"]), math.ceil(box["y"])
    return {
        "x": x,
        "y": y,
        "width": math.floor(box["x"] + box["width"]) - x,
        "height": math.floor(box["y"] + box["height"]) - y,
        "scale": 1,
    }


_SETTLED = """async (selector) => {
  for (const image of document.images) image.loading = 'eager'
  const ends = document.getAnimations().filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime))
  const images = [...document.images].map((image) => image.decode().catch(() => {}))
  await Promise.all([document.fonts.ready, ...images, ...ends.map(({ finished }) => finished)])
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect()
  return { x, y, width, height }
}"""
