"""One visit: a browser context of its own, whose only way out is a proxy of its own, and nothing of it afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from jobserver.egress.gate import Gate
from jobserver.egress.proxy import FilteringProxy, ProxyLimits
from jobserver.errors import BrowserCrashed
from jobserver.extract.browser.cdp import Connection, ProtocolError
from jobserver.extract.browser.flags import BYPASS_NOTHING
from jobserver.extract.browser.page import Page
from jobserver.extract.browser.scope import scope
from jobserver.extract.model import Request


@asynccontextmanager
async def open_page(connection: Connection, request: Request, gate: Gate) -> AsyncIterator[Page]:
    """A blank page in a browser context of its own, which is gone after the block."""
    limits = ProxyLimits(max_bytes=request.max_page_bytes)
    async with FilteringProxy(gate, limits) as proxy, _open_context(connection, proxy.address) as context_id:
        context = {"browserContextId": context_id}
        target = await connection.send("Target.createTarget", {"url": "about:blank", **context})
        attached = await connection.send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        ids = {"target": target["targetId"], "session": attached["sessionId"], "context": context_id}
        async with scope() as spawn:
            page = Page(connection, ids, request, gate, proxy, spawn)
            await page.prepare()
            yield page


@asynccontextmanager
async def _open_context(connection: Connection, proxy: str) -> AsyncIterator[str]:
    """The id of a browser context behind ``proxy``.

    It also ends with the connection, so that a process killed in the middle leaves nothing in the browser.
    """
    way_out = {"proxyServer": proxy, "proxyBypassList": BYPASS_NOTHING}
    made = await connection.send("Target.createBrowserContext", {"disposeOnDetach": True, **way_out})
    context = {"browserContextId": made["browserContextId"]}
    try:
        yield context["browserContextId"]
    finally:
        with suppress(ProtocolError, TimeoutError, BrowserCrashed):
            await connection.send("Target.disposeBrowserContext", context, time_limit=5.0)
