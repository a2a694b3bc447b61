"""How like the page components are said to be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.browser import script
from jobserver.extract.browser.judge import MAX_PICTURES
from jobserver.extract.model import Component, Extraction, Request
from jobserver.extract.run import extract
from tests.extract.browser.reading import quiet
from tests.extract.browser.verifying import Verify
from tests.extract.browser.web_site import Site, responds
from tests.extract.tab import Tab

pytestmark = pytest.mark.browser

Extract = Callable[..., Awaitable[Extraction]]


@pytest.fixture
def extracted(ws_url: str, site: Site) -> Extract:
    """All that a job does with a page: ``await extracted(url, time_limit=4.0)``."""

    async def run(url: str, *, time_limit: float = 20.0) -> Extraction:
        gate = Gate(UrlPolicy(private_targets=frozenset({site.authority})), Resolver())
        return await extract(Request(url, time_limit=time_limit), gate, quiet, browser=ws_url)

    return run


STYLE = """
<style>
  body { margin: 0; font: 16px/1.5 sans-serif; color: #333; background: linear-gradient(#fee, #eef) }
  button { background: #06c; color: #fff; border: 0; border-radius: 6px; padding: 8px 16px; }
  button { box-shadow: 0 2px 6px #0006 }
  article { border: 1px solid #999; width: 300.5px; margin: 40px; padding: 10px; background: #fff }
</style>
"""
BUTTON = "<button>Press me</button>"


async def test_a_component_that_looks_like_the_page_differs_in_nothing(verify: Verify, site: Site):
    verified = await verify(site.html("/", STYLE + BUTTON))
    assert verified.of("button") == {"diff": 0, "ssim": 1}
    assert verified.extraction["fidelity"] == {"diff": 0, "ssim": 1, "verified": 1, "passed": 1}


async def test_a_component_that_lost_its_style_is_told_from_one_that_did_not(verify: Verify, site: Site):
    def spoil(components: list[Component]) -> None:
        (button,) = (each for each in components if each["kind"] == "button")
        button["css"] = ""

    page = f"{STYLE}{BUTTON}<article><h2>A title</h2><p>And a text</article>"
    verified = await verify(site.html("/", page), spoil=spoil)
    assert verified.of("button")["diff"] > 0.3
    assert verified.of("button")["ssim"] < 0.9
    assert verified.of("article") == {"diff": 0, "ssim": 1}
    assert (verified.extraction["fidelity"]["verified"], verified.extraction["fidelity"]["passed"]) == (2, 1)


async def test_a_component_without_any_element_is_nothing_like_the_page(verify: Verify, site: Site):
    def spoil(components: list[Component]) -> None:
        components[0]["htmlSnippet"] = ""

    assert (await verify(site.html("/", STYLE + BUTTON), spoil=spoil)).of("button")["diff"] > 0.5


async def test_what_is_not_the_component_is_not_in_its_picture(verify: Verify, site: Site):
    """Not what is over it, behind it or beside it, even where that insists on being seen."""
    page = f"""{STYLE}<style>.over {{ visibility: visible !important; position: absolute; inset: 0; background: #0f08 }}
      @layer base {{ .late {{ visibility: visible !important; position: absolute; inset: 0; background: #f008 }} }}
      .over::before {{ content: "over all"; visibility: visible !important; transition: all 9s }}</style>
      <div style="padding: 20px; background: #ff0">{BUTTON}<i>beside</i></div>
      <b class=over><b class=over>deep</b></b><b class=late></b>"""
    verified = await verify(site.html("/", page))
    assert verified.of("button") == {"diff": 0, "ssim": 1}


async def test_what_insists_on_being_seen_in_a_component_is_in_its_picture(verify: Verify, site: Site):
    page = f"""{STYLE}<style>article * {{ visibility: visible !important }} body {{ visibility: visible }}
      p::before {{ content: "!"; visibility: visible }} i {{ visibility: hidden !important }}</style>
      <article><h2>A title</h2><p>And <b><b>a text</b></b><i>unseen</i></p></article><p style="color: red">beside</p>"""
    verified = await verify(site.html("/", page))
    assert verified.of("article") == {"diff": 0, "ssim": 1}


async def test_a_page_of_which_all_insists_on_being_seen_is_compared(verify: Verify, site: Site):
    others = "<i style='position: absolute; inset: 0; background: #0f01'>x</i>" * 250
    page = f"{STYLE}<style>*, *::after {{ visibility: visible !important }}</style>{BUTTON}{others}"
    assert (await verify(site.html("/", page))).of("button") == {"diff": 0, "ssim": 1}


async def test_a_component_as_high_as_the_window_is_compared(verify: Verify, site: Site):
    style = "article { box-sizing: border-box; height: 100vh; margin: 0 0 9.5px; background: #efe }"
    heroes = "<article><h2>All</h2></article><article style='color: #fff'><h2>All</h2></article>"
    verified = await verify(site.html("/", f"{STYLE}<style>{style}</style>{heroes}"))
    assert verified.extraction["fidelity"] == {"diff": 0, "ssim": 1, "verified": 2, "passed": 2}


async def test_what_there_is_no_room_for_is_not_compared_and_said(
    verify: Verify, site: Site, monkeypatch: pytest.MonkeyPatch
):
    """The small one comes first or last: it is compared either way."""
    monkeypatch.setattr("jobserver.extract.browser.judge.MAX_PIXELS", 20_000)
    verified = await verify(site.html("/", f"{STYLE}<article><h2>A title</h2>{BUTTON}</article>"))
    assert verified.kinds == ["button"]
    assert "too many large components" in verified.extraction["warnings"][0]


async def test_a_component_in_another_is_compared_by_itself(verify: Verify, site: Site):
    verified = await verify(site.html("/", f"{STYLE}<article><h2>A title</h2>{BUTTON}</article>"))
    assert verified.kinds == ["article", "button"]
    assert verified.extraction["fidelity"]["passed"] == 2


async def test_components_far_down_the_page_are_compared(verify: Verify, site: Site):
    verified = await verify(site.html("/", f"{STYLE}<div style='height: 5000.4px'></div>{BUTTON}"))
    assert verified.of("button") == {"diff": 0, "ssim": 1}


async def test_a_page_that_has_scrolled_is_compared_where_it_stands(verify: Verify, site: Site):
    page = f"{STYLE}<div style='height: 1500px'></div>{BUTTON}<div style='height: 1500px'></div>"
    verified = await verify(site.html("/", f"{page}<script>onload = () => scrollTo(0, 1200)</script>"))
    assert verified.of("button") == {"diff": 0, "ssim": 1}


async def test_what_sticks_or_is_fixed_is_compared(verify: Verify, site: Site):
    page = f"""{STYLE}<header style="position: sticky; top: 0; height: 50px; background: #ccc">Head</header>
      <div style="height: 3000px"></div><nav style="position: fixed; right: 20px; bottom: 20px; background: #cfc">
      <a href=/a>One</a> <a href=/b>Two</a></nav>"""
    verified = await verify(site.html("/", page))
    assert set(verified.kinds) >= {"header", "nav"}
    assert verified.extraction["fidelity"]["passed"] == verified.extraction["fidelity"]["verified"]


async def test_a_component_in_a_shadow_tree_is_compared_with_what_is_in_its_slots(verify: Verify, site: Site):
    page = """<my-button><b>Press</b> me</my-button><my-other></my-other><script>
      const style = 'button { background: #06c; color: #fff; border: 0; padding: 8px 16px }'
      const inner = {'my-button': '<button><slot></slot></button>', 'my-other': '<i style="visibility: visible">x</i>'}
      for (const name in inner) {
        customElements.define(name, class extends HTMLElement {
          connectedCallback() { this.attachShadow({mode: 'open'}).innerHTML = `<style>${style}</style>${inner[name]}` }
        })
      }</script>"""
    verified = await verify(site.html("/", STYLE + page))
    assert verified.of("button") == {"diff": 0, "ssim": 1}


@pytest.mark.parametrize(
    "policy",
    [
        "default-src 'none'; style-src 'self'; frame-src 'none'; child-src 'none'",
        "require-trusted-types-for 'script'; trusted-types 'none'",
    ],
)
async def test_a_page_that_allows_nothing_is_read_and_compared(verify: Verify, site: Site, policy: str):
    site.add("/style.css", responds(text=STYLE.strip()[7:-8], content_type="text/css"))
    answer = responds(
        text=f"<!doctype html><link rel=stylesheet href=/style.css>{BUTTON}",
        content_type="text/html",
        headers={"Content-Security-Policy": policy},
    )
    verified = await verify(site.add("/", answer))
    assert verified.of("button") == {"diff": 0, "ssim": 1}
    assert verified.extraction["warnings"] == [], "it was also compared while it was read"


@pytest.mark.parametrize("after", ["0", "1", "60"])
async def test_a_page_that_takes_our_frames_away_is_worth_what_was_read(extracted: Extract, site: Site, after: str):
    """At once, or while they are in use: what is then seen is not said of its components."""
    thief = f"""<script>new MutationObserver((all) => {{
      const take = () => all.forEach(({{addedNodes}}) => addedNodes.forEach((node) => node.remove()));
      if ({after}) setTimeout(take, {after}); else take();
    }}).observe(document.documentElement, {{childList: true}})</script>"""
    styles = "".join(f"<button style='border: {place}px solid'>x</button>" for place in range(1, 31))
    extraction = await extracted(site.html("/", STYLE + BUTTON + styles + thief))
    assert extraction["componentCount"] == 31
    assert "padding: 8px 16px" in extraction["components"][0]["css"]
    assert len(extraction["cssFile"]) < 30_000, "nothing was mended after what was no longer shown"
    assert extraction.get("fidelity", {"diff": 0})["diff"] == 0
    if after != "60":
        assert any("allows no frame" in warning for warning in extraction["warnings"])
        assert "The page failed before all components were compared with it." in extraction["warnings"]


async def test_pictures_and_fonts_are_waited_for(verify: Verify, site: Site):
    svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><circle cx='4' cy='4' r='4' fill='red'/></svg>"
    site.add("/dot.svg", responds(text=svg, content_type="image/svg+xml", headers={"Cache-Control": "no-store"}))
    page = """<img src=/dot.svg width=90 height=90 loading=lazy>
      <a href=/x style="background: url(/dot.svg); padding: 30px">x</a>"""
    verified = await verify(site.html("/", page))
    assert verified.kinds == ["img", "a"]
    assert verified.extraction["fidelity"]["passed"] == 2


async def test_what_cannot_be_pictured_alone_has_no_fidelity(verify: Verify, site: Site):
    page = f"""{STYLE}<style>nav {{ height: 1200px }} p {{ width: 90px }}</style>
      <div style="overflow: hidden; width: 60px">{BUTTON}</div><p>Some <a href=/x>words that go on for two lines</a></p>
      <nav><a href=/long style="color: red">One</a></nav>"""
    verified = await verify(site.html("/", page))
    assert verified.kinds == ["a"], "the one in the navigation"
    assert verified.extraction["warnings"] == []


async def test_a_page_that_does_not_unfold_after_it_was_narrow_is_compared_as_it_was_read(verify: Verify, site: Site):
    fold = """<style>.folded article { width: 90px } .folded button { display: none }</style><script>
      addEventListener('resize', () => { if (innerWidth < 480) document.body.classList.add('folded') })
      matchMedia('(max-width: 400px)').onchange = () => document.querySelector('input')?.remove()
    </script><div style="height: 1500px"></div><article style="background: #efe"><h2>Below</h2></article>"""
    verified = await verify(site.html("/", f"{STYLE}{BUTTON}<input><article><h2>Title</h2></article>{fold}"))
    assert sorted(verified.kinds) == ["article", "article", "button", "input"]
    assert verified.extraction["fidelity"] == {"diff": 0, "ssim": 1, "verified": 4, "passed": 4}


@pytest.mark.parametrize(
    "rules",
    [
        "* { transition: all 1s }",
        "@layer first { * { transition: all 1s !important } p, u { visibility: visible !important } }",
    ],
)
async def test_the_page_is_as_it_was_after_its_pictures(verify: Verify, site: Site, rules: str):
    """Nothing is hidden any more when it is read again, nothing has moved, no transition was heard of."""
    page = f"""{STYLE}<style>@layer second {{}} {rules}</style><u><u>x</u></u>{BUTTON}<input><p style="height: 1500px">
      <article style="background: #efe"><h2>Below</h2></article><script>
      document.addEventListener('transitionrun', ({{propertyName}}) => {{
        if (!propertyName.startsWith('outline')) fetch('/heard/' + propertyName)
      }})
      addEventListener('resize', () => {{
        const all = [...document.querySelectorAll('*')]
        const state = [all.filter((each) => getComputedStyle(each).visibility !== 'visible').length, scrollY]
        fetch(`/state/${{[...state, document.adoptedStyleSheets.length]}}`)
      }}, {{once: true}})</script>"""
    verified = await verify(site.html("/", page))
    assert verified.extraction["fidelity"]["verified"] == 3
    told = [path for path in site.asked if path.startswith(("/heard", "/state"))]
    assert told == ["/state/0,0,0"]


async def test_what_has_the_focus_keeps_it_while_others_are_pictured(tab: Tab):
    await tab.show("<button>b</button><input>")
    await tab.run("globalThis.jobserver = {elements: new Map([['b', document.querySelector('button')]])}; 0")
    await tab.run("document.querySelector('input').focus()")
    await tab.run(f"({script.ORIGINALS})({{looks: ['b'], top: 0, bottom: 100}})")
    await tab.picture()
    assert await tab.run("document.activeElement.localName") == "input"
    assert await tab.run("getComputedStyle(document.activeElement).opacity") == "0"


async def test_all_components_are_compared_when_all_are_asked_for_and_a_sample_otherwise(verify: Verify, site: Site):
    buttons = "".join(f"<button style='margin: 30px; border: {place}px solid'>x</button>" for place in range(30))
    url = site.html("/", STYLE + buttons)
    every, sample, none = [await verify(url, verify=which) for which in ("all", "sample", "none")]
    assert every.extraction["fidelity"]["verified"] == every.extraction["componentCount"]
    assert 8 <= sample.extraction["fidelity"]["verified"] <= 12
    assert none.kinds == []
    assert none.pictures == {}
    assert "fidelity" not in none.extraction


async def test_a_picture_of_every_original_that_was_compared_is_kept(verify: Verify, site: Site):
    verified = await verify(site.html("/", f"{STYLE}<article><h2>A title</h2>{BUTTON}</article>"))
    assert sorted(verified.pictures) == ["component-1.webp", "component-2.webp"]
    assert all(body[:4] == b"RIFF" and body[8:12] == b"WEBP" for body in verified.pictures.values())
    assert sum(map(len, verified.pictures.values())) < MAX_PICTURES


async def test_the_page_is_told_nothing_of_it(verify: Verify, site: Site):
    watch = """<script>new MutationObserver((all) => {
        for (const {target, attributeName} of all) fetch(`/changed/${target.localName}/${attributeName}`)
      }).observe(document.body, {attributes: true, subtree: true})</script>"""
    await verify(site.html("/", f"{STYLE}{BUTTON}{watch}"))
    assert [path for path in site.asked if path.startswith("/changed")] == []


async def test_a_page_of_too_many_elements_is_not_compared_and_says_so(
    verify: Verify, site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("jobserver.extract.browser.pictures.MAX_ELEMENTS", 5)
    verified = await verify(site.html("/", STYLE + BUTTON + "<p>x" * 9))
    assert verified.kinds == []
    assert any("too many elements" in warning for warning in verified.extraction["warnings"])


async def test_a_page_that_fails_while_it_is_compared_is_worth_what_was_read(
    extracted: Extract, site: Site, monkeypatch: pytest.MonkeyPatch
):
    """A script that fails stands in for whatever a page may do."""
    monkeypatch.setattr("jobserver.extract.browser.script.STAGE", "() => { throw new Error('no') }")
    extraction = await extracted(site.html("/", STYLE + BUTTON))
    assert [each["kind"] for each in extraction["components"]] == ["button"]
    assert extraction["warnings"] == ["The page failed before all components were compared with it."]
    assert "fidelity" not in extraction


async def test_a_comparison_that_does_not_end_in_time_costs_no_job(
    extracted: Extract, site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("jobserver.extract.browser.script.STAGE", "() => new Promise(() => {})")
    async with asyncio.timeout(8.0):
        extraction = await extracted(site.html("/", STYLE + BUTTON), time_limit=4.0)
    assert extraction["warnings"][-1] == "The page failed before all components were compared with it."


async def test_who_asked_for_all_is_told_that_none_could_be_compared(verify: Verify, site: Site):
    page = f"{STYLE}<div style='overflow: hidden; width: 60px'>{BUTTON}</div>"
    assert "none was compared" in (await verify(site.html("/", page))).extraction["warnings"][0]
    assert (await verify(site.url("/"), verify="sample")).extraction["warnings"] == []
    empty = site.html("/empty", "<script>document.documentElement.remove()</script>")
    assert (await verify(empty)).extraction["warnings"] == []
