"""The analyze kind: what it accepts, and which engine reads the page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jobserver.egress.policy import UrlPolicy
from jobserver.errors import BrowserCrashed, InvalidRequest, MissingUrl, PageUnreachable, TimedOut, UrlRefused
from jobserver.extract.browser.chromium import Chromium, find_chromium
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.handlers.analyze import Analyze, AnalyzeSettings
from jobserver.workers.isolate import ProcessPool
from tests.handlers.silence import Silence
from tests.make import a_policy, until
from tests.process import Pages


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    pool = ProcessPool()
    yield pool
    await pool.close()


@pytest.fixture
def broken_browser() -> BrowserKeeper:
    return BrowserKeeper(lambda: Chromium("/bin/false"))


def an_analyze(pool: ProcessPool, pages: Pages, keeper: BrowserKeeper | None = None, **settings: Any) -> Analyze:
    policy = UrlPolicy(private_targets=frozenset({pages.address.removeprefix("http://")}))
    return Analyze(pool, keeper, policy, AnalyzeSettings(**settings))


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


@pytest.mark.parametrize(("said", "kept"), [(True, True), (False, False), ("true", True), (" False ", False)])
async def test_whether_to_verify_may_be_said_as_a_form_says_it(pool: ProcessPool, pages: Pages, said: Any, kept: bool):
    checked = an_analyze(pool, pages).validate({"url": "https://example.com", "verify": said, "format": "tsx"})
    assert (checked["verify"], checked["format"]) == (kept, "tsx")


async def test_react_is_written_in_the_format_asked_for(pool: ProcessPool, pages: Pages):
    made = await run(an_analyze(pool, pages), {"url": f"{pages.address}/page", "format": "tsx", "verify": False})
    assert made["format"] == "tsx"
    assert all("(): React.JSX.Element {" in component["reactSnippet"] for component in made["components"])


async def test_who_asks_to_verify_without_a_browser_is_told_that_nothing_was_compared(pool: ProcessPool, pages: Pages):
    for verify, told in ((True, True), (False, False), (None, False)):
        made = await run(an_analyze(pool, pages), {"url": f"{pages.address}/page", "verify": verify})
        assert any("No component was compared" in warning for warning in made["warnings"]) is told


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
        ({"format": "vue"}, "/format"),
        ({"format": ["tsx"]}, "/format"),
        ({"verify": "yes"}, "/verify"),
        ({"verify": 1}, "/verify"),
        ({"fresh": "yes"}, "/fresh"),
    ],
)
async def test_a_wrong_argument_is_pointed_at(pool: ProcessPool, pages: Pages, args: dict[str, Any], pointer: str):
    with pytest.raises(InvalidRequest) as refused:
        an_analyze(pool, pages).validate({"url": "https://example.com"} | args)
    assert [where for where, _ in refused.value.errors] == [pointer]


# -- what is refused, and whose turn it is --------------------------------------------------------------------------


async def test_what_a_page_was_refused_is_in_the_jobs_log(pool: ProcessPool, pages: Pages):
    analyze, context = an_analyze(pool, pages), Silence()
    await analyze.run(context, analyze.validate({"url": f"{pages.address}/astray"}))
    assert context.lines == [
        "Refused, address: http://169.254.169.254/a.css",
        "Refused, name: http://metadata.google.internal/a.css",
    ]


async def test_what_a_failed_job_was_refused_is_in_its_log_too(pool: ProcessPool, pages: Pages):
    analyze, context = an_analyze(pool, pages), Silence()
    with pytest.raises(UrlRefused):
        await analyze.run(context, analyze.validate({"url": f"{pages.address}/away"}))
    assert context.lines == ["Refused, address: http://169.254.169.254/latest/"]


async def test_pages_of_one_host_wait_for_each_other_and_say_so(pool: ProcessPool, pages: Pages):
    analyze, first, second = an_analyze(pool, pages, host_concurrency=1), Silence(), Silence()
    slow = asyncio.ensure_future(analyze.run(first, analyze.validate({"url": f"{pages.address}/slow"})))
    await pages.visited.wait()
    quick = asyncio.ensure_future(analyze.run(second, analyze.validate({"url": f"{pages.address}/page"})))
    await until(lambda: second.steps)
    assert second.steps == ["Waiting for other pages of this host"]
    assert not quick.done()
    pages.gate.set()
    await slow
    await quick
    assert second.steps[-1] == "Done"
    assert "Waiting for other pages of this host" not in first.steps


async def test_a_turn_that_does_not_come_is_a_time_out_that_says_why(pool: ProcessPool, pages: Pages):
    analyze = an_analyze(pool, pages, host_concurrency=1, policy=a_policy(timeout=1))
    slow = asyncio.ensure_future(analyze.run(Silence(), analyze.validate({"url": f"{pages.address}/slow"})))
    await pages.visited.wait()
    with pytest.raises(TimedOut, match=r"^Other pages of this host were read for longer than 0\.4 seconds\.$"):
        await analyze.run(Silence(), analyze.validate({"url": f"{pages.address}/page"}))
    slow.cancel()
    await asyncio.wait({slow})


@pytest.mark.browser
async def test_a_picture_of_each_component_that_was_compared_is_kept_as_a_file(pool: ProcessPool, pages: Pages):
    keeper = BrowserKeeper(lambda: Chromium(find_chromium() or ""))
    analyze, context = an_analyze(pool, pages, keeper), Silence()
    try:
        result = await analyze.run(context, analyze.validate({"url": f"{pages.address}/page", "verify": True}))
    finally:
        await keeper.close()
    compared = [each["index"] for each in json.loads(result.body)["components"] if "fidelity" in each]
    assert compared
    assert list(context.files) == [f"component-{at}.webp" for at in compared]
