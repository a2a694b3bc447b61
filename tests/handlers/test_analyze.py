"""The analyze kind: what it accepts, and which engine reads the page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jobserver.egress.policy import UrlPolicy
from jobserver.errors import BrowserCrashed, InvalidRequest, MissingUrl, PageUnreachable, UrlRefused
from jobserver.extract.browser.chromium import Chromium
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.handlers.analyze import Analyze, AnalyzeSettings
from jobserver.workers.isolate import ProcessPool
from tests.process import Pages


class Silence:
    """A context that listens."""

    job_id = "job-1"
    owner = "default"
    attempt = 1
    deadline = None
    traceparent = None
    cancelled = False

    def __init__(self) -> None:
        self.steps: list[str] = []

    def progress(self, fraction: float, step: str = "") -> None:
        assert 0 <= fraction <= 1
        self.steps.append(step)

    def log(self, line: str) -> None:
        self.steps.append(line)

    def artifact(self, name: str, body: bytes | str, content_type: str = "") -> None:
        self.steps.append(name)


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    pool = ProcessPool()
    yield pool
    await pool.close()


@pytest.fixture
def broken_browser() -> BrowserKeeper:
    return BrowserKeeper(lambda: Chromium("/bin/false"))


def an_analyze(pool: ProcessPool, pages: Pages, keeper: BrowserKeeper | None = None) -> Analyze:
    policy = UrlPolicy(private_targets=frozenset({pages.address.removeprefix("http://")}))
    return Analyze(pool, keeper, policy, AnalyzeSettings())


async def run(analyze: Analyze, args: dict[str, Any]) -> dict[str, Any]:
    result = await analyze.run(Silence(), analyze.validate(args))
    made: dict[str, Any] = json.loads(result.body)
    return made


async def test_a_page_is_read_in_a_child_and_comes_back_encoded(pool: ProcessPool, pages: Pages):
    analyze, context = an_analyze(pool, pages), Silence()
    result = await analyze.run(context, analyze.validate({"url": f"{pages.address}/page"}))
    made = json.loads(result.body)
    assert (made["engine"], made["url"]) == ("static", f"{pages.address}/page")
    assert [each["kind"] for each in made["components"]] == ["nav", "a", "button"]
    assert "components" not in json.loads(result.brief or b"{}")
    assert context.steps[-1] == "Done"


async def test_no_more_components_than_asked_for(pool: ProcessPool, pages: Pages):
    made = await run(an_analyze(pool, pages), {"url": f"{pages.address}/page", "maxComponents": "1"})
    assert made["componentCount"] == 1


async def test_a_browser_that_does_not_start_is_done_without(
    pool: ProcessPool, pages: Pages, broken_browser: BrowserKeeper
):
    made = await run(an_analyze(pool, pages, broken_browser), {"url": f"{pages.address}/page"})
    assert made["engine"] == "static"
    assert made["warnings"][0] == "The browser did not start, so the page was read without one."


async def test_a_browser_that_was_asked_for_is_not_done_without(
    pool: ProcessPool, pages: Pages, broken_browser: BrowserKeeper
):
    analyze = an_analyze(pool, pages, broken_browser)
    with pytest.raises(BrowserCrashed):
        await run(analyze, {"url": f"{pages.address}/page", "engine": "browser"})


async def test_a_page_that_cannot_be_reached_says_so(pool: ProcessPool, pages: Pages):
    analyze = an_analyze(pool, pages)
    args = analyze.validate({"url": f"{pages.address}/page"})
    await pages.server.close()
    with pytest.raises(PageUnreachable):
        await analyze.run(Silence(), args)


@pytest.mark.parametrize("url", [None, 7, "", "  ", ["x"]])
async def test_a_job_needs_a_url(pool: ProcessPool, pages: Pages, url: object):
    with pytest.raises(MissingUrl):
        an_analyze(pool, pages).validate({"url": url})


@pytest.mark.parametrize(
    ("url", "becomes"),
    [("example.com", "https://example.com/"), (" HTTP://Example.COM/a ", "http://example.com/a")],
)
async def test_a_url_is_kept_as_it_will_be_visited(pool: ProcessPool, pages: Pages, url: str, becomes: str):
    assert an_analyze(pool, pages).validate({"url": url}) == {"url": becomes, "engine": "auto"}


async def test_a_private_address_is_refused_before_the_job_exists(pool: ProcessPool, pages: Pages):
    with pytest.raises(UrlRefused):
        an_analyze(pool, pages).validate({"url": "http://169.254.169.254/"})


@pytest.mark.parametrize(
    ("args", "pointer"),
    [
        ({"engine": "steam"}, "/engine"),
        ({"engine": ["static"]}, "/engine"),
        ({"engine": "browser"}, "/engine"),
        ({"maxComponents": 0}, "/maxComponents"),
        ({"maxComponents": 501}, "/maxComponents"),
        ({"maxComponents": True}, "/maxComponents"),
        ({"maxComponents": 1.5}, "/maxComponents"),
        ({"maxComponents": "٣"}, "/maxComponents"),
    ],
)
async def test_a_wrong_argument_is_pointed_at(pool: ProcessPool, pages: Pages, args: dict[str, Any], pointer: str):
    with pytest.raises(InvalidRequest) as refused:
        an_analyze(pool, pages).validate({"url": "https://example.com"} | args)
    assert [where for where, _ in refused.value.errors] == [pointer]
