"""Visits to pages that take the browser, or a part of it, with them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest
from aiohttp import web

from jobserver.errors import BrowserCrashed, PageError, TimedOut
from jobserver.extract.browser import Chromium
from tests.extract.browser.reading import Visit
from tests.extract.browser.web_site import Site
from tests.make import until

pytestmark = pytest.mark.browser

BUTTON = "<button>Press me</button>"


@pytest.fixture
async def ws_url(chromium: Chromium) -> str:
    """A browser that is nobody else's."""
    return await chromium.start()


async def test_scripts_that_never_stop_fail_the_visit_in_time_and_leave_no_process(
    visit: Visit, site: Site, chromium: Chromium, renderers: Callable[[int], set[int]]
):
    pid = chromium.pid
    assert pid
    script = """
        onbeforeunload = () => 'stay'
        for (const name of ['unload', 'pagehide', 'visibilitychange']) addEventListener(name, () => { while (true); })
        new Worker(URL.createObjectURL(new Blob(['while (true);'])))
        setInterval(() => { while (true); }, 1)
    """
    with pytest.raises((PageError, TimedOut)):
        await visit(site.html("/", f"{BUTTON}<script>{script}</script>"), time_limit=6.0)
    # One is left: that of the blank page the browser starts with.
    await until(lambda: len(renderers(pid)) <= 1)


async def test_a_page_that_crashes_is_told(
    visit: Visit, site: Site, chromium: Chromium, renderers: Callable[[int], set[int]]
):
    assert chromium.pid
    pid = chromium.pid
    before = renderers(pid)

    async def crash(_: web.Request) -> web.StreamResponse:
        for renderer in renderers(pid) - before:
            os.kill(renderer, signal.SIGKILL)
        return web.Response()

    site.add("/crash", crash)
    with pytest.raises(BrowserCrashed):
        await visit(site.html("/", f"{BUTTON}<script src=/crash></script>"))


async def test_a_browser_that_dies_in_the_middle_is_told_at_once(visit: Visit, site: Site, chromium: Chromium):
    async def kill(_: web.Request) -> web.StreamResponse:
        assert chromium.pid
        os.killpg(chromium.pid, signal.SIGKILL)
        return web.Response()

    site.add("/kill", kill)
    began = time.monotonic()
    with pytest.raises(BrowserCrashed):
        await visit(site.html("/", f"{BUTTON}<script src=/kill></script>"))
    assert time.monotonic() - began < 5
