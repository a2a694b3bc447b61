from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract import browser
from jobserver.extract.browser import Chromium, find_chromium
from jobserver.extract.browser.cdp import Connection, connect
from jobserver.extract.model import Capture, Request
from tests.extract.browser.processes import members, renderers_of
from tests.extract.browser.web_site import Site


@pytest.fixture
def program() -> str:
    """The installed Chromium."""
    found = find_chromium()
    assert found, "every test of this room is marked browser"
    return found


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    a_site = Site()
    await a_site.server.start_server()
    yield a_site
    a_site.ends.set()
    await a_site.server.close()


@pytest.fixture
async def other_site() -> AsyncIterator[Site]:
    """A site that the policy does not allow."""
    a_site = Site()
    await a_site.server.start_server()
    yield a_site
    await a_site.server.close()


@pytest.fixture
async def chromium(program: str) -> AsyncIterator[Chromium]:
    one = Chromium(program)
    yield one
    await one.close()


@pytest.fixture
async def ws_url(chromium: Chromium) -> str:
    return await chromium.start()


@pytest.fixture
async def devtools(ws_url: str) -> AsyncIterator[Connection]:
    """A second connection to the browser, to see from outside what goes on in it."""
    async with connect(ws_url) as connection:
        yield connection


Visit = Callable[..., Awaitable[Capture]]


@pytest.fixture
def visit(ws_url: str, site: Site) -> Visit:
    """Capture a page of the site: ``await visit(url, time_limit=20)``."""

    async def capture(url: str, *, report: Any = None, **members: Any) -> Capture:
        request = Request(url=url, **{"time_limit": 25.0, **members})
        policy = UrlPolicy(private_targets=frozenset({site.authority}))
        return await browser.capture(ws_url, request, Gate(policy, Resolver()), report or (lambda _done, _step: None))

    return capture


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def living() -> Callable[[int], list[int]]:
    """The living processes of a process group."""
    return members


@pytest.fixture
def renderers() -> Callable[[int], set[int]]:
    """The renderer processes of the browser whose process group this is."""
    return renderers_of
