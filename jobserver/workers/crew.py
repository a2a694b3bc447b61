"""The crew: workers that run jobs, a janitor that watches deadlines, and the one task that owns them all."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Engine
from jobserver.jobs.model import Interrupted, Lease, State
from jobserver.jobs.policy import RunTimes
from jobserver.workers.attempt import Attempt
from jobserver.workers.registry import Handler

_log = logging.getLogger(__name__)

_CLAIM_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class CrewSettings:
    """``concurrency``: jobs run at a time. ``lease``: how soon a dead worker's job is taken back.

    ``cleanup_interval``: how late the janitor may be at most. ``stop_grace``: seconds a cancelled handler has to end.
    ``max_result``: bytes of an encoded result.
    """

    concurrency: int = 1
    lease: timedelta = timedelta(seconds=30)
    cleanup_interval: timedelta = timedelta(minutes=5)
    stop_grace: float = 3.0
    max_result: int = 8_000_000


class Crew:
    """Three gears: `start` → `quiesce` (take no more jobs) → `drain` (end, within a grace)."""

    def __init__(
        self,
        engine: Engine,
        handlers: Mapping[str, Handler],
        clock: Clock,
        times: RunTimes,
        settings: CrewSettings | None = None,
    ) -> None:
        self._engine = engine
        self._handlers = handlers
        self._clock = clock
        self._times = times
        self._settings = settings or CrewSettings()
        self._quiescing = asyncio.Event()
        self._workers: set[asyncio.Task[None]] = set()
        self._abandoned: set[asyncio.Task[Any]] = set()
        self._task: asyncio.Task[None] | None = None
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"

    async def start(self) -> asyncio.Task[None]:
        """Begin to work. The task returned ends by itself only when somebody of the crew crashed."""
        ready = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._work(ready), name="crew")
        await ready.wait()
        return self._task

    def quiesce(self) -> None:
        """Take no more jobs; those being run go on."""
        self._quiescing.set()

    async def drain(self, grace: float) -> None:
        """End: running jobs have ``grace`` seconds, then they go back to the head of their queue."""
        self.quiesce()
        if self._task is None:
            return
        if self._workers:
            await asyncio.wait(self._workers, timeout=grace)
        self._task.cancel()
        await asyncio.wait({self._task})  # not awaited itself: why it crashed, if it did, is its starter's to tell
        for task in self._abandoned:
            task.cancel()

    async def _work(self, ready: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(self._settings.concurrency):
                worker = group.create_task(self._worker(f"{self._name}:{number}"), name=f"worker-{number}")
                self._workers.add(worker)
            group.create_task(self._janitor(), name="janitor")
            ready.set()

    async def _worker(self, name: str) -> None:
        while not self._quiescing.is_set():
            if (lease := await self._claim(name)) is not None:
                await self._attempt(lease)

    async def _claim(self, name: str) -> Lease | None:
        """Wait for a job, but no longer than until the crew quiesces."""
        queues = sorted({handler.queue for handler in self._handlers.values()})
        claim = asyncio.ensure_future(
            self._engine.claim(queues, worker=name, lease=self._settings.lease, wait=_CLAIM_WAIT)
        )
        quiescing = asyncio.ensure_future(self._quiescing.wait())
        stopping = True
        try:
            await asyncio.wait({claim, quiescing}, return_when=asyncio.FIRST_COMPLETED)
            stopping = self._quiescing.is_set()
        finally:
            quiescing.cancel()
            claim.cancel()  # of no effect on one that is done
            await asyncio.wait({claim})
            lease = None if claim.cancelled() else claim.result()
            if lease is not None and stopping:
                # Given in the very step in which we stopped: it goes back as if it had never been taken.
                await asyncio.shield(self._engine.finish(lease, Interrupted()))
        return None if stopping else lease

    async def _attempt(self, lease: Lease) -> None:
        handler = self._handlers[lease.job.spec.kind]
        began = self._clock.now()
        _log.info("job %s: attempt %d of %s", lease.job.id, lease.job.attempt, handler.kind)
        state = await Attempt(
            lease,
            handler,
            self._engine,
            self._clock,
            grace=self._settings.stop_grace,
            max_result=self._settings.max_result,
            abandoned=self._abandoned,
        ).run()
        seconds = (self._clock.now() - began).total_seconds()
        _log.info("job %s: %s after %.3f s", lease.job.id, state or "no longer ours", seconds)
        if state is State.DONE:
            self._times.observe(handler.kind, seconds)

    async def _janitor(self) -> None:
        interval = self._settings.cleanup_interval.total_seconds()
        while True:
            now = self._clock.now()
            following = await self._engine.tick(now)
            if following is not None and following <= now:
                await asyncio.sleep(0)  # more is due than fits one tick: let others have their turn between
            else:
                await self._engine.wait_due(interval)
