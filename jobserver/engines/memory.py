"""The memory engine: jobs in this process, quick, exact, and gone with it."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from jobserver.engines.idempotency import IdempotencyKeys
from jobserver.engines.shelf import Limits, Shelf
from jobserver.errors import LeaseLost
from jobserver.jobs import ids, states
from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Caps, LogLine
from jobserver.jobs.events import EventLog, EventType, Listener
from jobserver.jobs.model import (
    Failed,
    Filter,
    Job,
    JobId,
    JobSpec,
    Lease,
    Outcome,
    Page,
    Position,
    Progress,
    State,
    Succeeded,
)

_LOG_LINES = 1_000
_CHUNK = 1_000

_ANNOUNCED = {
    State.QUEUED: EventType.QUEUED,
    State.SCHEDULED: EventType.SCHEDULED,
    State.PROCESSING: EventType.STARTED,
    State.DONE: EventType.DONE,
    State.FAILED: EventType.FAILED,
    State.CANCELLED: EventType.CANCELLED,
}


class MemoryEngine:
    """Keeps the promises of `Engine` with a shelf of records and an event log."""

    caps = Caps("memory", durable=False, shared=False, exact_position=True)

    def __init__(self, clock: Clock, *, limits: Limits | None = None, history: int = 10_000) -> None:
        self._clock = clock
        limits = limits or Limits()
        self._shelf = Shelf(limits)
        self._keys = IdempotencyKeys(limits.total_bytes // 4)
        self._arrived = 0
        self._logs: dict[JobId, deque[LogLine]] = {}
        self._events = EventLog(history=history)
        self._claimers: set[asyncio.Future[None]] = set()
        self._sooner = asyncio.Event()

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """End all listeners."""
        self._events.close()

    async def health(self) -> str | None:
        """Memory can always be written."""
        return None

    async def submit(self, spec: JobSpec) -> tuple[Job, bool]:
        """See `Engine.submit`."""
        known = self._shelf.jobs.get(spec.id) or self._keys.find(spec)
        if known is not None:
            return self._shelf.jobs.get(known.id, known), False
        job = states.create(spec, self._arrived + 1)
        self._shelf.check_number()
        self._make_room(job)
        self._shelf.check_size(job, self._keys.size)
        self._arrived = job.number
        self._keys.add(job, self._clock.now())
        return self._change(job), True

    async def get(self, job_id: JobId) -> Job:
        """See `Engine.get`."""
        return self._shelf.get(job_id)

    async def page(self, where: Filter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """See `Engine.page`."""
        return self._shelf.page(where, cursor, limit)

    async def counts(self, queue: str | None = None) -> dict[State, int]:
        """See `Engine.counts`."""
        return self._shelf.counts(queue)

    async def position(self, job_id: JobId) -> Position | None:
        """See `Engine.position`."""
        job = self._shelf.jobs.get(job_id)
        ahead = None if job is None else self._shelf.queue(job.spec.queue).order.rank(job_id)
        return None if ahead is None else Position(ahead)

    async def cancel(self, job_id: JobId, reason: str) -> Job:
        """See `Engine.cancel`."""
        return self._change(states.cancel(self._shelf.get(job_id), reason, now=self._clock.now()))

    async def retry(self, job_id: JobId) -> Job:
        """See `Engine.retry`."""
        again = states.retry(self._shelf.get(job_id))
        self._shelf.check_number()
        return self._change(again)

    async def promote(self, job_id: JobId) -> Job:
        """See `Engine.promote`."""
        return self._change(states.promote(self._shelf.get(job_id)))

    async def remove(self, job_id: JobId) -> None:
        """See `Engine.remove`."""
        job = self._shelf.get(job_id)
        states.check(states.Verb.FORGET, job)
        self._forget(job)

    async def logs(self, job_id: JobId, *, start: int = 0, limit: int = 100) -> Sequence[LogLine]:
        """See `Engine.logs`."""
        self._shelf.get(job_id)
        return [line for line in self._logs.get(job_id, ()) if line.number >= start][:limit]

    def events(self, *, after: int | None = None, job_id: JobId | None = None) -> Listener:
        """See `Engine.events`."""
        return self._events.listen(after=after, job_id=job_id)

    async def set_queue(self, queue: str, *, paused: bool | None = None, concurrency: int | None = None) -> None:
        """See `Engine.set_queue`."""
        it = self._shelf.queue(queue)
        if concurrency is not None:
            it.concurrency = concurrency
        if paused is not None and paused is not it.paused:
            it.paused = paused
            kind = EventType.PAUSED if paused else EventType.RESUMED
            self._events.append(kind, self._clock.now(), queue)
        self._wake_claimers()

    async def claim(self, queues: Sequence[str], *, worker: str, lease: timedelta, wait: float) -> Lease | None:
        """See `Engine.claim`. Cancelling it loses nothing: a job leaves its queue in the step that returns it."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + wait
        while (job := self._shelf.next_of(queues)) is None:
            if (left := ends - loop.time()) <= 0:
                return None
            wakeup = loop.create_future()
            self._claimers.add(wakeup)
            try:
                await asyncio.wait({wakeup}, timeout=left)
            finally:
                self._claimers.discard(wakeup)
        now, token = self._clock.now(), ids.new_token()
        started = self._change(states.start(job, token=token, worker=worker, now=now, lease=lease))
        return Lease(started, token, now + lease, lease)

    async def renew(self, lease: Lease) -> str | None:
        """See `Engine.renew`."""
        job = self._held(lease)
        if job.state is State.CANCELLED:
            return job.reason
        self._shelf.file(states.renew(job, deadline=self._clock.now() + lease.length))
        return None

    async def report(self, lease: Lease, *, progress: Progress | None = None, log: str | None = None) -> None:
        """See `Engine.report`."""
        job = self._held(lease)
        if progress is not None and job.state is State.PROCESSING:
            job = self._change(states.report(job, progress), EventType.PROGRESS)
        if log is not None:
            lines = self._logs.setdefault(job.id, deque(maxlen=_LOG_LINES))
            now = self._clock.now()
            lines.append(LogLine(lines[-1].number + 1 if lines else 0, now, log))
            self._events.append(EventType.LOG, now, job.spec.queue, job, log)

    async def finish(self, lease: Lease, outcome: Outcome) -> State:
        """See `Engine.finish`."""
        job = self._held(lease)
        if job.state is not State.PROCESSING:
            return job.state
        now = self._clock.now()
        if isinstance(outcome, Succeeded):
            ended = self._change(states.succeed(job, outcome.result, now=now))
        elif isinstance(outcome, Failed):
            ended = self._failed(states.fail(job, outcome, now=now, chance=random.random()))  # noqa: S311 - jitter
        else:
            ended = self._change(states.interrupt(job), in_front=True)
        if self._make_room():
            self._sooner.set()
        return ended.state

    async def tick(self, now: datetime) -> datetime | None:
        """See `Engine.tick`. In chunks, so that a million jobs ending together never stop the loop for long."""
        for _ in range(_CHUNK):
            job = self._shelf.deadlines.pop_due(now)
            if job is None:
                break
            changed = states.deadline_passed(job, now=now, chance=random.random())  # noqa: S311 - jitter
            if changed is None:
                self._forget(job)
            elif job.state is State.PROCESSING:
                self._failed(changed)
            else:
                self._change(changed)
        more = self._keys.expire(now) | self._make_room()
        return now if more else self._shelf.deadlines.next()

    async def wait_due(self, limit: float) -> None:
        """See `Engine.wait_due`."""
        deadline = self._shelf.deadlines.next()
        if deadline is not None:
            limit = min(limit, (deadline - self._clock.now()).total_seconds())
        self._sooner.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(limit, 0)):
                await self._sooner.wait()

    def _change(self, job: Job, kind: EventType | None = None, *, in_front: bool = False) -> Job:
        """File the record first and announce it second: whoever hears of a change can read it."""
        soonest = self._shelf.deadlines.next()
        self._shelf.file(job, in_front=in_front)
        self._events.append(kind or _ANNOUNCED[job.state], self._clock.now(), job.spec.queue, job)
        if job.deadline is not None and (soonest is None or job.deadline < soonest):
            self._sooner.set()
        if job.state is not State.PROCESSING:
            self._wake_claimers()
        return job

    def _failed(self, job: Job) -> Job:
        return self._change(job, None if job.state is State.FAILED else EventType.RETRYING)

    def _held(self, lease: Lease) -> Job:
        """The leased job, while the token is the current one."""
        job = self._shelf.jobs.get(lease.job.id)
        if job is None or job.token != lease.token:
            raise LeaseLost
        return job

    def _make_room(self, new: Job | None = None) -> bool:
        """Forget the oldest ended jobs while bytes are short; True when there are more than fit one call."""
        for _ in range(_CHUNK):
            oldest = self._shelf.overfull(new, self._keys.size)
            if oldest is None:
                return False
            self._forget(oldest)
        return True

    def _forget(self, job: Job) -> None:
        self._shelf.forget(job)
        self._keys.outlive(job, self._clock.now())
        self._logs.pop(job.id, None)
        self._events.append(EventType.EXPIRED, self._clock.now(), job.spec.queue, job)

    def _wake_claimers(self) -> None:
        for wakeup in self._claimers:
            if not wakeup.done():
                wakeup.set_result(None)
