"""The memory engine: jobs in this process, quick, exact, and gone with it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from jobserver.engines.attachments import Attachments
from jobserver.engines.changes import Changes
from jobserver.engines.forgetting import Forgetting
from jobserver.engines.idempotency import IdempotencyKeys, KeyName
from jobserver.engines.journal import Journal, Unwritten
from jobserver.engines.repeats import repeated
from jobserver.engines.restoring import Restoring
from jobserver.engines.shelf import Limits, Shelf, size_of
from jobserver.engines.waiting import Alarm, Claimers
from jobserver.errors import ArtifactTooLarge, KeyNotFound, LeaseLost, QueueFull, WrongState
from jobserver.jobs import ids, states
from jobserver.jobs.access import ApiKey
from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Caps, Kept
from jobserver.jobs.event_log import EventLog, Listener
from jobserver.jobs.events import ALL, EventType, Interest
from jobserver.jobs.model import (
    Artifact,
    Failed,
    Filter,
    Job,
    JobId,
    JobSpec,
    Lease,
    LogLine,
    Outcome,
    Page,
    Position,
    Progress,
    QueueStanding,
    State,
    Succeeded,
)


class MemoryEngine:
    """Keeps the promises of `Engine` with a shelf of records and an event log.

    ``journal``: told of every change in the step that makes it; without one nothing outlives the process.
    """

    caps = Caps("memory", durable=False, shared=False, exact_position=True)
    broken = None

    def __init__(
        self,
        clock: Clock,
        *,
        limits: Limits | None = None,
        log: EventLog | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._clock = clock
        self._events = log or EventLog()
        self._journal = journal or Unwritten(self._events)
        limits = limits or Limits()
        self._shelf = Shelf(limits)
        self._idempotency = IdempotencyKeys(limits.total_bytes // 4, self._journal.idempotency)
        self._attached = Attachments()
        self._api_keys: dict[str, ApiKey] = {}
        self._forgetting = Forgetting(self._shelf, self._idempotency, self._attached, self._journal)
        self._claimers = Claimers()
        self._alarm = Alarm()
        self._changes = Changes(clock, self._shelf, self._forgetting, self._journal, self._claimers, self._alarm)

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """End all listeners."""
        self._events.close()

    async def health(self) -> str | None:
        """Memory can always be written."""
        return None

    async def kept(self) -> Kept:
        """See `Engine.kept`."""
        return Kept(self._shelf.bytes_kept + self._forgetting.reserved, self._events.last_seq)

    async def submit(self, spec: JobSpec, *, quota: int | None = None, reserve: bool = False) -> tuple[Job, bool]:
        """See `Engine.submit`."""
        while True:
            if (known := repeated(spec, self._shelf, self._idempotency, self._clock.now())) is not None:
                return known, False
            job = states.create(spec, self._shelf.listing.last + 1)
            self._shelf.check_number(spec.owner, quota, reserve=reserve)
            size = size_of(job)
            if not self._forgetting.make_room(self._clock.now(), size):
                break
            await asyncio.sleep(0)  # what others do meanwhile is looked at again
        if not self._shelf.has_room(size, self._forgetting.reserved):
            raise QueueFull("The server's memory for jobs is full.")
        if spec.idempotency is not None:
            self._idempotency.add(job)
        return self._changes.make(job), True

    async def get(self, job_id: JobId) -> Job:
        """See `Engine.get`."""
        return self._shelf.get(job_id)

    async def page(self, where: Filter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """See `Engine.page`."""
        return self._shelf.page(where, cursor, limit)

    async def counts(self, queue: str | None = None, *, owner: str | None = None) -> dict[State, int]:
        """See `Engine.counts`."""
        return self._shelf.counts(queue, owner)

    async def position(self, job_id: JobId) -> Position | None:
        """See `Engine.position`."""
        return self._shelf.position(job_id)

    async def cancel(self, job_id: JobId, reason: str) -> Job:
        """See `Engine.cancel`."""
        job = self._shelf.get(job_id)
        return self._changes.make(states.cancel(job, reason, now=self._clock.now(), keep=self._changes.keep(job)))

    async def retry(self, job_id: JobId, *, quota: int | None = None) -> Job:
        """See `Engine.retry`."""
        again = states.retry(self._shelf.get(job_id))
        if (twin := self._shelf.twin(again.spec)) is not None:
            raise WrongState(f"Cannot retry it: the job {twin.id} has its dedupKey and is {twin.state}.")
        self._shelf.check_number(again.spec.owner, quota)
        return self._changes.make(again)

    async def promote(self, job_id: JobId) -> Job:
        """See `Engine.promote`."""
        return self._changes.make(states.promote(self._shelf.get(job_id)))

    async def remove(self, job_id: JobId) -> None:
        """See `Engine.remove`."""
        job = self._shelf.get(job_id)
        states.check(states.Verb.FORGET, job)
        self._forgetting.forget(job, self._clock.now())

    def withdraw(self, job_id: JobId, keys: Iterable[KeyName] = ()) -> Job | None:
        """Take a job back that was never accepted; nobody is told. Returns it, None when it is gone already.

        ``keys``: of other requests that were to be answered with it.
        """
        job = self._shelf.records.get(job_id)
        if job is not None:
            self._shelf.forget(job)
            self._idempotency.withdraw(job, keys)
            self._attached.forget(job_id)
            self._claimers.wake(job.spec.queue)
        return job

    def look(self, job_id: JobId) -> Job | None:
        """The job as it stands, or None."""
        return self._shelf.records.get(job_id)

    def rouse(self) -> None:
        """Whoever is in `wait_due` is to look again at once."""
        self._alarm.ring()

    def restoring(self) -> Restoring:
        """What fills it with what an earlier process left, before anybody uses it."""
        return Restoring(self._shelf, self._idempotency, self._attached, self._api_keys, self._events)

    def rescue(self) -> None:
        """Take every job back that an earlier process was working on when it died."""
        self._changes.rescue()

    async def logs(self, job_id: JobId, *, start: int = 0, limit: int = 100) -> Sequence[LogLine]:
        """See `Engine.logs`."""
        self._shelf.get(job_id)
        return self._attached.lines(job_id, start, limit)

    async def artifacts(self, job_id: JobId) -> Sequence[Artifact]:
        """See `Engine.artifacts`."""
        self._shelf.get(job_id)
        return self._attached.files(job_id)

    def events(self, where: Interest = ALL, *, after: int | None = None) -> Listener:
        """See `Engine.events`."""
        return self._events.listen(where, after=after)

    async def queues(self, *, owner: str | None = None) -> Sequence[QueueStanding]:
        """See `Engine.queues`."""
        return self._shelf.standings(owner)

    async def set_queue(
        self,
        queue: str,
        *,
        paused: bool | None = None,
        concurrency: int | None = None,
        keep: timedelta | None = None,
        keep_count: int | None = None,
        default: bool = False,
    ) -> QueueStanding:
        """See `Engine.set_queue`."""
        it = self._shelf.queue(queue)
        was_paused = it.settings.paused
        it.set(default=default, paused=paused, concurrency=concurrency, keep=keep, keep_count=keep_count)
        if not default:
            self._journal.queue(queue, it.settings, it.chosen)
        if it.settings.paused is not was_paused:
            kind = EventType.PAUSED if it.settings.paused else EventType.RESUMED
            self._journal.event(kind, self._clock.now(), queue)
        self._changes.thin_out(queue, self._clock.now())
        self._claimers.wake(queue)
        return self._shelf.standing(queue)

    async def claim(self, queues: Sequence[str], *, worker: str, lease: timedelta, wait: float) -> Lease | None:
        """See `Engine.claim`. Cancelling it loses nothing: a job leaves its queue in the step that returns it."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + wait
        while (job := self._shelf.next_of(queues)) is None:
            if (left := ends - loop.time()) <= 0:
                return None
            await self._claimers.wait(queues, left)
        now, token = self._clock.now(), ids.new_token()
        started = self._changes.make(states.start(job, token=token, worker=worker, now=now, lease=lease))
        return Lease(started, token, now + lease, lease)

    async def renew(self, lease: Lease) -> str | None:
        """See `Engine.renew`."""
        job = self._held(lease)
        if job.state is State.CANCELLED:
            return job.reason
        self._shelf.update(states.renew(job, deadline=self._clock.now() + lease.length))
        return None

    async def report(
        self,
        lease: Lease,
        *,
        progress: Progress | None = None,
        log: str | None = None,
        artifact: Artifact | None = None,
    ) -> None:
        """See `Engine.report`."""
        job = self._held(lease)
        now = self._clock.now()
        if progress is not None and job.state is State.PROCESSING:
            before, job = job, states.report(job, progress)
            self._shelf.update(job)
            self._journal.job(before, job)
            self._journal.event(EventType.PROGRESS, now, job.spec.queue, job)
        if log is not None:
            self._journal.line(job, self._attached.write(job.id, now, log))
            if job.state is State.PROCESSING:  # of one that was cancelled meanwhile the last event was told
                self._journal.event(EventType.LOG, now, job.spec.queue, job, log)
        if artifact is not None:
            await self._keep_file(lease, artifact)

    async def finish(self, lease: Lease, outcome: Outcome) -> State:
        """See `Engine.finish`."""
        job = self._held(lease)
        if job.state is not State.PROCESSING:
            return job.state
        now = self._clock.now()
        if isinstance(outcome, Succeeded):
            ended = self._changes.make(states.succeed(job, outcome.result, now=now, keep=self._changes.keep(job)))
        elif isinstance(outcome, Failed):
            ended = self._changes.fail(job, outcome)
        else:
            ended = self._changes.make(states.interrupt(job), in_front=True)
        if self._forgetting.make_room(now):
            self._alarm.ring()
        return ended.state

    async def keys(self) -> Sequence[ApiKey]:
        """See `Engine.keys`."""
        return list(self._api_keys.values())

    async def key(self, key_id: str) -> ApiKey | None:
        """See `Engine.key`."""
        return self._api_keys.get(key_id)

    async def put_key(self, key: ApiKey) -> None:
        """See `Engine.put_key`."""
        self._api_keys[key.id] = key
        self._journal.key(key.id, None if key.configured else key)

    async def remove_key(self, key_id: str) -> None:
        """See `Engine.remove_key`."""
        if self._api_keys.pop(key_id, None) is None:
            raise KeyNotFound
        self._journal.key(key_id, None)

    async def tick(self, now: datetime) -> datetime | None:
        """See `Engine.tick`."""
        return self._changes.pass_time(now)

    async def wait_due(self, limit: float) -> None:
        """See `Engine.wait_due`."""
        await self._alarm.wait(self._changes.next_deadline(), self._clock.now(), limit)

    async def _keep_file(self, lease: Lease, artifact: Artifact) -> None:
        while True:
            more = self._attached.growth(self._held(lease).id, artifact)
            if more is None:
                raise ArtifactTooLarge
            if not self._forgetting.make_room(self._clock.now(), more):
                break
            await asyncio.sleep(0)  # what others do meanwhile is looked at again
        job = self._held(lease)  # one that was cancelled may itself have been forgotten to make room
        if not self._shelf.has_room(more, self._forgetting.reserved):
            raise ArtifactTooLarge("The server's memory for jobs is full.")
        self._attached.keep(job.id, artifact)
        self._journal.file(job, artifact)

    def _held(self, lease: Lease) -> Job:
        """The leased job, while the token is the current one."""
        job = self._shelf.records.get(lease.job.id)
        if job is None or job.token != lease.token:
            raise LeaseLost
        return job
