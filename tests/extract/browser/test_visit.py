"""Visits to pages that are not there, not pages, or not well-behaved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from aiohttp import web

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.errors import (
    NotHtml,
    PageError,
    PageStatus,
    PageUnreachable,
    UrlRefused,
)
from jobserver.extract.browser.cdp import Connection
from jobserver.extract.model import Capture, Request
from tests.extract.browser.reading import BUTTON, Visit, capture, kinds, open_pages
from tests.extract.browser.web_site import Site, responds

pytestmark = pytest.mark.browser

# -- not a page ---------------------------------------------------------------------------------------------------


async def test_a_missing_page_is_told_with_its_status(visit: Visit, site: Site):
    with pytest.raises(PageStatus, match=r"^The page answered 404\.$"):
        await visit(site.url("/missing"))


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_page_in_trouble_may_be_tried_again(visit: Visit, site: Site, status: int):
    url = site.add("/trouble", responds(status=status, text="busy", content_type="text/html"))
    with pytest.raises(PageUnreachable, match=str(status)) as caught:
        await visit(url)
    assert caught.value.retryable


async def test_an_error_without_a_body_is_told_with_its_status_too(visit: Visit, site: Site):
    with pytest.raises(PageStatus, match="403"):
        await visit(site.add("/empty", responds(status=403)))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/json", b"{}"), ("image/png", b"\x89PNG"), ("application/zip", b"PK"), ("text/plain", b"x")],
)
async def test_what_is_not_html_is_refused(visit: Visit, site: Site, content_type: str, body: bytes):
    with pytest.raises(NotHtml):
        await visit(site.add("/file", responds(body=body, content_type=content_type)))


async def test_a_download_is_not_a_page_and_writes_no_file(visit: Visit, site: Site):
    headers = {"Content-Disposition": "attachment; filename=x.html"}
    url = site.add("/download", responds(text="<p>x", content_type="text/html", headers=headers))
    with pytest.raises(NotHtml):
        await visit(url)


async def test_a_closed_port_is_unreachable(ws_url: str, closed_port: int):
    policy = UrlPolicy(private_targets=frozenset({f"127.0.0.1:{closed_port}"}))
    with pytest.raises(PageUnreachable, match="could not be reached"):
        await capture(ws_url, Request(f"http://127.0.0.1:{closed_port}/"), Gate(policy, Resolver()))


async def test_a_connection_that_breaks_is_unreachable(visit: Visit, site: Site):
    async def slam(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.abort()
        return web.Response()

    with pytest.raises(PageUnreachable):
        await visit(site.add("/slam", slam))


async def test_a_page_that_has_come_is_not_given_up_for_a_later_connection_that_breaks(visit: Visit, site: Site):
    async def only_once(request: web.Request) -> web.StreamResponse:
        if site.asked.count("/") > 1 and request.transport:
            request.transport.abort()
        return web.Response(text=f"{BUTTON}<script>fetch('/')</script>", content_type="text/html")

    capture = await visit(site.add("/", only_once))
    assert site.asked.count("/") > 1
    assert kinds(capture) == ["button"]


async def test_a_name_that_does_not_resolve_is_unreachable(ws_url: str):
    async def nothing(_host: str, _port: int) -> list[str]:
        raise OSError

    with pytest.raises(PageUnreachable, match="could not be found"):
        await capture(ws_url, Request("http://shop.example.com/"), Gate(UrlPolicy(), Resolver(nothing)))


async def test_endless_redirects_end(visit: Visit, site: Site):
    async def around(_: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/around")

    with pytest.raises(PageError, match="redirects without end"):
        await visit(site.add("/around", around))


# -- not allowed --------------------------------------------------------------------------------------------------


async def test_a_refused_address_is_never_visited(visit: Visit):
    with pytest.raises(UrlRefused):
        await visit("http://169.254.169.254/latest/meta-data/")


async def test_a_name_that_leads_to_a_private_address_is_refused(ws_url: str):
    async def metadata(_host: str, _port: int) -> list[str]:
        return ["169.254.169.254"]

    gate = Gate(UrlPolicy(), Resolver(metadata))
    with pytest.raises(UrlRefused):
        await capture(ws_url, Request("http://shop.example.com/"), gate)


async def test_a_redirect_to_a_private_address_is_refused(visit: Visit, site: Site):
    async def away(_: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("http://169.254.169.254/")

    with pytest.raises(UrlRefused):
        await visit(site.add("/away", away))


async def test_a_script_that_leads_to_a_private_address_is_refused(visit: Visit, site: Site):
    with pytest.raises(UrlRefused):
        await visit(site.html("/", "<script>location.href = 'http://10.0.0.1/'</script>"))


async def test_a_picture_at_a_private_address_is_left_out_and_warned_of(visit: Visit, site: Site, other_site: Site):
    url = site.html("/", f"{BUTTON}<img src='{other_site.url('/secret.png')}' width=50 height=50>")
    capture = await visit(url)
    assert "button" in kinds(capture)
    assert other_site.asked == []
    assert any("not allowed" in warning for warning in capture.warnings)


async def test_a_frame_is_not_loaded(visit: Visit, site: Site):
    site.html("/inner", "<button>Inner</button>")
    capture = await visit(site.html("/", f"{BUTTON}<iframe src='/inner'></iframe>"))
    assert [found.text for found in capture.found if found.kind == "button"] == ["Press me"]
    assert "/inner" not in site.asked


async def test_a_service_worker_is_not_registered(visit: Visit, site: Site):
    script = "document.title = 'serviceWorker' in navigator ? 'there' : 'not there'"
    site.add("/sw.js", responds(text="", content_type="text/javascript"))
    capture = await visit(site.html("/", f"<script>{script}; navigator.serviceWorker?.register('/sw.js')</script>"))
    assert capture.title == "not there"
    assert "/sw.js" not in site.asked


# -- nothing stays ------------------------------------------------------------------------------------------------


async def test_nothing_of_a_visit_stays_in_the_browser(visit: Visit, site: Site, devtools: Connection):
    before = await devtools.send("Target.getBrowserContexts")
    await visit(site.html("/", BUTTON))
    with pytest.raises(PageStatus):
        await visit(site.url("/missing"))
    assert await devtools.send("Target.getBrowserContexts") == before
    assert await open_pages(devtools, site) == []


async def test_visits_share_no_cookies(visit: Visit, site: Site):
    async def count(request: web.Request) -> web.StreamResponse:
        title = request.cookies.get("seen", "first")
        response = web.Response(text=f"<!doctype html><title>{title}</title>", content_type="text/html")
        response.set_cookie("seen", "again")
        return response

    url = site.add("/count", count)
    assert [(await visit(url)).title for _ in range(2)] == ["first", "first"]


async def test_a_cancelled_visit_leaves_nothing(visit: Visit, site: Site, devtools: Connection):
    arrived = asyncio.Event()

    async def hold(_: web.Request) -> web.StreamResponse:
        arrived.set()
        await site.ends.wait()
        return web.Response()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(_as_task(visit(site.add("/hold", hold))))
        await arrived.wait()
        task.cancel()
    assert await open_pages(devtools, site) == []


async def test_visits_at_the_same_time_do_not_disturb_each_other(visit: Visit, site: Site):
    for name in "abc":
        site.html(f"/{name}", f"<title>{name}</title><button>{name}</button><script>open('/{name}')</script>")
    captures = await asyncio.gather(*(visit(site.url(f"/{name}")) for name in "abc"))
    assert [capture.title for capture in captures] == ["a", "b", "c"]
    assert [kinds(capture) for capture in captures] == [["button"]] * 3


async def test_progress_only_grows(visit: Visit, site: Site):
    said: list[float] = []
    await visit(site.html("/", BUTTON), report=lambda done, _step: said.append(done))
    assert said == sorted(said)
    assert said[-1] == 1.0


async def _as_task(waiting: Awaitable[Capture]) -> Capture:
    return await waiting


async def test_a_page_is_shown_as_to_somebody_with_a_mouse(visit: Visit, site: Site):
    asked = ["(hover: hover)", "(any-hover: hover)", "(pointer: fine)", "(any-pointer: fine)", "(any-pointer: coarse)"]
    script = f"document.title = {asked}.map((query) => matchMedia(query).matches)"
    assert (await visit(site.html("/", f"<script>{script}</script>"))).title == "true,true,true,true,false"
