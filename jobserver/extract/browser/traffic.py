"""What goes over the wire for one page: how much, and whether anything still does."""

from __future__ import annotations

import asyncio

from jobserver.extract.browser.cdp import Params

_EXPANSION = 4
"""Unpacked bytes allowed per byte of the limit: text packs three to one, compression bombs a thousand to one."""

# These may stay open for as long as the page lives.
_ENDLESS = frozenset({"EventSource", "WebSocket", "Media", "Ping"})


class Traffic:
    """Counts a page's bytes as they are unpacked, and the requests that are under way.

    ``limit``: bytes on the wire for the page and all it loads, which the proxy counts. ``exceeded``: whether more came
    out of them than text can hold.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._unpacked = 0
        self._under_way: set[str] = set()
        self._changed = asyncio.Event()
        self.exceeded = False

    def note(self, method: str, params: Params) -> None:
        """Take in one event of the Network domain; others are ignored."""
        match method:
            case "Network.requestWillBeSent":
                if params.get("type") not in _ENDLESS:
                    self._under_way.add(params["requestId"])
                    self._changed.set()
            case "Network.loadingFinished" | "Network.loadingFailed":
                self._under_way.discard(params["requestId"])
                self._changed.set()
            case "Network.dataReceived":
                self._count(params)

    async def quiet(self, seconds: float) -> None:
        """Wait until nothing has been under way for ``seconds``."""
        while True:
            self._changed.clear()
            if self._under_way:
                await self._changed.wait()
                continue
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _count(self, params: Params) -> None:
        self._unpacked += params["dataLength"]
        self.exceeded = self._unpacked > self._limit * _EXPANSION
