"""The crew: for each queue somebody who takes its jobs, a few chores, and the one task that owns them all."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from jobserver.errors import LeaseLost, NoHandler
from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Engine
from jobserver.jobs.model import Failed, Job, JobId, Lease
from jobserver.jobs.stats import Stats
from jobserver.logs import tell_of_job
from jobserver.workers.attempt import Attempt, failure_of
from jobserver.workers.chores import Leases, janitor, listener, renewer
from jobserver.workers.claimer import Claimer
from jobserver.workers.isolate import ProcessPool
from jobserver.workers.isolated import in_children
from jobserver.workers.registry import Handler

_log = logging.getLogger(__name__)

_STRAGGLERS_WITHIN = 0.1


@dataclass(frozen=True, slots=True)
class CrewSettings:
    """``queues``: worked beside those of the handlers. ``lease``: how soon a dead worker's job is taken back.

    ``most_at_once``: jobs of one queue that run at a time where the engine sets no limit.
    ``cleanup_interval``: how late the janitor may be at most. ``stop_grace``: seconds a cancelled handler has to end.
    ``max_result``: bytes of an encoded result.
    """

    queues: tuple[str, ...] = ()
    lease: timedelta = timedelta(seconds=30)
    most_at_once: int = 1_000
    cleanup_interval: timedelta = timedelta(minutes=5)
    stop_grace: float = 3.0
    max_result: int = 8_000_000


class Crew:
    """Three gears: `start` → `quiesce` (take no more jobs) → `drain` (end, within a grace).

    How many jobs of a queue run at a time is the engine's to say (`Engine.set_queue`): no queue waits for another.
    """

    def __init__(
        self,
        engine: Engine,
        handlers: Mapping[str, Handler],
        clock: Clock,
        stats: Stats,
        settings: CrewSettings | None = None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._stats = stats
        self._settings = settings or CrewSettings()
        self._children = ProcessPool(size=self._settings.most_at_once)
        self._handlers = in_children(handlers, self._children)
        self._queues = {*self._settings.queues, *(handler.queue for handler in handlers.values())}
        self._quiescing = False
        self._claimers: set[asyncio.Task[None]] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._attempts: dict[JobId, Attempt] = {}
        self._abandoned: set[asyncio.Task[Any]] = set()
        self._left_behind: set[asyncio.Task[Any]] = set()
        self._task: asyncio.Task[None] | None = None
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"

    @property
    def running(self) -> int:
        """How many attempts run here."""
        return len(self._running)

    @property
    def abandoned(self) -> int:
        """How many handlers were cancelled, did not end, and still run; nobody waits for them any more."""
        return len(self._abandoned)

    async def start(self) -> asyncio.Task[None]:
        """Begin to work. The task returned ends by itself only when somebody of the crew crashed."""
        ready = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._work(ready), name="crew")
        await ready.wait()
        return self._task

    def quiesce(self) -> None:
        """Take no more jobs; those being run go on."""
        self._quiescing = True
        for claimer in self._claimers:
            claimer.cancel()

    async def drain(self, grace: float) -> None:
        """End: running jobs have ``grace`` seconds, then they go back to the head of their queue."""
        self.quiesce()
        if self._task is None:
            return
        if self._claimers:
            await asyncio.wait(self._claimers)  # what one of them was given in this very moment runs as well
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        for attempt in reversed(self._attempts.values()):  # each goes to the head: the one that was first comes last
            attempt.halt()
        if self._running:
            await asyncio.wait(self._running)
        self._task.cancel()
        await asyncio.wait({self._task})  # not awaited itself: why it crashed, if it did, is its starter's to tell
        await self._children.close()
        await self._leave_behind()

    async def _work(self, ready: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for name, chore in self._chores().items():
                group.create_task(chore, name=name)
            if not self._quiescing:
                for queue in sorted(self._queues):
                    work = self._claimer(queue, group).work()
                    claimer = group.create_task(work, name=f"claimer of {queue}")
                    self._claimers.add(claimer)
            ready.set()

    def _chores(self) -> dict[str, Coroutine[Any, Any, None]]:
        leases = Leases(self._attempts, self._clock, self._settings.lease)
        return {
            "janitor": janitor(self._engine, self._clock, self._settings.cleanup_interval, leases),
            "renewer": renewer(leases),
            "listener": listener(self._engine, self._attempts),
        }

    def _claimer(self, queue: str, group: asyncio.TaskGroup) -> Claimer:
        """What it takes is worked by tasks of the group."""
        settings = self._settings
        begin = partial(self._begin, group)
        most = settings.most_at_once
        return Claimer(self._engine, queue, begin, worker=self._name, lease=settings.lease, most=most)

    def _begin(self, group: asyncio.TaskGroup, lease: Lease) -> asyncio.Task[None]:
        task = group.create_task(self._worked(lease), name=f"attempt at {lease.job.id}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _worked(self, lease: Lease) -> Coroutine[Any, Any, None]:
        """The lease's work, known from now on to those who renew and cancel."""
        handler = self._handlers.get(lease.job.spec.kind)
        if handler is None:
            return self._refuse(lease)
        attempt = Attempt(
            lease,
            handler,
            self._engine,
            self._clock,
            grace=self._settings.stop_grace,
            max_result=self._settings.max_result,
            abandoned=self._abandoned,
        )
        if (earlier := self._attempts.get(lease.job.id)) is not None:
            earlier.halt()  # its lease was lost, or we would not have this one
        self._attempts[lease.job.id] = attempt
        return self._attempt(attempt, lease.job, earlier)

    async def _attempt(self, attempt: Attempt, job: Job, earlier: Attempt | None) -> None:
        """Run it once the job's earlier attempt has let go: a job cancelled and retried at once never runs twice."""
        if earlier is not None:
            await earlier.over.wait()
        tell_of_job(job.id, job.spec.kind, job.attempt, job.spec.traceparent)
        began = self._clock.now()
        self._stats.note_started(job, waited(job))
        _log.debug("job %s: attempt %d of %s", job.id, job.attempt, job.spec.kind)
        try:
            state = await attempt.run()
        finally:
            if self._attempts.get(job.id) is attempt:
                del self._attempts[job.id]
        seconds = (self._clock.now() - began).total_seconds()
        told = (job.id, job.spec.kind, job.attempt, state or "no longer ours", seconds)
        _log.info("job %s: %s, attempt %d: %s after %.3f s", *told)
        if state is not None and (state.ended or not attempt.interrupted):
            self._stats.note_ended(job, state, seconds)

    async def _refuse(self, lease: Lease) -> None:
        """A kind that nobody here knows, from a time with other handlers: never lost, never tried for ever."""
        job, kind = lease.job, lease.job.spec.kind
        _log.error("job %s: there is no handler for its kind %r", job.id, kind)
        self._stats.note_started(job, waited(job))
        with suppress(LeaseLost):
            failure = failure_of(NoHandler(f"This server has no handler for the kind {kind!r}."))
            self._stats.note_ended(job, await self._engine.finish(lease, Failed(failure, retry=False)), 0.0)

    async def _leave_behind(self) -> None:
        """Cancel abandoned handlers once more; the event loop waits for none of those that go on even so."""
        stubborn = self._abandoned - self._left_behind
        if stubborn:
            for task in stubborn:
                task.cancel()
            _, stubborn = await asyncio.wait(stubborn, timeout=_STRAGGLERS_WITHIN)
        self._left_behind |= stubborn
        for task in stubborn:
            _log.error("%s is left behind: its handler never stopped", task.get_name())
            # What loops and libraries of their own call for a task that ends; `asyncio.run` waits for ever otherwise.
            asyncio.tasks._unregister_task(task)  # noqa: SLF001 - "Extending asyncio" in Python's manual


def waited(job: Job) -> float:
    """Seconds from when the job was created, or last due, until its current attempt began.

    A back-off that chance made shorter, or a handler set, counts as it was planned.
    """
    started, spec = job.attempts[-1].started_at, job.spec
    if job.attempt > 1 and len(job.attempts) > 1 and (ended := job.attempts[-2].ended_at) is not None:
        due = ended + spec.policy.backoff.wait(job.attempt - 1)
    else:
        due = max(spec.created_at, spec.run_at or spec.created_at)
    return max((started - due).total_seconds(), 0.0)
