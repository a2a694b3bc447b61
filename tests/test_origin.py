"""What was wrong with the server that this one replaces, each weakness as somebody outside would meet it again."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import esprima
import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from selectolax.lexbor import LexborHTMLParser

from jobserver import create_app
from jobserver.config import Config
from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.errors import PageStatus
from jobserver.extract.browser import Chromium, find_chromium
from jobserver.extract.browser.cdp import connect
from jobserver.extract.model import Request
from jobserver.jobs.access import Scope
from jobserver.testing import LocalServer
from jobserver.web.app import ROUTES
from jobserver.workers.registry import Args, Context, Handler
from tests.extract.browser.reading import capture
from tests.make import until
from tests.process import Pages, Process
from tests.web.site import SIGNED, Site

PAGE = """<!doctype html><title>Shop</title><body>
<nav aria-label="Main">
<ul><li><a href="/a">One <b>bold <i>and <u>deep</u></i></b></a></li><li><a href="/b">Two</a></li></ul></nav>
<button title='"&gt;&lt;script&gt;alert(1)&lt;/script&gt; {x} `y` &amp;amp;'
>&lt;b onclick=x&gt; &amp; "q" {z} 'a'</button>
<button>Second</button><a href="/c?a=1&amp;b=2">Link</a>
<form action="/f"><label for="i">Name</label><input id="i" value="a&quot;b"></form>
"""


@pytest.fixture
async def shop() -> AsyncIterator[BaseTestServer]:
    """A page with a little of everything."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def summary(shop: BaseTestServer, tmp_path: Path) -> dict[str, Any]:
    """What a client gets of that page."""
    async with Process(f"http://127.0.0.1:{shop.port}", tmp_path) as server:
        polled = await server.poll(await server.submit("/"), "?wait=30")
    summary: dict[str, Any] = polled["summary"]
    return summary


def component(summary: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in summary["components"] if each["kind"] == kind)
    return found


@pytest.mark.parametrize("headers", [{}, {"x-cliq-signature": ""}, {"x-cliq-signature": " "}, {"Authorization": ""}])
async def test_a_missing_header_opens_nothing(headers: dict[str, str], site: Site):
    job_id = await site.done()
    for route in ROUTES:
        if route.scope is None:
            continue
        path = re.sub(r"\{job_id\}", job_id, route.path)
        answer = await site.client.request(route.method, re.sub(r"\{\w+\}", "x", path), headers=headers)
        assert answer.status == 401, route
    assert len(site.seen) == 1
    assert Scope.READ in {route.scope for route in ROUTES}


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://example.com/", 202),
        ("https://www.example.com/", 202),
        ("https://evilexample.com/", 403),
        ("https://example.com.evil.net/", 403),
        ("https://example.com@evil.net/", 403),
        ("https://evil.net/#example.com", 403),
        ("https://evil.net/?https://example.com/", 403),
    ],
)
async def test_a_name_that_ends_like_an_allowed_one_is_another_name(url: str, status: int):
    secret = "a secret of 16 bytes"
    config = Config(cliq_secret=(secret,), enforce_allowlist=True, allowed_domains="example.com")
    app = create_app(config=config, loopback=True)
    async with TestServer(app) as server, aiohttp.ClientSession(headers={"x-cliq-signature": secret}) as session:
        paused = await session.post(server.make_url("/v1/queues/default/pause"))
        assert paused.status == 200
        async with session.post(server.make_url("/analyze"), json={"url": url}) as answer:
            assert answer.status == status


