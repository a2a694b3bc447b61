"""One visit to one page: an own browser context, made safe before the page gets a word in, and thrown away after."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from jobserver.errors import BrowserCrashed, PageError, PageTooLarge, PageUnreachable
from jobserver.extract.browser.answers import Answer, not_reached
from jobserver.extract.browser.cdp import Connection, Params, ProtocolError
from jobserver.extract.browser.gate import Gate
from jobserver.extract.browser.requests import Requests
from jobserver.extract.browser.scope import Spawn, fail, scope
from jobserver.extract.browser.traffic import Traffic
from jobserver.extract.model import Request

_WORLD = "jobserver"
_GONE = (
    "context was destroyed",
    "Cannot find context",
    "context with specified id",
    "Frame with the given",
    "target navigated",
)

# A service worker would answer for the network, and speak to it unseen.
_NO_SERVICE_WORKERS = "delete Navigator.prototype.serviceWorker"


class Page:
    """A page in its own browser context. ``warnings``: sentences about what could not be read as it should."""

    def __init__(self, connection: Connection, ids: dict[str, str], request: Request, gate: Gate, spawn: Spawn) -> None:
        self._connection = connection
        self._target_id, self._session_id, self._context_id = ids["target"], ids["session"], ids["context"]
        self._frame_id = ids["target"]  # a page's main frame carries the id of its target
        self._gate = gate
        self._spawn = spawn
        self._viewport = request.viewport
        self._requests = Requests(connection, self._session_id, self._frame_id, gate)
        self.traffic = Traffic(request.max_page_bytes)
        self._answer: Answer | None = None
        self._answered = asyncio.Event()
        self._parsed = False
        self.loaded = asyncio.Event()
        self._stopped = False
        self._interrupted = False
        self.warnings: list[str] = []

    async def prepare(self) -> None:
        """Set the page up while it is still blank."""
        width, height = self._viewport
        self._connection.listen(self._session_id, self._on_event)
        self._connection.listen(None, self._on_browser_event)
        for method, params in (
            ("Page.enable", {}),
            ("Inspector.enable", {}),
            ("Network.enable", {}),
            ("Network.setBypassServiceWorker", {"bypass": True}),
            ("Page.addScriptToEvaluateOnNewDocument", {"source": _NO_SERVICE_WORKERS}),
            ("Emulation.setDeviceMetricsOverride", _metrics(width, height)),
            ("Fetch.enable", {"patterns": [{"urlPattern": "*"}]}),
        ):
            await self.send(method, params)
        await self._connection.send("Target.setDiscoverTargets", {"discover": True})
        deny = {"behavior": "deny", "browserContextId": self._context_id}
        await self._connection.send("Browser.setDownloadBehavior", deny)

    async def send(self, method: str, params: Params | None = None, *, time_limit: float = 10.0) -> Params:
        """Give a command to this page; see `Connection.send`."""
        return await self._connection.send(method, params, self._session_id, time_limit=time_limit)

    async def show(self, html: str) -> None:
        """Make ``html`` the document, without a visit to anywhere."""
        await self.send("Page.setDocumentContent", {"frameId": self._frame_id, "html": html})

    async def navigate(self, url: str, *, time_limit: float) -> None:
        """Go to ``url``, as rebuilt by the policy, and see it answer with an HTML page.

        ``time_limit``: seconds until the answer's head. Raises UrlRefused, PageUnreachable, PageStatus and NotHtml.
        """
        self.loaded.clear()
        try:
            result = await self.send("Page.navigate", {"url": url}, time_limit=time_limit)
        except TimeoutError:
            raise PageUnreachable("The page did not answer in time.") from None
        if error_text := result.get("errorText"):
            raise not_reached(error_text, self._answer, is_download=result.get("isDownload", False))
        async with asyncio.timeout(time_limit):
            await self._answered.wait()
        self.check_answer()

    def check_answer(self) -> None:
        """Raise PageStatus, PageUnreachable or NotHtml unless the page that is shown now is one to read."""
        if self._answer is not None:
            self._answer.check()

    @property
    def url(self) -> str:
        """Where the page really is."""
        return self._answer.url if self._answer else "about:blank"

    def stay(self) -> None:
        """Let the page lead nowhere else from now on."""
        self._requests.settled = True

    async def run(self, script: str, argument: Any = None, *, time_limit: float) -> Any:
        """The result of an async function expression, called with ``argument`` in a world of its own in the page.

        The page's scripts cannot see or change that world. When one of them runs without end it is stopped, once.
        Raises PageMoved when the page went elsewhere meanwhile, and PageError.
        """
        expression = f"({script}\n)({json.dumps(argument)})"
        try:
            return await self._evaluate(expression, time_limit)
        except TimeoutError:
            await self._interrupt()
        try:
            return await self._evaluate(expression, time_limit)
        except TimeoutError:
            raise PageError("The page does not react: one of its scripts runs without end.") from None

    async def stop_loading(self) -> None:
        """Load nothing more."""
        with suppress(ProtocolError, TimeoutError):
            await self.send("Page.stopLoading", time_limit=3.0)

    def refused_requests(self) -> int:
        """How many requests the URL policy turned away."""
        return self._gate.refused

    async def _evaluate(self, expression: str, time_limit: float) -> Any:
        try:
            async with asyncio.timeout(time_limit):
                world = await self.send("Page.createIsolatedWorld", {"frameId": self._frame_id, "worldName": _WORLD})
                how = {"contextId": world["executionContextId"], "awaitPromise": True, "returnByValue": True}
                answer = await self.send("Runtime.evaluate", {"expression": expression, **how}, time_limit=time_limit)
        except ProtocolError as error:
            if any(sign in str(error) for sign in _GONE):
                raise PageMoved from error
            raise PageError(f"The browser could not read the page: {error}") from error
        if "exceptionDetails" in answer:
            raise PageError(f"The page could not be read: {_first_line(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    async def _interrupt(self) -> None:
        if self._interrupted:
            raise PageError("The page does not react: its scripts run without end.")
        self._interrupted = True
        self.warnings.append("A script of the page ran without end and was stopped.")
        with suppress(ProtocolError, TimeoutError):
            await self.send("Runtime.terminateExecution", time_limit=3.0)

    def _on_event(self, method: str, params: Params) -> None:
        self.traffic.note(method, params)
        match method:
            case "Fetch.requestPaused":
                self._spawn(self._requests.decide(params))
            case "Network.responseReceived":
                self._on_response(params)
            case "Network.dataReceived" if self.traffic.exceeded and not self._stopped:
                self._stopped = True
                self._spawn(self._too_large())
            case "Page.frameNavigated" if "parentId" not in params["frame"]:
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
        if method == "Target.targetCreated":
            self._spawn(self._close_target(params["targetInfo"]))
        elif method == "Target.targetCrashed" and params["targetId"] == self._target_id:
            self._spawn(fail(BrowserCrashed()))

    def _on_response(self, params: Params) -> None:
        if params.get("type") == "Document" and params.get("frameId") == self._frame_id:
            self._answer = Answer.from_event(params)
            self._answered.set()

    async def _too_large(self) -> None:
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

    async def _close_target(self, info: Params) -> None:
        """Close a pop-up: a page of our context that is not ours. Other contexts are other visits."""
        ours = info.get("browserContextId") == self._context_id and info["targetId"] != self._target_id
        if ours and info["type"] == "page":
            with suppress(ProtocolError, TimeoutError):
                await self._connection.send("Target.closeTarget", {"targetId": info["targetId"]})


class PageMoved(Exception):
    """The page went elsewhere while it was being read."""


@asynccontextmanager
async def open_page(connection: Connection, request: Request, gate: Gate) -> AsyncIterator[Page]:
    """A blank page in a browser context of its own, which is gone after the block.

    The context also ends with the connection, so that a process killed in the middle leaves nothing in the browser.
    """
    made = await connection.send("Target.createBrowserContext", {"disposeOnDetach": True})
    context = {"browserContextId": made["browserContextId"]}
    try:
        target = await connection.send("Target.createTarget", {"url": "about:blank", **context})
        attached = await connection.send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        ids = {
            "target": target["targetId"],
            "session": attached["sessionId"],
            "context": context["browserContextId"],
        }
        async with scope() as spawn:
            page = Page(connection, ids, request, gate, spawn)
            await page.prepare()
            yield page
    finally:
        with suppress(ProtocolError, TimeoutError, BrowserCrashed):
            await connection.send("Target.disposeBrowserContext", context, time_limit=5.0)


_OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}


def _metrics(width: int, height: int) -> Params:
    return {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}


def _first_line(details: Params) -> str:
    text = details.get("exception", {}).get("description") or details.get("text", "unknown error")
    return str(text).splitlines()[0][:200]
