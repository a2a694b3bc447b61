"""A store in memory that writes, waits and fails on command, and remembers what it was told to write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from jobserver.engines.restoring import Restoring
from jobserver.engines.sqlite.batch import Batch, Marks
from jobserver.jobs.model import Job, JobId, State
from tests.make import START


class ScriptedStore:
    """A `Store`. ``written``: the batches that are on its disk; ``tried``: all it was asked to write."""

    def __init__(self) -> None:
        self.written: list[Batch] = []
        self.tried = 0
        self.trouble: Exception | None = None
        """What every commit raises."""
        self.closed = False
        self._going = asyncio.Event()
        self._going.set()
        self._waiting = asyncio.Semaphore(0)

    async def open(self, restoring: Restoring) -> Marks:
        restoring.finish(0)
        return Marks(START, 0, 0)

    async def commit(self, batch: Batch) -> None:
        self.tried += 1
        self._waiting.release()
        await self._going.wait()
        await asyncio.sleep(0)  # no disk answers in the step that asks it
        if self.trouble is not None:
            raise self.trouble
        self.written.append(batch)

    async def close(self) -> None:
        self.closed = True
        await self._going.wait()

    async def size(self) -> int:
        return 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Every commit waits, until the end of the block."""
        self._going.clear()
        self._waiting = asyncio.Semaphore(0)
        try:
            yield
        finally:
            self.go()

    def go(self) -> None:
        """Let those go on that wait, and all that follow."""
        self._going.set()

    async def begun(self) -> None:
        """Return when one more commit has begun since the block of `held` did."""
        await self._waiting.acquire()

    @property
    def states(self) -> dict[JobId, State]:
        """Every job on the disk."""
        jobs: dict[int, Job | None] = {}
        for batch in self.written:
            jobs |= batch.jobs
        return {job.id: job.state for job in jobs.values() if job is not None}

    @property
    def numbers(self) -> list[int]:
        """The numbers of all events on the disk, as they were written."""
        return [batch.first_seq + place for batch in self.written for place in range(len(batch.events))]
