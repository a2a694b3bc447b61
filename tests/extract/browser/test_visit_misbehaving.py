"""Visits to pages that are not well-behaved: they hold up, run away, swell and never end."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from jobserver.errors import (
    JobFailed,
    PageStatus,
    PageTooLarge,
    PageUnreachable,
)
from jobserver.extract.browser.cdp import Connection
from tests.extract.browser.reading import BUTTON, Visit, kinds, open_pages
from tests.extract.browser.web_site import Site, responds

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("call", ["alert('x')", "confirm('x')", "prompt('x')"])
async def test_a_dialog_holds_nothing_up(visit: Visit, site: Site, call: str):
    assert kinds(await visit(site.html("/", f"<script>{call}</script>{BUTTON}"))) == ["button"]


async def test_a_page_that_does_not_want_to_be_left_is_left(visit: Visit, site: Site, devtools: Connection):
    script = "onbeforeunload = event => { event.preventDefault(); return 'stay' }"
    await visit(site.html("/", f"<script>{script}</script>{BUTTON}"))
    assert await open_pages(devtools, site) == []


@pytest.mark.parametrize("features", ["", "noopener"])
async def test_a_pop_up_is_closed(visit: Visit, site: Site, devtools: Connection, features: str):
    site.html("/popup", "Buy!")
    await visit(site.html("/", f"{BUTTON}<script>open('/popup', '_blank', '{features}')</script>"))
    assert await open_pages(devtools, site) == []
    assert "/popup" not in site.asked


async def test_a_download_that_a_script_starts_is_denied(visit: Visit, site: Site):
    headers = {"Content-Disposition": "attachment; filename=virus.exe"}
    site.add("/virus", responds(body=b"MZ", headers=headers))
    capture = await visit(site.html("/", f"<a id=x href=/virus download>get</a>{BUTTON}<script>x.click()</script>"))
    assert "button" in kinds(capture)


async def test_a_refresh_leads_to_the_page_that_is_read(visit: Visit, site: Site):
    site.html("/new", "<title>New</title><button>New</button>")
    capture = await visit(site.html("/", "<meta http-equiv=refresh content='0; url=/new'><button>Old</button>"))
    assert capture.url == site.url("/new")
    assert [found.text for found in capture.found] == ["New"]


async def test_a_script_that_leads_to_an_error_is_told(visit: Visit, site: Site):
    with pytest.raises(PageStatus, match="404"):
        await visit(site.html("/", "<script>location.href = '/missing'</script>"))


async def test_a_page_that_never_ends_is_read_as_far_as_it_came(visit: Visit, site: Site):
    capture = await visit(site.never("/endless", f"<!doctype html>{BUTTON}"), time_limit=8.0)
    assert kinds(capture) == ["button"]
    assert any("still loading" in warning for warning in capture.warnings)


async def test_a_page_that_never_answers_is_unreachable(visit: Visit, site: Site):
    async def silence(_: web.Request) -> web.StreamResponse:
        await site.ends.wait()
        return web.Response()

    with pytest.raises(PageUnreachable, match="did not answer in time"):
        await visit(site.add("/silence", silence), time_limit=6.0)


async def test_a_picture_that_never_comes_does_not_stop_the_rest(visit: Visit, site: Site):
    site.never("/slow.png", "")
    capture = await visit(site.html("/", f"{BUTTON}<img src=/slow.png width=40 height=40>"), time_limit=8.0)
    assert "button" in kinds(capture)


async def test_a_script_without_end_is_stopped_and_the_page_read(visit: Visit, site: Site):
    capture = await visit(
        site.html("/", f"{BUTTON}<script>setTimeout(() => {{ while (true); }}, 50)</script>"), time_limit=12.0
    )
    assert kinds(capture) == ["button"]
    assert any("without end" in warning for warning in capture.warnings)


async def test_a_document_that_is_too_large_is_refused(visit: Visit, site: Site):
    url = site.html("/", BUTTON + "<p>" + "x" * 500_000)
    with pytest.raises(PageTooLarge):
        await visit(url, max_page_bytes=100_000)


async def test_a_document_that_says_it_is_too_large_is_not_waited_for(visit: Visit, site: Site):
    async def announce(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html", "Content-Length": "52000000"})
        await response.prepare(request)
        await response.write(b"<p>" + b"x" * 50_000)
        await asyncio.Event().wait()
        return response

    with pytest.raises(PageTooLarge):
        await visit(site.add("/", announce), time_limit=20.0)


async def test_a_page_that_loads_too_much_is_read_without_the_rest(visit: Visit, site: Site):
    site.add("/large", responds(body=b"x" * 500_000))
    script = "addEventListener('load', () => fetch('/large'))"
    capture = await visit(site.html("/", f"{BUTTON}<script>{script}</script>"), max_page_bytes=100_000)
    assert kinds(capture) == ["button"]
    assert any("larger than the limit" in warning for warning in capture.warnings)


async def test_a_page_that_sends_too_much_at_once_is_refused_and_costs_no_other_page_the_browser(
    visit: Visit, site: Site, devtools: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("jobserver.extract.browser.cdp.MAX_MESSAGE", 4_000_000)
    script = "fetch('/elsewhere', {method: 'POST', body: 'x'.repeat(3_000_000)})"
    with pytest.raises(PageTooLarge, match="at once"):
        await visit(site.html("/", f"{BUTTON}<script>{script}</script>"))
    targets = (await devtools.send("Target.getTargets"))["targetInfos"]
    assert site.url("/") not in [target["url"] for target in targets]
    assert kinds(await visit(site.html("/fine", BUTTON))) == ["button"]


async def test_a_compression_bomb_is_stopped(visit: Visit, site: Site):
    async def bomb(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        response.enable_compression(web.ContentCoding.gzip)
        await response.prepare(request)
        for _ in range(400):
            await response.write(b"<p>0000" * 20_000)
        return response

    with pytest.raises(PageTooLarge):
        await visit(site.add("/bomb", bomb), max_page_bytes=2_000_000)


async def test_the_time_limit_ends_everything(visit: Visit, site: Site):
    with pytest.raises(JobFailed):
        await visit(site.never("/endless", ""), time_limit=0.2)
