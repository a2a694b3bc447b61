"""Answers for the requests that the browser pauses: go on, or fail and why."""

from __future__ import annotations

from contextlib import suppress

from jobserver.errors import PageError, PageUnreachable
from jobserver.extract.browser.cdp import Connection, Params, ProtocolError
from jobserver.extract.browser.gate import Gate

MAX_REQUESTS = 2000
"""Requests of one visit; a page that wants more gets no more."""

MAX_DOCUMENTS = 8
"""Main documents of one visit: the page and where it leads by redirect, refresh or script."""

# Nothing of these is seen in a component: a video shows its poster, a frame is captured as its address.
_NOT_NEEDED = frozenset({"Media", "Ping", "CSPViolationReport", "Prefetch"})


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
        refusal = await self._gate.refusal(url)
        if refusal is None:
            return None
        return "NameNotResolved" if isinstance(refusal, PageUnreachable) else "BlockedByClient"

    async def _main_document(self, url: str) -> str | None:
        if self.settled:
            return "Aborted"
        self._documents += 1
        if self._documents > MAX_DOCUMENTS:
            raise PageError("The page redirects without end.")
        if refusal := await self._gate.refusal(url):
            raise refusal
        return None
