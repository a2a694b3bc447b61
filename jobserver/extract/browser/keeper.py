"""The owner of the warm browser: started for its first user, closed when nobody has used it for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from jobserver.errors import BrowserCrashed
from jobserver.extract.browser.chromium import Chromium
from jobserver.extract.browser.memory import used_by

_LOOK_EVERY = 1.0
"""Seconds between two looks at the memory of a browser in use."""


@dataclass(slots=True, eq=False)
class _Running:
    """A browser with its address and the number of its users. ``fault``: why it was closed in the middle."""

    browser: Chromium
    address: str
    users: int = 0
    fault: str | None = None
    watch: asyncio.Task[None] | None = None


class BrowserKeeper:
    """Keeps at most one browser that is to be trusted.

    ``launch`` makes a browser that is not started yet. ``idle``: seconds without users before it is closed.
    ``memory``: bytes it may take while it is used; None is no limit.
    """

    def __init__(self, launch: Callable[[], Chromium], *, idle: float = 60.0, memory: int | None = None) -> None:
        self._launch = launch
        self._idle = idle
        self._memory = memory
        self._current: _Running | None = None
        self._retired: set[_Running] = set()
        """Those still in use that are leased to nobody else."""
        self._starting = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._owned: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> Chromium | None:
        """The browser, while there is one."""
        return self._current.browser if self._current else None

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[str]:
        """The DevTools WebSocket URL of a running browser; it is not closed for idleness inside the block.

        Raises BrowserCrashed when none can be started. One that comes out of the block says why, where that is known.
        """
        running = await self._running()
        running.users += 1
        self._begin_watch(running)
        try:
            yield running.address
        except BrowserCrashed as error:
            raise BrowserCrashed(running.fault or error.message) from error
        finally:
            running.users -= 1
            self._rest(running)

    def retire(self, address: str) -> None:
        """Lease the browser at ``address`` to nobody any more: after a crash nothing in it is trusted.

        It is killed when the last who uses it has gone, so that one page's crash costs nobody else theirs. One that was
        replaced already is no longer there to kill.
        """
        running = self._current
        if running is not None and running.address == address:
            self._retired.add(running)
            self._take()
            self._rest(running)

    async def close(self) -> None:
        """Kill the browser and wait for every one that is still being closed."""
        async with self._starting:
            for running in (self._current, *self._retired):
                await self._kill(running)
        while self._owned:
            await asyncio.wait(self._owned)

    async def _running(self) -> _Running:
        async with self._starting:
            if self._current is not None and not self._current.browser.alive:
                await self._kill(self._current)
            self._stop_timer()
            if self._current is None:
                browser = self._launch()
                self._current = _Running(browser, await browser.start())
            return self._current

    def _rest(self, running: _Running) -> None:
        if running.users:
            return
        if running is self._current:
            self._stop_timer()
            self._timer = asyncio.get_running_loop().call_later(self._idle, self._close_idle, running)
        elif running in self._retired:
            self._own(self._kill(running), name="close retired browser")

    def _close_idle(self, running: _Running) -> None:
        if not running.users and running is self._current:
            self._own(self._kill(running), name="close idle browser")

    async def _kill(self, running: _Running | None) -> None:
        if running is None:
            return
        self._retired.discard(running)
        if running is self._current:
            self._take()
        if running.watch is not None and running.watch is not asyncio.current_task():
            running.watch.cancel()
        await running.browser.close()

    def _begin_watch(self, running: _Running) -> None:
        if self._memory is not None and (running.watch is None or running.watch.done()):
            running.watch = self._own(self._watch(running, self._memory), name="watch the browser's memory")

    async def _watch(self, running: _Running, most: int) -> None:
        while running.users and (group := running.browser.pid) is not None:
            # In a thread: it reads many small files.
            if await asyncio.to_thread(used_by, group) > most:
                running.fault = f"The browser was closed: its pages took more than {most:,} bytes of memory."
                return await self._kill(running)
            await asyncio.sleep(_LOOK_EVERY)
        return None

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._owned.add(task)
        task.add_done_callback(self._owned.discard)
        return task

    def _take(self) -> None:
        self._stop_timer()
        self._current = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
