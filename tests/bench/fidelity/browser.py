"""A tab of the browser under measurement, led by a stranger: nothing here knows how the product reads a page."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from jobserver.extract.browser.cdp import Connection, Params

DOMAINS = ("Page", "Network", "DOM", "CSS")
"""What is switched on in a tab that is measured."""

_TRANSPARENT = {"color": {"r": 0, "g": 0, "b": 0, "a": 0}}
_QUIET = 0.5
_MOST_QUIET = 5.0
_MOST_LOADING = 25.0


class Tab:
    """One page with its traffic. Functions of scripts are called in a world of their own, which outlives them."""

    def __init__(self, connection: Connection, target: str, session: str) -> None:
        self._connection = connection
        self._session = session
        self._frame = target
        self._open: set[str] = set()
        self._stirred = asyncio.Event()
        self._loaded = asyncio.Event()
        connection.listen(session, self._on_event)

    async def send(self, method: str, params: Params | None = None, *, time_limit: float = 30.0) -> Params:
        """Give a command to this tab; see `Connection.send`."""
        return await self._connection.send(method, params, self._session, time_limit=time_limit)

    async def prepare(self, width: int, height: int, domains: Sequence[str]) -> None:
        """Watch what ``domains`` tell of, and show what is looked at on a transparent canvas."""
        for domain in domains:
            await self.send(f"{domain}.enable")
        await self.send("Emulation.setDefaultBackgroundColorOverride", _TRANSPARENT)
        await self.resize(width, height)

    async def resize(self, width: int, height: int) -> None:
        """Give the page another viewport, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", metrics)

    async def go(self, url: str) -> None:
        """Load ``url`` until it fires load or has taken too long."""
        self._loaded.clear()
        self._open.clear()
        await self.send("Page.navigate", {"url": url})
        with suppress(TimeoutError):
            async with asyncio.timeout(_MOST_LOADING):
                await self._loaded.wait()
        # Else what stands in the corner of the window is hovered.
        await self.send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 100_000, "y": 500})

    async def quiet(self, seconds: float = _QUIET) -> None:
        """Wait until nothing was asked for in ``seconds``, within bounds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_MOST_QUIET):
                while await self._stirs_within(seconds) or self._open:
                    pass

    async def scripts(self, *, on: bool) -> None:
        """Let the page's scripts run, or stop them where they are: nothing moves any more."""
        await self.send("Emulation.setScriptExecutionDisabled", {"value": not on})

    async def call(self, function: str, *arguments: Any, time_limit: float = 30.0) -> Any:
        """The JSON that ``function`` of the script returns."""
        answer = await self._evaluate(f"({function})(...{json.dumps(arguments)})", time_limit, by_value=True)
        return answer.get("value")

    async def install(self, script: str) -> None:
        """Run ``script`` in the world of this document."""
        await self._evaluate(f"{script}\nundefined", 30.0, by_value=True)

    async def node(self, expression: str) -> int:
        """The id of the node that ``expression`` gives, for commands about nodes."""
        await self.send("DOM.getDocument", {"depth": 0})
        held = await self._evaluate(expression, 10.0, by_value=False)
        return int((await self.send("DOM.requestNode", {"objectId": held["objectId"]}))["nodeId"])

    async def picture(self, part: Params | None = None) -> bytes:
        """``part`` of the page in CSS pixels from its upper left corner, or the whole viewport, as a PNG with alpha."""
        clip = {} if part is None else {"clip": {**part, "scale": 1}}
        shot = await self.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True, **clip})
        return base64.b64decode(shot["data"])

    async def _evaluate(self, expression: str, time_limit: float, *, by_value: bool) -> Params:
        world = await self.send("Page.createIsolatedWorld", {"frameId": self._frame, "worldName": "fidelity"})
        how = {"contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": by_value}
        answer = await self.send("Runtime.evaluate", {"expression": expression, **how}, time_limit=time_limit)
        if details := answer.get("exceptionDetails"):
            raise RuntimeError(details.get("exception", {}).get("description") or details["text"])
        result: Params = answer["result"]
        return result

    async def _stirs_within(self, seconds: float) -> bool:
        self._stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._stirred.wait()
        return False

    def _on_event(self, method: str, params: Params) -> None:
        match method:
            case "Network.requestWillBeSent":
                self._open.add(params["requestId"])
                self._stirred.set()
            case "Network.loadingFinished" | "Network.loadingFailed":
                self._open.discard(params["requestId"])
                self._stirred.set()
            case "Page.loadEventFired":
                self._loaded.set()


@asynccontextmanager
async def tab(connection: Connection, width: int, height: int, domains: Sequence[str] = DOMAINS) -> AsyncIterator[Tab]:
    """A tab in a browser context of its own, which may go to this machine's ports directly.

    ``domains``: of the protocol; without "Network" it does not know when it is `quiet`.
    """
    made = await connection.send("Target.createBrowserContext", {"disposeOnDetach": True, "proxyServer": "direct://"})
    context = {"browserContextId": made["browserContextId"]}
    try:
        target = await connection.send("Target.createTarget", {"url": "about:blank", **context})
        ids = {"targetId": target["targetId"]}
        session = (await connection.send("Target.attachToTarget", {**ids, "flatten": True}))["sessionId"]
        shown = Tab(connection, target["targetId"], session)
        await shown.prepare(width, height, domains)
        yield shown
    finally:
        await connection.send("Target.disposeBrowserContext", context)
