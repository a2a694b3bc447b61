"""One Chromium for all tests that only look at pages, as all visits of a server share one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from jobserver.errors import BrowserCrashed
from jobserver.extract.browser import Chromium
from jobserver.extract.browser.cdp import Connection, ProtocolError, connect


class WarmChromium:
    """Started for the first test that asks; it outlives the event loops of tests, for it has one of its own.

    That loop turns only while a test asks for the address.
    """

    def __init__(self, program: str) -> None:
        self._program = program
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._browser: Chromium | None = None
        self._address = ""
        self._first = ""

    @classmethod
    @contextmanager
    def of(cls, program: str) -> Iterator[Self]:
        """It is closed after the block."""
        warm = cls(program)
        with warm._runner:
            yield warm
            warm._runner.run(warm._close())

    def address(self) -> str:
        """Where its DevTools listen.

        Whatever an earlier test left open is closed. One that crashed or does not answer is replaced.
        """
        return self._runner.run(self._ready())

    async def _ready(self) -> str:
        try:
            async with asyncio.timeout(10):
                await self._sweep()
        except (BrowserCrashed, ProtocolError, TimeoutError):
            await self._close()
            await self._start()
        return self._address

    async def _start(self) -> None:
        self._browser = Chromium(self._program)
        self._address = await self._browser.start()
        async with connect(self._address) as devtools:
            (self._first,) = await _tabs(devtools)

    async def _sweep(self) -> None:
        if self._browser is None or not self._browser.alive:
            raise BrowserCrashed
        async with connect(self._address) as devtools:
            for context in (await devtools.send("Target.getBrowserContexts"))["browserContextIds"]:
                await devtools.send("Target.disposeBrowserContext", {"browserContextId": context})
            for tab in set(await _tabs(devtools)) - {self._first}:
                await devtools.send("Target.closeTarget", {"targetId": tab})

    async def _close(self) -> None:
        if self._browser is not None:
            await self._browser.close()


async def _tabs(devtools: Connection) -> list[str]:
    targets = (await devtools.send("Target.getTargets"))["targetInfos"]
    return [target["targetId"] for target in targets if target["type"] == "page"]
