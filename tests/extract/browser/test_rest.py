"""How a page comes to rest before it is read: its clock runs ahead, and nothing else is another way."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from tests.extract.browser.reading import Visit, is_known_again, style
from tests.extract.browser.web_site import Handler, Site, responds

pytestmark = pytest.mark.browser

JAVASCRIPT = "text/javascript"
SAYS = "const say = (text) => { document.querySelector('button').textContent += text };"


async def said(visit: Visit, site: Site, script: str) -> str:
    """What a script of the page has written on its button by the time it is read."""
    (button,) = (await visit(site.html("/", f"<button></button><script>{SAYS}{script}</script>"))).found
    return button.text


def slowly(seconds: float, text: str, content_type: str = "text/plain") -> Handler:
    """A handler that answers after a while."""

    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)  # for the page's own timer, which no event ends
        return web.Response(text=text, content_type=content_type)

    return answer


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
        onerror = (message) => say(message);
        setTimeout(function (text) { say(this === window ? text : 'lost') }, 400, 'd');
        setTimeout(say, 100, 'a');
        const gone = setTimeout(say, 200, 'never');
        setTimeout(() => { clearTimeout(gone); say('b'); setTimeout(say, 50, 'c') }, 150);
        clearInterval(setTimeout(say, 300, 'never'));
        setTimeout("var early = 'e'; say(early)", 450);
        setTimeout(() => say(early), 480);
    """
    assert await said(visit, site, script) == "abcdee"


@pytest.mark.parametrize(
    "script",
    [
        "setTimeout(() => { setTimeout(end, 50, 'right') }, 100); setTimeout(end, 200, 'wrong');",
        "thrice(() => sleep(100)).then(() => end('right')); setTimeout(end, 480, 'wrong');",
    ],
    ids=["timers", "promises"],
)
async def test_what_follows_upon_a_timer_comes_when_it_would_have(visit: Visit, site: Site, script: str):
    given = """
        const sleep = (delay) => new Promise((resolve) => setTimeout(resolve, delay));
        const thrice = (wait) => wait().then(wait).then(wait);
        let isSaid = false;
        const end = (text) => { if (!isSaid) say(text); isSaid = true };
    """
    assert await said(visit, site, f"{given} onload = () => {{ {script} }}") == "right"


async def test_what_the_coming_of_a_lazy_picture_begins_is_waited_for(visit: Visit, site: Site):
    site.add("/slow", slowly(0.1, "answer"))
    site.add("/dot.svg", responds(text="<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/svg+xml"))
    picture = """<div style='height: 9000px'></div><img loading=lazy src=/dot.svg width=9 height=9 onload="
        const late = setTimeout(say, 300, 'late');
        fetch('/slow').then((answer) => answer.text()).then((text) => { clearTimeout(late); say(text) })">"""
    page = f"<button></button><script>{SAYS}</script>{picture}"
    assert [found.text for found in (await visit(site.html("/", page))).found if found.kind == "button"] == ["answer"]


LOOKS = {
    "at once": "onscroll = look",
    "debounced": "let later; onscroll = () => { clearTimeout(later); later = setTimeout(look, 30) }",
    "debounced for longer": "let later; onscroll = () => { clearTimeout(later); later = setTimeout(look, 200) }",
    "at an interval": "let isNew; onscroll = () => { isNew = true }; setInterval(() => { if (isNew) look() }, 50)",
}


@pytest.mark.parametrize("way", LOOKS.values(), ids=LOOKS.keys())
async def test_everything_that_scrolling_shows_is_shown(visit: Visit, site: Site, way: str):
    places = "".join(f"<button style='position: absolute; top: {top}px'></button>" for top in range(1500, 9000, 800))
    script = f"""
        const look = () => {{
            for (const button of document.querySelectorAll('button')) {{
                const {{ top }} = button.getBoundingClientRect();
                if (top > 0 && top < innerHeight) button.textContent = 'seen';
            }}
        }};
        {way}"""
    capture = await visit(site.html("/", f"<div style='height: 9500px'>{places}</div><script>{script}</script>"))
    assert [found.text for found in capture.found] == ["seen"] * 10