def written_by(pid: int) -> int:
    """Bytes that a process has handed to write(2) and its like."""
    found = re.search(r"^wchar: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


@pytest.mark.parametrize("store", ["memory", "sqlite://{path}/jobs.db"])
async def test_queueing_writes_no_more_with_four_hundred_jobs_than_with_none(store: str, pages: Pages, tmp_path: Path):
    written: list[int] = []
    settings = {"STORE": store.format(path=tmp_path), "CONCURRENCY": "1"}
    async with Process(pages.address, tmp_path, **settings) as server:
        await server.submit("/slow")
        await pages.visited.wait()
        for _ in range(5):
            before = written_by(server.process.pid)
            for _ in range(100):
                await server.submit("/page")
            written.append(written_by(server.process.pid) - before)
        pages.gate.set()
    assert max(written[3:]) < 2 * max(written[0], 100_000), written


def test_text_and_attributes_are_escaped(summary: dict[str, Any]):
    button = component(summary, "button")
    for member in ("htmlSnippet", "cleanedHtml"):
        tree = LexborHTMLParser(button[member])
        (shown,) = tree.css("button")
        assert shown.text() == "<b onclick=x> & \"q\" {z} 'a'"
        assert shown.attributes["title"] == '"><script>alert(1)</script> {x} `y` &amp;'
        assert tree.css("script, button b") == []
    assert component(summary, "form")["htmlSnippet"].count('value="a&quot;b"') == 1


def test_the_react_file_has_one_import_and_every_name_once_and_parses(summary: dict[str, Any]):
    tree = esprima.toDict(esprima.parseModule(summary["reactFile"], {"jsx": True}))
    kinds = [each["type"] for each in tree["body"]]
    assert kinds.count("ImportDeclaration") == 1
    assert kinds[0] == "ImportDeclaration"
    names = [each["declaration"]["id"]["name"] for each in tree["body"] if each["type"] == "ExportNamedDeclaration"]
    assert len(names) == len(set(names)) == summary["componentCount"]
    for each in summary["components"]:
        esprima.parseModule(each["reactSnippet"], {"jsx": True})


def test_children_are_kept_however_deep(summary: dict[str, Any]):
    nav = component(summary, "nav")
    tree = LexborHTMLParser(nav["htmlSnippet"])
    assert [link.text() for link in tree.css("nav > ul > li > a")] == ["One bold and deep", "Two"]
    assert tree.css("a > b > i > u")[0].text() == "deep"
    assert "<u>deep</u>" in nav["reactSnippet"]


async def test_a_long_queue_loses_no_job_however_long_it_waits():
    gate, ran = asyncio.Event(), itertools.count(1)

    async def work(_: Context, args: Args) -> int:
        await gate.wait()
        return next(ran)

    many = 60
    async with LocalServer([Handler("work", work, concurrency=1)], job_ttl=60, cleanup_interval=5) as server:
        jobs = [await server.client.submit("work", {}) for _ in range(many)]
        for _ in range(10):
            await server.advance(600)
        assert {(await server.client.get(job.id)).status for job in jobs} == {"queued", "processing"}
        gate.set()
        assert sorted([(await server.client.wait(job.id)).result for job in jobs]) == list(range(1, many + 1))


async def follow(site: Site, job_id: str, action: str) -> int:
    """Do as the answer to a poll offers."""
    (offered,) = [each for each in (await site.poll(job_id))[1]["actions"] if each["type"] == action]
    answer = await site.client.request(offered["method"], offered["url"], headers=SIGNED)
    return answer.status


async def test_cancel_and_retry_do_what_they_offer(site: Site):
    running, waiting = await site.submit(), await site.submit()
    await until(lambda: site.seen)
    for job_id in (waiting, running):
        assert await follow(site, job_id, "cancel") == 200
        assert (await site.poll(job_id))[1]["status"] == "cancelled"
    site.gate.set()
    site.fail = PageStatus("The page answered 404.")
    failed = await site.submit()
    assert (await site.poll(failed, "?wait=10"))[1]["status"] == "failed"
    site.fail = None
    assert await follow(site, failed, "retry") in {200, 202}
    assert (await site.poll(failed, "?wait=10"))[1]["status"] == "done"


class _Thrown(Exception):
    """Something in the middle of an extraction that nobody foresaw."""


@pytest.mark.browser
async def test_an_extraction_that_throws_leaves_nothing_in_the_browser(shop: BaseTestServer):
    chromium = Chromium(find_chromium() or "")
    policy = UrlPolicy(private_targets=frozenset({f"127.0.0.1:{shop.port}"}))
    try:
        address = await chromium.start()
        async with connect(address) as devtools:

            async def kept() -> tuple[list[str], list[str]]:
                targets = (await devtools.send("Target.getTargets"))["targetInfos"]
                contexts = (await devtools.send("Target.getBrowserContexts"))["browserContextIds"]
                return sorted(each["targetId"] for each in targets), sorted(contexts)

            before = await kept()
            for step in ("Loading page", "Waiting for content", "Reading components", "Page read"):

                def report(_: float, what: str, step: str = step) -> None:
                    if what == step:
                        raise _Thrown(step)

                with pytest.raises(_Thrown):
                    await capture(address, Request(f"http://127.0.0.1:{shop.port}/"), Gate(policy, Resolver()), report)
                assert await kept() == before, step
    finally:
        await chromium.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        yield site
