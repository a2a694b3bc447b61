"""Answers for the requests that the browser pauses: go on, or fail and why.

An early filter that saves work and says clearly why a page was refused. It is not the guard: pop-ups, workers,
WebSockets and WebRTC pass by request interception in Chromium (measured). The guard is the proxy (`egress.proxy`).
"""

from __future__ import annotations

from contextlib import suppress

from jobserver.egress.gate import Gate
from jobserver.errors import PageError, PageUnreachable, UrlRefused
from jobserver.extract.browser.cdp import Connection, Params, ProtocolError

MAX_REQUESTS = 2000
"""Requests of one visit; a page that wants more gets no more."""

MAX_DOCUMENTS = 8
"""Main documents of one visit: the page and where it leads by redirect, refresh or script."""

_WITHOUT_NETWORK = ("data:", "blob:", "about:")

# Nothing of these is seen in a component: a video shows its poster, a frame is captured as its address.
_NOT_NEEDED = frozenset({"Media", "Ping", "CSPViolationReport", "Prefetch"})


def without_body(paused: Params) -> Params:
    """``paused`` without what the page sends: it may be many megabytes, and is kept while a name is looked up."""
    return {**paused, "request": {"url": paused["request"]["url"]}}


class Requests:
    """The requests of one page. ``frame_id``: its main frame. ``settled``: from then on the page stays where it is."""

    def __init__(self, connection: Connection, session_id: str, frame_id: str, gate: Gate) -> None:
        self._connection = connection
        self._session_id = session_id
        self._frame_id = frame_id
        self._gate = gate
        self._count = 0
        self._documents = 0
        self.settled = False

    async def decide(self, paused: Params) -> None:
        """Let a request go on or fail it. Raises UrlRefused or PageError when it was the page's own document."""
        with suppress(ProtocolError, TimeoutError):  # the page may have given the request up meanwhile
            if reason := await self._reason(paused):
                await self._tell("Fetch.failRequest", paused, {"errorReason": reason})
            else:
                await self._tell("Fetch.continueRequest", paused, {})

    async def _tell(self, method: str, paused: Params, more: Params) -> None:
        await self._connection.send(method, {"requestId": paused["requestId"], **more}, self._session_id)

    async def _reason(self, paused: Params) -> str | None:
        """The error to fail the request with, or None."""
        kind, url = paused["resourceType"], paused["request"]["url"]
        if kind == "Document" and paused["frameId"] == self._frame_id:
            return await self._main_document(url)
        self._count += 1
        if kind == "Document" or kind in _NOT_NEEDED or self._count > MAX_REQUESTS:
            return "BlockedByClient"
        try:
            await self._admit(url)
        except UrlRefused:
            return "BlockedByClient"
        except PageUnreachable:
            return "NameNotResolved"
        return None

    async def _main_document(self, url: str) -> str | None:
        if self.settled:
            return "Aborted"
        self._documents += 1
        if self._documents > MAX_DOCUMENTS:
            raise PageError("The page redirects without end.")
        await self._admit(url)
        return None

    async def _admit(self, url: str) -> None:
        if not url.startswith(_WITHOUT_NETWORK):
            await self._gate.admit(url)
