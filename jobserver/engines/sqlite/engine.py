"""The SQLite engine: jobs in this process and on its disk, where they survive it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.engines.sqlite.claims import Claims
from jobserver.engines.sqlite.group_commit import TRY_AGAIN, GroupCommit
from jobserver.engines.sqlite.store import Store
from jobserver.errors import JobNotFound, StoreBroken, StoreUnavailable
from jobserver.jobs.access import ApiKey
from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Caps, Kept, OnDisk
from jobserver.jobs.event_log import EventLog, Listener
from jobserver.jobs.events import ALL, EventType, Interest
from jobserver.jobs.model import (
    Artifact,
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
)

_CLOSE_WITHIN = 3.0
"""Seconds that the disk has for what is not written yet."""

_LET_GO_WITHIN = 4.0
"""Seconds that the store has to let go: more than a file waits for its disk, so that it can say what it waits for."""

T = TypeVar("T")


class SqliteEngine:
    """Keeps the promises of `Engine` with a memory engine and a journal on disk.

    The memory engine runs ahead: it makes each change at once, the journal notes it, and the caller has its answer when
    the note is on disk. Whoever reads a job meanwhile sees it as it was before. Lists and counts may run ahead by the
    length of one write.
    """

    caps = Caps("sqlite", durable=True, shared=False, exact_position=True)

    def __init__(self, store: Store, clock: Clock, *, limits: Limits | None = None, history: int = 10_000) -> None:
        self._store = store
        self._clock = clock
        self._log = EventLog(history=history)
        self._journal = GroupCommit(store, self._log, clock, broken=self._rouse)
        self._memory = MemoryEngine(clock, limits=limits, log=self._log, journal=self._journal)
        self._claims = Claims(self._memory, self._journal)
        self._writer: asyncio.Task[None] | None = None

    @property
    def broken(self) -> StoreBroken | None:
        """See `Engine.broken`."""
        return self._journal.trouble if isinstance(self._journal.trouble, StoreBroken) else None

    async def open(self) -> None:
        """Read what an earlier process left, and take back at once what it was working on; raises StartupError."""
        marks = await self._store.open(self._memory.restoring())
        self._journal.begin(marks)
        self._writer = asyncio.get_running_loop().create_task(self._journal.work(), name="journal")
        self._memory.rescue()
        with suppress(StoreUnavailable):  # on a full disk there is still much to read
            await self._journal.safe()

    async def close(self) -> None:
        """Write what is not written yet and end all listeners."""
        if self._writer is not None:
            self._journal.close()
            await asyncio.wait({self._writer}, timeout=_CLOSE_WITHIN)
            self._writer.cancel()
            await asyncio.wait({self._writer})
        await self._memory.close()
        with suppress(TimeoutError):  # a disk that hangs: the system closes the file when the process ends
            async with asyncio.timeout(_LET_GO_WITHIN):
                await self._store.close()

    async def health(self) -> str | None:
        """See `Engine.health`."""
        return None if self._journal.trouble is None else self._journal.trouble.message

    async def kept(self) -> Kept:
        """See `Engine.kept`."""
        kept, journal = await self._memory.kept(), self._journal
        disk = OnDisk(await self._store.size(), journal.trouble is None, journal.commits, journal.failures)
        return replace(kept, disk=disk)

    async def submit(self, spec: JobSpec, *, quota: int | None = None, reserve: bool = False) -> tuple[Job, bool]:
        """See `Engine.submit`. A job that could not be written in time was never there."""
        self._journal.check()
        job, created = await self._after(self._memory.submit(spec, quota=quota, reserve=reserve))
        repeats = not created and self._memory.look(job.id) is not None
        try:
            await self._journal.safe()
        except StoreUnavailable:
            # Its write may have come to an end since: others may have been answered with a job that is on disk.
            if not created or self._on_disk(job.id) is None:
                if created:
                    self._take_back(job)
                raise
        if repeats and self._memory.look(job.id) is None:  # nor may anybody be told of it who asked for the same
            raise StoreUnavailable("The job that this one repeats is not there any more.")
        return job, created

    async def get(self, job_id: JobId) -> Job:
        """See `Engine.get`."""
        job = self._on_disk(job_id)
        if job is None:
            raise JobNotFound
        return job

    async def page(self, where: Filter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """See `Engine.page`."""
        page = await self._memory.page(where, cursor=cursor, limit=limit)
        settled = (self._journal.settled(job, job.id) for job in page.jobs)
        return Page(tuple(job for job in settled if job is not None), page.next)

    async def counts(self, queue: str | None = None, *, owner: str | None = None) -> dict[State, int]:
        """See `Engine.counts`."""
        return await self._memory.counts(queue, owner=owner)

    async def position(self, job_id: JobId) -> Position | None:
        """See `Engine.position`."""
        return await self._memory.position(job_id)

    async def cancel(self, job_id: JobId, reason: str) -> Job:
        """See `Engine.cancel`."""
        return await self._safely(lambda: self._memory.cancel(job_id, reason))

    async def retry(self, job_id: JobId, *, quota: int | None = None) -> Job:
        """See `Engine.retry`."""
        return await self._safely(lambda: self._memory.retry(job_id, quota=quota))

    async def promote(self, job_id: JobId) -> Job:
        """See `Engine.promote`."""
        return await self._safely(lambda: self._memory.promote(job_id))

    async def remove(self, job_id: JobId) -> None:
        """See `Engine.remove`."""
        await self._safely(lambda: self._memory.remove(job_id))

    async def logs(self, job_id: JobId, *, start: int = 0, limit: int = 100) -> Sequence[LogLine]:
        """See `Engine.logs`. While the disk is in trouble, also lines that are not on it yet."""
        await self._settle_job(job_id)
        return await self._memory.logs(job_id, start=start, limit=limit)

    async def artifacts(self, job_id: JobId) -> Sequence[Artifact]:
        """See `Engine.artifacts`. While the disk is in trouble, also files that are not on it yet."""
        await self._settle_job(job_id)
        return await self._memory.artifacts(job_id)

    def events(self, where: Interest = ALL, *, after: int | None = None) -> Listener:
        """See `Engine.events`."""
        return self._log.listen(where, after=after)

    async def queues(self, *, owner: str | None = None) -> Sequence[QueueStanding]:
        """See `Engine.queues`."""
        return await self._memory.queues(owner=owner)

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
        terms: dict[str, Any] = {"paused": paused, "concurrency": concurrency, "keep": keep, "keep_count": keep_count}
        if default:  # nothing to write
            return await self._memory.set_queue(queue, **terms, default=True)
        return await self._safely(lambda: self._memory.set_queue(queue, **terms))

    async def claim(self, queues: Sequence[str], *, worker: str, lease: timedelta, wait: float) -> Lease | None:
        """See `Engine.claim`. That the attempt began is on disk before anybody may begin it.

        Cancelling it loses nothing: a job that was taken already goes back to the head of its queue.
        """
        return await self._claims.claim(queues, worker=worker, lease=lease, wait=wait)

    async def renew(self, lease: Lease) -> str | None:
        """See `Engine.renew`."""
        return await self._memory.renew(lease)

    async def report(
        self,
        lease: Lease,
        *,
        progress: Progress | None = None,
        log: str | None = None,
        artifact: Artifact | None = None,
    ) -> None:
        """See `Engine.report`. It does not wait for the disk: `finish` does, for all that was reported before."""
        await self._memory.report(lease, progress=progress, log=log, artifact=artifact)

    async def finish(self, lease: Lease, outcome: Outcome) -> State:
        """See `Engine.finish`. While the disk is in trouble it keeps the outcome for later, and nobody hears of it."""
        state = await self._memory.finish(lease, outcome)
        await self._settle()
        return state

    async def keys(self) -> Sequence[ApiKey]:
        """See `Engine.keys`."""
        return await self._memory.keys()

    async def key(self, key_id: str) -> ApiKey | None:
        """See `Engine.key`."""
        return await self._memory.key(key_id)

    async def put_key(self, key: ApiKey) -> None:
        """See `Engine.put_key`."""
        if key.configured:  # a server with a full disk starts even so
            return await self._memory.put_key(key)
        return await self._safely(lambda: self._memory.put_key(key))

    async def remove_key(self, key_id: str) -> None:
        """See `Engine.remove_key`."""
        await self._safely(lambda: self._memory.remove_key(key_id))

    async def tick(self, now: datetime) -> datetime | None:
        """See `Engine.tick`. Raises StoreBroken, so that the process ends, when nobody knows what is on disk.

        It waits for the disk, so that a million jobs which end together are written a part at a time. While the disk is
        in trouble nothing is due: nobody could be told.
        """
        if self.broken is not None:
            self._journal.check()
        if not await self._journal.until_writable(TRY_AGAIN):
            return now
        await self._claims.renew()
        following = await self._memory.tick(now)
        await self._settle()
        return following

    async def wait_due(self, limit: float) -> None:
        """See `Engine.wait_due`."""
        await self._memory.wait_due(limit)

    def _rouse(self) -> None:
        """Whoever ticks is to hear of what broke."""
        self._memory.rouse()

    async def _safely(self, change: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Make a change, unless the disk is in trouble, and answer when it is on disk."""
        self._journal.check()
        answer = await self._after(change())
        await self._journal.safe()
        return answer

    async def _after(self, change: Coroutine[Any, Any, T]) -> T:
        """What a change answers; one that is refused may be so for what is not safe yet, and is told later."""
        try:
            return await change
        except Exception:
            await self._journal.safe()
            raise

    async def _settle(self) -> None:
        """Wait until all there is to write is on disk, unless it cannot be."""
        if self._journal.trouble is None:
            with suppress(StoreUnavailable):
                await self._journal.safe()

    async def _settle_job(self, job_id: JobId) -> None:
        """Wait until all there is to write of the job is on disk, unless it cannot be."""
        job = self._memory.look(job_id)
        if job is not None and self._journal.unsettled(job):
            await self._settle()

    def _on_disk(self, job_id: JobId) -> Job | None:
        """The job as it last was written."""
        return self._journal.settled(self._memory.look(job_id), job_id)

    def _take_back(self, job: Job) -> None:
        """Its client was told that the job was not accepted: nothing of it may stay."""
        gone = self._memory.withdraw(job.id, self._journal.keys_answered_with(job.id))
        if gone is not None and not self._journal.withdraw(gone):
            self._journal.job(gone, None)
            self._journal.event(EventType.EXPIRED, self._clock.now(), gone.spec.queue, gone)
