"""What goes over the wire for one page: how much, whether anything still does, and what came."""

from __future__ import annotations

import asyncio
import math

from jobserver.extract.browser.cdp import Params
from jobserver.extract.browser.loaded_fonts import LoadedFonts
from jobserver.extract.browser.missing_sheets import MissingSheets
from jobserver.extract.browser.validators import Validators

_EXPANSION = 4
"""Unpacked bytes allowed per byte of the limit: text packs three to one, compression bombs a thousand to one."""

QUIET = 0.15
"""Seconds without a request after the last that a script waited for: what it makes of the answer may ask for more."""

_FOR_SCRIPTS = frozenset({"XHR", "Fetch"})

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
        self._given_up: set[str] = set()
        self._for_scripts: set[str] = set()
        self._changed = asyncio.Event()
        self._answered_at = -math.inf
        self.exceeded = False
        self.fonts = LoadedFonts()
        self.missing_sheets = MissingSheets()
        self.validators = Validators()

    def note(self, method: str, params: Params) -> None:
        """Take in one event of the Network domain; others are ignored."""
        self.fonts.note(method, params)
        self.missing_sheets.note(method, params)
        self.validators.note(method, params)
        match method:
            case "Network.requestWillBeSent":
                self._begin(params)
            case "Network.loadingFinished":
                self._end(params["requestId"])
            case "Network.loadingFailed":
                # A script that never came asks for nothing; whoever has another ready for that asks at once.
                self._end(params["requestId"], is_answer=params.get("type") != "Script")
            case "Network.dataReceived":
                self._count(params)

    @property
    def is_busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._under_way)

    async def settled(self, seconds: float, *, quiet: float = QUIET) -> None:
        """Wait until nothing has been under way for ``seconds``, and for ``quiet`` if a script has waited for it.

        What was given up is not waited for.
        """
        now = asyncio.get_running_loop().time
        while True:
            self._changed.clear()
            if self._under_way - self._given_up:
                await self._changed.wait()
                continue
            wait = max(seconds, self._answered_at + quiet - now())
            if wait <= 0:
                return
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                return

    def give_up(self) -> None:
        """Let nobody wait again for what is under way now: it has been waited for in vain."""
        self._given_up |= self._under_way

    def _begin(self, params: Params) -> None:
        kind = params.get("type")
        if kind in _ENDLESS:
            return
        self._under_way.add(params["requestId"])
        if kind in _FOR_SCRIPTS or (kind == "Script" and params["initiator"]["type"] == "script"):
            self._for_scripts.add(params["requestId"])
        self._changed.set()

    def _end(self, request_id: str, *, is_answer: bool = True) -> None:
        self._under_way.discard(request_id)
        self._given_up.discard(request_id)
        if request_id in self._for_scripts:
            self._for_scripts.discard(request_id)
            if is_answer:
                self._answered_at = asyncio.get_running_loop().time()
        self._changed.set()

    def _count(self, params: Params) -> None:
        self._unpacked += params["dataLength"]
        self.exceeded = self._unpacked > self._limit * _EXPANSION
