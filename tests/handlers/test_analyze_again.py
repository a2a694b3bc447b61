"""A page that has been read before: what is given again, to whom, and when it is read anew."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from jobserver.egress.policy import UrlPolicy
from jobserver.extract.browser.chromium import Chromium, find_chromium
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.handlers.analyze import Analyze, AnalyzeSettings
from jobserver.jobs.model import Result
from jobserver.workers.isolate import ProcessPool
from tests.handlers.silence import Silence

pytestmark = pytest.mark.browser

PAGE = "<!doctype html><title>Shop</title><button style='color: red'>Save</button>"


class Shop:
    """One page, whose text a test may change, and the handler that reads it."""

    def __init__(self, pool: ProcessPool, keeper: BrowserKeeper) -> None:
        self._pool = pool
        self._keeper = keeper
        self.text = PAGE
        app = web.Application()
        app.router.add_get("/", self._page)
        self.server = TestServer(app, host="127.0.0.1")

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=self.text, content_type="text/html")

    def analyze(self, **settings: Any) -> Analyze:
        policy = UrlPolicy(private_targets=frozenset({f"127.0.0.1:{self.server.port}"}))
        return Analyze(self._pool, self._keeper, policy, AnalyzeSettings(**settings))

    async def read(self, analyze: Analyze, owner: str = "ann", **args: Any) -> tuple[Result, Silence]:
        """What a job makes of the page, and what it said meanwhile."""
        context = Silence(owner)
        url = f"http://127.0.0.1:{self.server.port}/"
        return await analyze.run(context, analyze.validate({"url": url, **args})), context


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    pool, keeper = ProcessPool(), BrowserKeeper(lambda: Chromium(find_chromium() or ""))
    shop = Shop(pool, keeper)
    await shop.server.start_server()
    yield shop
    await shop.server.close()
    await pool.close()
    await keeper.close()


async def test_a_page_that_has_not_changed_has_the_same_result_and_files_and_says_so(shop: Shop):
    analyze = shop.analyze()
    (first, before), (second, after) = [await shop.read(analyze, verify=True) for _ in range(2)]
    assert second is first
    assert before.files == after.files != {}
    read_at = json.loads(first.body)["completedAt"]
    assert (before.lines, after.lines) == (
        [],
        [f"The page has not changed since {read_at}, when it was read: the result is the same."],
    )


async def test_a_page_that_has_changed_is_read(shop: Shop):
    analyze = shop.analyze()
    await shop.read(analyze)
    shop.text = PAGE.replace("Save", "Send")
    result, context = await shop.read(analyze)
    assert json.loads(result.body)["components"][0]["htmlSnippet"].endswith(">Send</button>")
    assert context.lines == []
    again, _ = await shop.read(analyze)
    assert again is result


async def test_who_asks_for_it_has_the_page_read_and_the_next_one_is_given_that(shop: Shop):
    analyze = shop.analyze()
    first, _ = await shop.read(analyze)
    fresh, context = await shop.read(analyze, fresh=True)
    assert fresh is not first
    assert context.lines == []
    again, _ = await shop.read(analyze)
    assert again is fresh


@pytest.mark.parametrize(
    ("owner", "args"),
    [("bob", {}), ("ann", {"format": "tsx"}), ("ann", {"verify": True}), ("ann", {"maxComponents": 5})],
    ids=["owner", "format", "verify", "components"],
)
async def test_nobody_is_given_what_was_read_for_others_or_otherwise(shop: Shop, owner: str, args: dict[str, Any]):
    analyze = shop.analyze()
    first, _ = await shop.read(analyze)
    other, context = await shop.read(analyze, owner, **args)
    assert other is not first
    assert context.lines == []


async def test_a_server_may_read_every_page_anew(shop: Shop):
    analyze = shop.analyze(reuse_bytes=0)
    (first, _), (second, _) = [await shop.read(analyze) for _ in range(2)]
    assert second is not first
    assert json.loads(first.body)["fingerprint"] == json.loads(second.body)["fingerprint"]
