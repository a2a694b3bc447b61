"""Those who wait: workers for a job to come, the janitor for a deadline to pass."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime


class Claimers:
    """Workers that found nothing to do in some queues. All of a queue are woken when it may have something."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    async def wait(self, queues: Sequence[str], seconds: float) -> None:
        """Return when one of ``queues`` may have something, or after ``seconds``."""
        wakeup = asyncio.get_running_loop().create_future()
        for queue in queues:
            self._waiting.setdefault(queue, set()).add(wakeup)
        try:
            await asyncio.wait({wakeup}, timeout=seconds)
        finally:
            for queue in queues:
                self._waiting[queue].discard(wakeup)

    def wake(self, queue: str) -> None:
        """The queue may have something."""
        for wakeup in self._waiting.get(queue, ()):
            if not wakeup.done():
                wakeup.set_result(None)


class Alarm:
    """Somebody who sleeps until a deadline, and must hear of a nearer one."""

    def __init__(self) -> None:
        self._set_for: datetime | None = None
        self._waited_for = False
        self._rung = asyncio.Event()

    async def wait(self, deadline: datetime | None, now: datetime, limit: float) -> None:
        """Return at ``deadline``, when rung since the last time it returned, or after ``limit`` seconds."""
        self._set_for, self._waited_for = deadline, True
        if deadline is not None:
            limit = min(limit, (deadline - now).total_seconds())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(limit, 0)):
                    await self._rung.wait()
        finally:
            self._waited_for = False
            self._rung.clear()

    def note(self, deadline: datetime | None) -> None:
        """Here is a deadline: ring if it is nearer than the one that is waited for."""
        if self._waited_for and deadline is not None and (self._set_for is None or deadline < self._set_for):
            self._rung.set()

    def ring(self) -> None:
        """Something is due at once. Whoever is busy now does not wait the next time."""
        self._rung.set()
