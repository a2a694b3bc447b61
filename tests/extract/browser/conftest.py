from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.browser import Chromium, script
from jobserver.extract.model import Capture, Request
from tests.extract.browser import reading
from tests.extract.browser.processes import members, renderers_of
from tests.extract.browser.reading import Meanwhile, Then, Visit
from tests.extract.browser.rules_script import ASKED, Ask, Flat, Rules, rules_script
from tests.extract.browser.verifying import Spoil, Verified, Verify, compared
from tests.extract.browser.web_site import Site
from tests.extract.tab import Tab


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


@pytest.fixture
def visit(ws_url: str, site: Site) -> Visit:
    """Capture a page of the site: ``await visit(url, time_limit=20)``. ``then``: done before it is closed."""

    async def capture(url: str, *, report: Any = None, then: Then | None = None, **members: Any) -> Capture:
        request = Request(url=url, **{"time_limit": 25.0, **members})
        policy = UrlPolicy(private_targets=frozenset({site.authority}))
        return await reading.capture(ws_url, request, Gate(policy, Resolver()), report or reading.quiet, then)

    return capture


@pytest.fixture
def verify(ws_url: str, site: Site) -> Verify:
    """Read a page, spoil what came of it, and compare: ``await verify(url, spoil=lambda components: …)``."""

    async def run(url: str, *, spoil: Spoil = len, verify: str = "all", **members: Any) -> Verified:
        request = Request(**{"url": url, "verify": verify, "time_limit": 25.0, **members})
        gate = Gate(UrlPolicy(private_targets=frozenset({site.authority})), Resolver())
        return await compared(ws_url, request, gate, spoil)

    return run


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """``meanwhile(line, does)``: code stands in for a script of the page that has its turn before a line of CAPTURE."""

    def put(line: str, does: str) -> None:
        assert script.CAPTURE.count(line) == 1
        monkeypatch.setattr(script, "CAPTURE", script.CAPTURE.replace(line, f"{does}\n{line}"))

    return put


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


@pytest.fixture
def ask(tab: Tab) -> Ask:
    """``await ask(html, expression)``: the value of a script's expression in a page, where the rules have been read."""

    async def in_page(html: str, expression: str, texts: Any = (), before: str = "") -> Any:
        await tab.show(html)
        if before:
            await tab.run(before)
        script = rules_script(f"{ASKED} return ({expression});")
        return await tab.run_apart(f"({script})({json.dumps({'texts': list(texts)})})")

    return in_page


@pytest.fixture
def flat(ask: Ask) -> Flat:
    """``await flat(css, body, ".x")``: the rules of an element (or of ``#x``) of a page."""

    async def flatten(css: str, body: str, at: str = "#x", **more: Any) -> Rules:
        found: Rules = await ask(f"<style>{css}</style><body>{body}", f"flatten(at({json.dumps(at)}), places)", **more)
        return found

    return flatten
