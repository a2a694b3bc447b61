"""The page in a real browser: what is painted, what runs, and what its controls do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from jobserver.extract.model import Extraction
from jobserver.extract.preview import Fonts, Pictures, fonts_in, pictures_in, preview_csp, preview_page
from tests.extract.make_font import ICON
from tests.extract.preview.make_previews import ATTACK, NONCE, a_picture, an_extraction
from tests.extract.preview.pixels import colors
from tests.extract.preview.test_fonts import FILE, with_a_font
from tests.extract.tab import Tab

pytestmark = pytest.mark.browser


@dataclass
class Shown:
    """A preview that is open in a browser. ``asked``: paths that were asked of its server."""

    tab: Tab
    asked: list[str] = field(default_factory=list)

    async def run(self, expression: str) -> Any:
        return await self.tab.run(expression, userGesture=True)

    async def press(self, key: str, **more: object) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.tab.send("Input.dispatchKeyEvent", type=kind, key=key, **more)


@asynccontextmanager
async def showing(
    tab: Tab, extraction: Extraction, pictures: Pictures | None = None, fonts: Fonts | None = None
) -> AsyncIterator[Shown]:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        page = preview_page(extraction, nonce=NONCE, pictures=pictures or {}, fonts=fonts or {})
        headers = {"Content-Security-Policy": preview_csp(NONCE)}
        return web.Response(text=page, content_type="text/html", headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        await tab.visit(str(server.make_url("/")))
        yield Shown(tab, asked)


async def test_components_are_painted_and_run_nothing(tab: Tab):
    extraction = an_extraction()
    extraction["components"][0]["css"] = ".gen-nav-1 { background: rgb(255, 0, 128); height: 64px }"
    extraction["components"][1]["htmlSnippet"] += ATTACK
    async with showing(tab, extraction) as page:
        painted = colors(await tab.picture())
        assert (255, 0, 128) in painted
        assert (0, 255, 0) not in painted
        assert "/leak" not in page.asked
        reached = "[...document.querySelectorAll('iframe')].some(frame => frame.contentDocument)"
        assert await page.run(reached) is False


@pytest.mark.parametrize("kept", [True, False])
async def test_an_icon_is_drawn_in_the_font_that_the_job_has_kept(tab: Tab, kept: bool):
    """It is wider than its frame: the mark behind it is seen only where the font is missing."""
    extraction = with_a_font()
    first = extraction["components"][0]
    first["htmlSnippet"] = f"<p class=x>{ICON}<i class=y></i></p>"
    first["css"] += """
.x { font: 20px Icons; background: rgb(255, 0, 128); width: 99px; overflow: hidden; white-space: nowrap }
.y { display: inline-block; background: rgb(0, 200, 0); width: 20px; height: 20px }"""
    async with showing(tab, extraction, fonts=fonts_in(extraction, [FILE] if kept else [])) as page:
        place = await page.run("(({x, y}) => ({x, y}))(document.querySelector('#c1 iframe').getBoundingClientRect())")
        painted = colors(await tab.picture(clip={**place, "width": 120, "height": 60, "scale": 1}))
        assert (255, 0, 128) in painted
        assert ((0, 200, 0) in painted) is not kept
        assert page.asked == ["/"]


async def test_sources_and_the_page_s_values_can_be_copied(tab: Tab):
    extraction = an_extraction()
    async with showing(tab, extraction) as page:
        await page.run("document.querySelector('#c2 .copy').click()")
        assert await page.run("document.querySelector('[role=status]').textContent") == "Copied"
        await page.run("document.querySelector('#find').focus()")
        await page.press("v", modifiers=2, commands=["paste"])
        assert await page.run("document.querySelector('#find').value") == extraction["components"][1]["htmlSnippet"]


async def test_a_search_shows_what_matches_and_escape_shows_all(tab: Tab):
    shown = "[...document.querySelectorAll('.card:not([hidden])')].map(card => card.id).join(' ')"
    async with showing(tab, an_extraction()) as page:
        await page.press("/", text="/")
        assert await page.run("document.activeElement.id") == "find"
        for letter in "go":
            await page.press(letter, text=letter)
        assert await page.run(shown) == "c2"
        assert await page.run("document.querySelectorAll('.kind:not([hidden])').length") == 1
        await page.press("Escape")
        assert await page.run(shown) == "c1 c2 c3"
        await page.run(
            "const kind = document.querySelector('#kind'); kind.value = 'nav'; kind.dispatchEvent(new Event('input'))"
        )
        assert await page.run(shown) == "c1"
        await page.run("document.querySelector('.side a[href=\"#kind-a\"]').click()")
        assert await page.run(shown) == "c1 c2 c3"


async def test_widths_and_comparison_need_no_script_of_ours(tab: Tab):
    pictures = pictures_in([("component-2.webp", "image/webp", a_picture(96, 56))])
    places = """[...document.querySelectorAll('#c2 .fit')].map(each => {
      const {x, y, width, height} = each.getBoundingClientRect();
      return [x, y, width, height].join();
    })"""
    async with showing(tab, an_extraction(), pictures) as page:
        original, rebuilt = await page.run(places)
        assert original.split(",")[2:] == rebuilt.split(",")[2:] == ["96", "56"]
        assert original != rebuilt
        await page.run("document.querySelector('#see-difference').click()")
        original, rebuilt = await page.run(places)
        assert original == rebuilt
        await page.run("document.querySelector('#at-narrow').click()")
        assert await page.run("document.querySelector('#c1 iframe').offsetWidth") == 390
        assert await page.run("document.querySelector('#c2 .original').offsetWidth") == 0


async def test_nothing_is_wider_than_a_phone(tab: Tab):
    async with showing(tab, an_extraction()) as page:
        phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
        await tab.send("Emulation.setDeviceMetricsOverride", **phone)
        assert await page.run("document.documentElement.scrollWidth") <= 390
