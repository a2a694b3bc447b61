"""The owner of the warm browser: started for its first user, closed when nobody has used it for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from jobserver.extract.browser.chromium import Chromium


@dataclass(slots=True, eq=False)
class _Running:
    """A browser with its address and the number of its users."""

    browser: Chromium
    address: str
    users: int = 0


class BrowserKeeper:
    """Keeps at most one browser that is to be trusted.

    ``launch`` makes a browser that is not started yet. ``idle``: seconds without users before it is closed.
    """

    def __init__(self, launch: Callable[[], Chromium], *, idle: float = 60.0) -> None:
        self._launch = launch
        self._idle = idle
        self._current: _Running | None = None
        self._starting = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> Chromium | None:
        """The browser, while there is one."""
        return self._current.browser if self._current else None

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[str]:
        """The DevTools WebSocket URL of a running browser; it is not closed for idleness inside the block.

        Raises BrowserCrashed when none can be started.
        """
        running = await self._running()
        running.users += 1
        try:
            yield running.address
        finally:
            running.users -= 1
            self._rest(running)

    async def retire(self, address: str) -> None:
        """Kill the browser at ``address`` at once: after a crash nothing in it is trusted.

        Others who hold a lease on it lose their pages with it; the next lease gets a fresh browser. One that was
        replaced already is no longer there to kill.
        """
        if self._current is not None and self._current.address == address:
            await self._retire()

    async def close(self) -> None:
        """Kill the browser and wait for every one that is still being closed."""
        async with self._starting:
            await self._retire()
        while self._closing:
            await asyncio.wait(self._closing)

    async def _running(self) -> _Running:
        async with self._starting:
            if self._current is not None and not self._current.browser.alive:
                await self._retire()
            self._stop_timer()
            if self._current is None:
                browser = self._launch()
                self._current = _Running(browser, await browser.start())
            return self._current

    async def _retire(self) -> None:
        if running := self._take():
            await running.browser.close()

    def _rest(self, running: _Running) -> None:
        if running.users == 0 and running is self._current:
            self._stop_timer()
            self._timer = asyncio.get_running_loop().call_later(self._idle, self._close_idle, running)

    def _close_idle(self, running: _Running) -> None:
        if running.users or running is not self._current:
            return
        self._take()
        task = asyncio.get_running_loop().create_task(running.browser.close(), name="close idle browser")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _take(self) -> _Running | None:
        self._stop_timer()
        running, self._current = self._current, None
        return running

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
