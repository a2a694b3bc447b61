"""A page in a browser that is no visit: it reaches every address, and shows what a test wants to look at."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jobserver.extract.browser.cdp import Connection

_LOADED = "new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))"


class Tab:
    """A blank page to begin with. ``frame``: the id of its document's frame."""

    def __init__(self, devtools: Connection, session: str, frame: str) -> None:
        self._devtools = devtools
        self._session = session
        self._frame = frame

    async def show(self, html: str) -> None:
        await self.send("Page.setDocumentContent", frameId=self._frame, html=f"<!doctype html>{html}")

    async def visit(self, url: str) -> None:
        """Returns when all has come that the page asks for at first."""
        await self.send("Page.navigate", url=url)
        await self.run(_LOADED)

    async def run(self, expression: str, **how: Any) -> Any:
        """What an expression of JavaScript comes to, in the page itself."""
        how = {"expression": expression, "awaitPromise": True, "returnByValue": True, **how}
        answer = await self.send("Runtime.evaluate", **how)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def run_apart(self, expression: str) -> Any:
        """The same in a world of its own, as a visit does it."""
        world = await self.send("Page.createIsolatedWorld", frameId=self._frame, worldName="test")
        return await self.run(expression, contextId=world["executionContextId"])

    async def picture(self, **how: Any) -> bytes:
        """What is seen, as PNG."""
        return base64.b64decode((await self.send("Page.captureScreenshot", **how))["data"])

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        return await self._devtools.send(method, params, self._session, time_limit=30.0)


@asynccontextmanager
async def open_tab(devtools: Connection, width: int = 1280, height: int = 1000) -> AsyncIterator[Tab]:
    """A tab of so many CSS pixels in a browser context of its own, which is gone after the block."""
    # The server's browser asks nobody directly: what is to be reached has to come with a proxy, or with this.
    direct = await devtools.send("Target.createBrowserContext", {"proxyServer": "direct://", "disposeOnDetach": True})
    target = await devtools.send("Target.createTarget", {"url": "about:blank", **direct})
    session = (await devtools.send("Target.attachToTarget", {**target, "flatten": True}))["sessionId"]
    tab = Tab(devtools, session, target["targetId"])
    await tab.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    yield tab
    await devtools.send("Target.disposeBrowserContext", direct)


async def tab_at(devtools: Connection, url: str) -> Tab:
    """A tab that somebody else has opened: the one at an address, until its owner closes it."""
    targets = (await devtools.send("Target.getTargets"))["targetInfos"]
    (target,) = [each["targetId"] for each in targets if each["url"] == url and each["type"] == "page"]
    session = (await devtools.send("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
    return Tab(devtools, session, target)
