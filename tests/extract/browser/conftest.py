from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.browser import Chromium
from jobserver.extract.model import Capture, Request
from tests.extract.browser import reading
from tests.extract.browser.processes import members, renderers_of
from tests.extract.browser.web_site import Site


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
    """A browser of the test's own, to be started, looked into and killed."""
    one = Chromium(program)
    yield one
    await one.close()


Visit = Callable[..., Awaitable[Capture]]


@pytest.fixture
def visit(ws_url: str, site: Site) -> Visit:
    """Capture a page of the site: ``await visit(url, time_limit=20)``."""

    async def capture(url: str, *, report: Any = None, **members: Any) -> Capture:
        request = Request(url=url, **{"time_limit": 25.0, **members})
        policy = UrlPolicy(private_targets=frozenset({site.authority}))
        return await reading.capture(ws_url, request, Gate(policy, Resolver()), report or reading.quiet)

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
