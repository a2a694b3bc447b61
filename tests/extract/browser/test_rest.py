"""How a page comes to rest before it is read: its clock runs ahead, and nothing else is another way."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from jobserver.extract.model import Unchanged
from tests.extract.browser.reading import Visit
from tests.extract.browser.web_site import Site

pytestmark = pytest.mark.browser

SAYS = "const say = (text) => { document.querySelector('button').textContent += text };"


async def said(visit: Visit, site: Site, script: str) -> str:
    """What a script of the page has written on its button by the time it is read."""
    (button,) = (await visit(site.html("/", f"<button></button><script>{SAYS}{script}</script>"))).found
    return button.text


GROWN = {
    "by the frame's time": "const grow = (now) => { began ??= now; show(now - began, () => frame(grow)) };",
    "by the clock": "began = performance.now(); const grow = () => show(performance.now() - began, () => frame(grow));",
    "by the date": "began = +new Date(); const grow = () => show(Date.now() - began, () => frame(grow));",
    "by short timers": "began = Date.now(); const grow = () => show(Date.now() - began, () => setTimeout(grow, 20));",
}


@pytest.mark.parametrize("way", GROWN.values(), ids=GROWN.keys())
async def test_what_grows_for_a_second_is_grown(visit: Visit, site: Site, way: str):
    show = "const show = (passed, go) => { if (passed < 1000) go(); else say('grown') };"
    frame = "const frame = (next) => requestAnimationFrame(next);"
    assert await said(visit, site, f"let began; {show}{frame}{way} onload = () => frame(grow)") == "grown"


async def test_timers_run_in_order_once_and_as_they_were_set(visit: Visit, site: Site):
    script = """
        setTimeout(function (text) { say(this === window ? text : 'lost') }, 400, 'd');
        setTimeout(say, 100, 'a');
        const gone = setTimeout(say, 200, 'never');
        setTimeout(() => { clearTimeout(gone); say('b'); setTimeout(say, 50, 'c') }, 150);
        clearInterval(setTimeout(say, 300, 'never'));
        setTimeout("var early = 'e'; say(early)", 450);
        setTimeout(() => say(early), 480);
    """
    assert await said(visit, site, script) == "abcdee"


async def test_all_clocks_of_a_page_agree(visit: Visit, site: Site):
    script = """
        const clocks = () => [performance.timeOrigin + performance.now(), Date.now(), +new Date(), Date.parse(Date())];
        const facts = () => [
            new Date() instanceof Date, new Date(0).constructor === Date, new Date(2020, 1).getFullYear(),
            typeof Date(),
            Date.length, new (class extends Date {})(5).getTime(), requestAnimationFrame.length,
        ];
        let last = 0;
        let goesOn = true;
        const watch = () => {
            goesOn &&= performance.now() >= last;
            last = performance.now();
            requestAnimationFrame(watch);
        };
        watch();
        setTimeout(() => setTimeout(() => say(JSON.stringify([clocks(), facts(), goesOn])), 400), 400);
    """
    clocks, facts, goes_on = json.loads(await said(visit, site, script))
    assert max(clocks) - min(clocks) < 1500  # `Date()` has no milliseconds
    assert facts == [True, True, 2020, "string", 7, 5, 1]
    assert goes_on


async def test_no_time_is_skipped_while_something_is_under_way(visit: Visit, site: Site):
    """Some scripts wait only so long for an answer, and show something else then."""

    async def slowly(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.3)  # for the page's own timer, which no event ends
        return web.Response(text="answer")

    site.add("/slow", slowly)
    script = """
        const late = setTimeout(say, 480, 'late');
        fetch('/slow').then((answer) => answer.text()).then((text) => { clearTimeout(late); say(text) });
    """
    assert await said(visit, site, script) == "answer"


async def test_a_motion_that_begins_another_is_followed_to_the_end(visit: Visit, site: Site):
    css = "i { position: absolute; left: 0; transition: left 300ms } .on { left: 9px } .far { left: 99px }"
    script = """
        const moved = document.querySelector('i');
        moved.addEventListener('transitionend', () => {
            if (moved.className === 'on') moved.className = 'far';
            else say(getComputedStyle(moved).left);
        });
        onload = () => { getComputedStyle(moved).left; moved.className = 'on' };
    """
    page = f"<style>{css}</style><i>x</i><button></button><script>{SAYS}{script}</script>"
    assert [found.text for found in (await visit(site.html("/", page))).found if found.kind == "button"] == ["99px"]


async def test_what_turns_in_a_shadow_tree_is_held_still_too(visit: Visit, site: Site):
    turns = "@keyframes turn { to { rotate: 1turn } } b { display: inline-block; animation: turn 1s infinite }"
    tree = f"<p><template shadowrootmode=open><style>{turns}</style><b>Within</b></template></p>"
    url = site.html("/", f"{tree}<button>Save</button>")
    known = (await visit(url)).fingerprint
    assert known is not None
    with pytest.raises(Unchanged):
        await visit(url, known=known)


async def test_what_a_script_makes_of_a_narrow_page_after_a_moment_is_seen(visit: Visit, site: Site):
    script = """
        let later;
        onresize = () => {
            clearTimeout(later);
            later = setTimeout(() => { document.body.className = innerWidth < 500 ? 'small' : '' }, 400);
        };
    """
    css = "button { color: rgb(1, 2, 3) } .small button { color: rgb(4, 5, 6) }"
    page = f"<style>{css}</style><button>Save</button><script>{script}</script>"
    (button,) = (await visit(site.html("/", page))).found
    colors = {bool(rule.conditions): rule.declarations.get("color") for rule in button.root.rules}
    assert colors == {False: "rgb(1, 2, 3)", True: "rgb(4, 5, 6)"}
