"""One page in a browser: made safe before it gets a word in, led somewhere, asked, and watched all the while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from jobserver.egress.gate import Gate
from jobserver.egress.proxy import FilteringProxy
from jobserver.errors import BrowserCrashed, PageTooLarge, PageUnreachable
from jobserver.extract.browser.answers import Answer, not_reached, told_by
from jobserver.extract.browser.cdp import Connection, Handler, Params, ProtocolError, Send
from jobserver.extract.browser.requests import Requests, without_body
from jobserver.extract.browser.scope import Spawn, fail
from jobserver.extract.browser.script import BEFOREHAND
from jobserver.extract.browser.targets import WORKERS_WAIT, Workers, close_pop_up
from jobserver.extract.browser.traffic import Traffic
from jobserver.extract.browser.world import World
from jobserver.extract.model import Request

MAX_NODES = 500_000
"""Elements and texts of a page: a few megabytes can hold so many that they take minutes and gigabytes to build."""

_COUNT_EVERY = 0.25

# A service worker would answer for the network, and speak to it unseen.
_NO_SERVICE_WORKERS = "delete Navigator.prototype.serviceWorker"


class Page:
    """A page in its own browser context, whose way out is ``proxy``.

    ``ids``: of its target, session and context. ``warnings``: sentences about what could not be read as it should.
    """

    def __init__(
        self,
        connection: Connection,
        ids: dict[str, str],
        request: Request,
        gate: Gate,
        proxy: FilteringProxy,
        spawn: Spawn,
    ) -> None:
        self._connection = connection
        self._target_id, self._session_id, self._context_id = ids["target"], ids["session"], ids["context"]
        self._frame_id = ids["target"]  # a page's main frame carries the id of its target
        self._gate = gate
        self._proxy = proxy
        self._spawn = spawn
        self._viewport = request.viewport
        self._requests = Requests(connection, self._session_id, self._frame_id, gate)
        self._max_bytes = request.max_page_bytes
        self.traffic = Traffic(self._max_bytes)
        self._workers = Workers(connection, spawn, self._on_event)
        self._answer: Answer | None = None
        self._answered = asyncio.Event()
        self._parsed = False
        self.loaded = asyncio.Event()
        self._failed_url: str | None = None
        self._stopped = False
        self.warnings: list[str] = []
        self._world = World(self.send, self._frame_id, self.warnings)

    async def prepare(self) -> None:
        """Set the page up while it is still blank."""
        width, height = self._viewport
        self._connection.listen(self._session_id, self._on_event)
        self._connection.listen(None, self._on_browser_event)
        deny = {"behavior": "deny", "browserContextId": self._context_id}
        commands: tuple[tuple[str, Params], ...] = (
            ("Page.enable", {}),
            ("Inspector.enable", {}),
            ("Network.enable", _KEEP_NOTHING),
            ("Network.setBypassServiceWorker", {"bypass": True}),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": _NO_SERVICE_WORKERS}),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": BEFOREHAND}),
            ("Emulation.setDeviceMetricsOverride", metrics(width, height)),
            ("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}),
            WORKERS_WAIT,
        )
        # The browser takes them in this order; the way there and back is gone once for all of them.
        await asyncio.gather(
            *(self.send(method, params) for method, params in commands),
            self._connection.send("Target.setDiscoverTargets", {"discover": True}),
            self._connection.send("Browser.setDownloadBehavior", deny),
        )
        self._spawn(self._mind_the_size())
        self._spawn(self._mind_the_nodes())

    async def send(self, method: str, params: Params | None = None, *, time_limit: float = 10.0) -> Params:
        """Give a command to this page; see `Connection.send`."""
        return await self._connection.send(method, params, self._session_id, time_limit=time_limit)

    @asynccontextmanager
    async def observe(self, handler: Handler) -> AsyncIterator[Send]:
        """A session of its own with this page, whose events ``handler`` has; what it enables ends with the block."""
        target = {"targetId": self._target_id, "flatten": True}
        session_id = (await self._connection.send("Target.attachToTarget", target))["sessionId"]
        self._connection.listen(session_id, handler)
        try:
            yield partial(self._connection.send, session_id=session_id)
        finally:
            self._connection.ignore(session_id)
            with suppress(ProtocolError, TimeoutError, BrowserCrashed):
                await self._connection.send("Target.detachFromTarget", {"sessionId": session_id})

    async def show(self, html: str) -> None:
        """Make ``html`` the document, without a visit to anywhere."""
        await self.send("Page.setDocumentContent", {"frameId": self._frame_id, "html": html})

    async def navigate(self, url: str, *, time_limit: float) -> None:
        """Go to ``url``, as rebuilt by the policy, and see it answer with an HTML page.

        ``time_limit``: seconds until the answer's head. Raises UrlRefused, PageUnreachable, PageStatus and NotHtml.
        """
        self._parsed = False
        self.loaded.clear()
        try:
            result = await self.send("Page.navigate", {"url": url}, time_limit=time_limit)
        except TimeoutError:
            raise PageUnreachable("The page did not answer in time.") from None
        if error_text := result.get("errorText"):
            told = told_by(self._proxy, url)
            raise told or not_reached(error_text, self._answer, is_download=result.get("isDownload", False))
        async with asyncio.timeout(time_limit):
            await self._answered.wait()
        self.check_answer()

    def check_answer(self) -> None:
        """Raise PageStatus, PageUnreachable, UrlRefused or NotHtml unless what is shown now is a page to read."""
        if self._failed_url is not None:
            raise told_by(self._proxy, self._failed_url) or PageUnreachable()
        if self._answer is not None:
            if error := told_by(self._proxy, self._answer.url, self._answer.status):
                raise error
            self._answer.check()

    @property
    def url(self) -> str:
        """Where the page really is."""
        return self._answer.url if self._answer else "about:blank"

    def stay(self) -> None:
        """Let the page lead nowhere else from now on."""
        self._requests.settled = True

    async def run(self, script: str, argument: Any = None, *, time_limit: float, insist: bool = True) -> Any:
        """What ``script`` makes of ``argument`` in the page; see `World.run`."""
        return await self._world.run(script, argument, time_limit=time_limit, insist=insist)

    async def stop_loading(self) -> None:
        """Load nothing more."""
        with suppress(ProtocolError, TimeoutError):
            await self.send("Page.stopLoading", time_limit=3.0)

    def refused_requests(self) -> int:
        """How many requests the URL policy turned away."""
        return self._gate.refusals.count

    async def resource(self, url: str) -> Params | None:
        """What the page has loaded from ``url``, ``content`` and ``base64Encoded``; None where it has not."""
        with suppress(ProtocolError):
            return await self.send("Page.getResourceContent", {"frameId": self._frame_id, "url": url})
        return None

    def _on_event(self, method: str, params: Params) -> None:
        self.traffic.note(method, params)
        self._workers.note(method, params)
        match method:
            case "Fetch.requestPaused":
                self._spawn(self._requests.decide(without_body(params)))
            case "Network.responseReceived":
                self._on_response(params)
            case "Network.dataReceived" if self.traffic.exceeded:
                self._spawn(self._too_large())
            case "Page.frameNavigated" if "parentId" not in params["frame"]:
                self._failed_url = params["frame"].get("unreachableUrl")
                self._world.forget()
                self._parsed = False
                self.loaded.clear()
            case "Page.domContentEventFired":
                self._parsed = True
            case "Page.loadEventFired":
                self.loaded.set()
            case "Page.javascriptDialogOpening":
                self._spawn(self._dismiss(params))
            case "Inspector.targetCrashed":
                self._spawn(fail(BrowserCrashed()))

    def _on_browser_event(self, method: str, params: Params) -> None:
        if method == "Target.targetCreated" and self._is_pop_up(params["targetInfo"]):
            self._spawn(close_pop_up(self._connection, params["targetInfo"]["targetId"]))
        elif method == "Target.targetCrashed" and params["targetId"] == self._target_id:
            self._spawn(fail(BrowserCrashed()))

    def _is_pop_up(self, info: Params) -> bool:
        # Other contexts are other visits.
        ours = info.get("browserContextId") == self._context_id and info["targetId"] != self._target_id
        return ours and info["type"] == "page"

    def _on_response(self, params: Params) -> None:
        if params.get("type") == "Document" and params.get("frameId") == self._frame_id:
            self._answer = Answer.from_event(params)
            self._answered.set()
            # Not when it has come: the browser lays out what it has meanwhile, and takes the rest no faster.
            if (self._answer.length or 0) > self._max_bytes:
                self._spawn(fail(PageTooLarge()))

    async def _mind_the_size(self) -> None:
        await self._proxy.exceeded.wait()
        await self._too_large()

    async def _mind_the_nodes(self) -> None:
        while True:
            await asyncio.sleep(_COUNT_EVERY)
            with suppress(ProtocolError, TimeoutError):
                if (await self.send("Memory.getDOMCounters"))["nodes"] > MAX_NODES:
                    raise PageTooLarge(f"The page has more than {MAX_NODES:,} elements.")

    async def _too_large(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        with suppress(ProtocolError, TimeoutError):
            # Bytes may be here sooner than the word that the page itself has come, which this answer comes after.
            await self.send("Memory.getDOMCounters", time_limit=1.0)
        if not self._parsed:
            raise PageTooLarge
        self.warnings.append("The page is larger than the limit; what came after it was not loaded.")
        await self.stop_loading()
        # Whatever it asks for from now on would come on top of what is too much already.
        with suppress(ProtocolError, TimeoutError):
            await self.send("Network.emulateNetworkConditions", _OFFLINE)

    async def _dismiss(self, dialog: Params) -> None:
        # Only "leave this page?" is agreed to: it must not keep us here.
        with suppress(ProtocolError, TimeoutError):
            await self.send("Page.handleJavaScriptDialog", {"accept": dialog["type"] == "beforeunload"})


# Chromium would keep the bodies of answers in case somebody asks for them.
_KEEP_NOTHING = {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}

_OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}


def metrics(width: int, height: int) -> Params:
    """The screen of a page, in CSS pixels, for ``Emulation.setDeviceMetricsOverride``."""
    return {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