async def test_a_page_that_sets_timers_without_number_costs_no_time(visit: Visit, site: Site):
    script = "for (let i = 0; i < 100000; i += 1) setTimeout(function again() { setTimeout(again, 450) }, 450);"
    async with asyncio.timeout(10.0):
        assert await said(visit, site, f"say('here'); onscroll = () => 0; onload = () => {{ {script} }}") == "here"


async def test_a_motion_that_is_long_is_not_hurried_round_after_round(visit: Visit, site: Site):
    css = "i { display: block; animation: bar 5s } @keyframes bar { to { width: 0 } }"
    script = """
        const bar = document.querySelector('i');
        bar.addEventListener('animationend', () => {
            say('x');
            bar.style.animation = 'none';
            bar.getBoundingClientRect();
            bar.style.animation = '';
        });
    """
    page = f"<style>{css}</style><i>x</i><button></button><script>{SAYS}{script}</script>"
    (button,) = [found for found in (await visit(site.html("/", page))).found if found.kind == "button"]
    assert len(button.text) <= 2


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
    site.add("/slow", slowly(0.3, "answer"))
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
    assert await is_known_again(visit, url)


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


async def test_what_a_worker_makes_of_what_it_loads_is_seen(visit: Visit, site: Site):
    site.add("/part.js", slowly(0.2, "const part = 'part'", JAVASCRIPT))
    site.add("/data", slowly(0.3, "data"))
    inner = "importScripts('/part.js'); fetch('/data').then((it) => it.text()).then((text) => postMessage(part + text))"
    site.add("/inner.js", responds(text=inner, content_type=JAVASCRIPT))
    outer = "const inner = new Worker('/inner.js'); inner.onmessage = ({ data }) => postMessage(data)"
    site.add("/outer.js", responds(text=outer, content_type=JAVASCRIPT))
    script = "new Worker('/outer.js').onmessage = ({ data }) => say(data)"
    assert await said(visit, site, script) == "partdata"


async def test_a_page_is_not_kept_waiting_by_its_workers(visit: Visit, site: Site):
    """Their scripts come, or do not; a page that nothing was waited for in vain is recognised."""
    site.add("/worker.js", responds(text="postMessage(1)", content_type=JAVASCRIPT))
    script = "new Worker('/worker.js'); new Worker('/missing.js'); new Worker('/worker.js', { type: 'module' })"
    url = site.html("/", f"<button>Save</button><script>{script}</script>")
    assert await is_known_again(visit, url)


async def test_what_is_done_at_intervals_is_not_done_more_often(visit: Visit, site: Site):
    script = """
        let shown = 0;
        setInterval(() => { shown += 1 }, 200);
        let left = 20;
        const go = () => { left -= 1; if (left > 0) setTimeout(go, 10); else say(shown <= 2 ? 'as it should' : shown) };
        onload = go;
    """
    assert await said(visit, site, script) == "as it should"


async def test_nothing_is_hovered_in_the_corner_of_the_window_and_nobody_leaves_by_the_top(visit: Visit, site: Site):
    css = "body { margin: 0 } button { color: rgb(1, 2, 3) } header:hover button { color: rgb(9, 9, 9) }"
    script = (
        "onmouseout = ({ clientY }) => { if (clientY <= 0) say('Stay!') }; onload = () => setTimeout(say, 300, 'Save')"
    )
    page = f"<style>{css}</style><header><button></button></header><script>{SAYS}{script}</script>"
    (button,) = [found for found in (await visit(site.html("/", page))).found if found.kind == "button"]
    assert (button.text, style(button.root)["color"]) == ("Save", "rgb(1, 2, 3)")
