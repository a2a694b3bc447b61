"""What the browser takes of the machine, and what happens when it takes too much."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.proxy import FilteringProxy
from jobserver.egress.proxy.answers import refused, too_slow, unreachable
from jobserver.egress.resolver import Resolver
from jobserver.errors import BrowserCrashed, PageTooLarge, PageUnreachable, UrlRefused
from jobserver.extract.browser import BrowserKeeper, Chromium
from jobserver.extract.browser.answers import told_by
from jobserver.extract.browser.memory import used_by
from jobserver.extract.model import Capture, Request
from tests.extract.browser.reading import capture
from tests.extract.browser.web_site import Site

pytestmark = pytest.mark.browser

HOG = (
    "<script>const kept = []; setInterval(() => { const a = new Uint8Array(2e7); a.fill(1); kept.push(a) }, 5)</script>"
)


def test_memory_is_that_of_a_whole_group():
    assert used_by(os.getpgid(0)) > 1_000_000
    assert used_by(2**22 + 1) == 0


async def test_a_browser_that_takes_too_much_is_closed_and_says_so(program: str, site: Site):
    async with _keeper(program, memory=350_000_000) as keeper:
        with pytest.raises(BrowserCrashed, match="more than 350,000,000 bytes of memory"):
            async with keeper.lease() as address:
                await capture(address, *_visit(site, site.never("/", f"<!doctype html>{HOG}")))
        assert keeper.running is None
        async with keeper.lease() as address:
            captured = await capture(address, *_visit(site, site.html("/good", "<button>x</button>")))
        assert [found.kind for found in captured.found] == ["button"]


async def test_a_page_of_countless_elements_is_too_large(
    visit: Callable[..., Awaitable[Capture]], site: Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("jobserver.extract.browser.page.MAX_NODES", 20_000)
    url = site.never("/", "<!doctype html><button>x</button>" + "<p>x" * 20_000)
    with pytest.raises(PageTooLarge, match="elements"):
        await visit(url)


@pytest.mark.parametrize(
    ("declined", "error"), [(refused, UrlRefused), (unreachable, PageUnreachable), (too_slow, PageUnreachable)]
)
async def test_what_the_proxy_says_is_not_taken_for_the_pages_answer(declined: object, error: type[Exception]):
    proxy = FilteringProxy(Gate(UrlPolicy(), Resolver()))
    assert callable(declined)
    proxy.declined["http://a.example/x"] = proxy.declined["https://a.example:443/"] = declined()
    assert isinstance(told_by(proxy, "http://a.example/x#there"), error)
    assert isinstance(told_by(proxy, "https://a.example/any/page?at=all"), error)
    assert told_by(proxy, "http://b.example/x") is None


@asynccontextmanager
async def _keeper(program: str, memory: int) -> AsyncIterator[BrowserKeeper]:
    keeper = BrowserKeeper(lambda: Chromium(program), memory=memory)
    try:
        yield keeper
    finally:
        await keeper.close()


def _visit(site: Site, url: str) -> tuple[Request, Gate]:
    policy = UrlPolicy(private_targets=frozenset({site.authority}))
    return Request(url, time_limit=25.0), Gate(policy, Resolver())
