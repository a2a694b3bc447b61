"""Who takes the jobs of one queue."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import timedelta

from jobserver.jobs.engine import Engine
from jobserver.jobs.model import Lease

_WAIT = 30.0
_TOGETHER = 32
"""Claims that share one write of a durable engine, at most."""

_ROUNDS_A_TURN = 64


class Claimer:
    """Takes one job after another and hands each to ``begin``, whose task frees its place when it is done.

    ``most``: jobs that run at a time. A durable engine answers a claim when it is on disk: while jobs stand in line
    several are claimed together, twice as many as long as all were found.
    """

    def __init__(
        self,
        engine: Engine,
        queue: str,
        begin: Callable[[Lease], asyncio.Task[None]],
        *,
        worker: str,
        lease: timedelta,
        most: int,
    ) -> None:
        self._engine = engine
        self._queue = queue
        self._begin = begin
        self._worker = worker
        self._lease = lease
        self._places = asyncio.Semaphore(most)
        self._together = _TOGETHER if engine.caps.durable else 1

    async def work(self) -> None:
        """Take jobs until cancelled."""
        several = 1
        for rounds in itertools.count(1):
            taken = await self._take_some(several)
            several = min(2 * several, self._together) if taken == several else 1
            if rounds % _ROUNDS_A_TURN == 0:
                await asyncio.sleep(0)  # a claim that need not wait gives nobody else a turn

    async def _take_some(self, several: int) -> int:
        if several == 1:
            return await self._take(_WAIT)
        async with asyncio.TaskGroup() as group:
            claims = [group.create_task(self._take(0), name=f"claim of {self._queue}") for _ in range(several)]
            try:
                await asyncio.wait(claims)
            except asyncio.CancelledError:
                for claim in reversed(claims):  # each job goes to the head: the one that was first comes last
                    claim.cancel()
                raise
        return sum(claim.result() for claim in claims)

    async def _take(self, wait: float) -> bool:
        await self._places.acquire()
        lease = None
        try:
            lease = await self._engine.claim([self._queue], worker=self._worker, lease=self._lease, wait=wait)
        finally:
            if lease is None:
                self._places.release()
        if lease is None:
            return False
        # Nothing awaits from here on: whoever cancels this finds it either inside the engine, which gives no lease
        # then, or with the lease handed on.
        self._begin(lease).add_done_callback(lambda _: self._places.release())
        return True
