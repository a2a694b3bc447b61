"""Gathers what changes while the disk is busy and writes it together; tells nobody before it is safe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context
from datetime import datetime

from jobserver.engines.idempotency import Entry, KeyName
from jobserver.engines.sqlite.batch import Batch, Marks, QueueTerms
from jobserver.engines.sqlite.store import Disk
from jobserver.errors import StoreBroken, StoreUnavailable
from jobserver.jobs.access import ApiKey
from jobserver.jobs.clock import Clock
from jobserver.jobs.event_log import EventLog
from jobserver.jobs.events import EventType, happened
from jobserver.jobs.histogram import FINE_STEPS, Histogram
from jobserver.jobs.model import Artifact, Job, JobId, LogLine, QueueSettings, State

_log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds one write may take before those who wait are told to come back later."""

TRY_AGAIN = 1.0
"""Seconds between two attempts at a disk that cannot be written to."""

_PASSING = frozenset({EventType.PROGRESS, EventType.LOG})
"""Events of no lasting worth: the job's record and its log say the same."""


class GroupCommit:
    """The journal of a durable engine (`Journal`): one transaction is written at a time, the next one gathers.

    ``safe`` returns once everything noted so far is on disk. Until then events wait, and `settled` answers with jobs
    as they last were on disk.
    """

    def __init__(self, disk: Disk, log: EventLog, clock: Clock, *, broken: Callable[[], None]) -> None:
        self.trouble: StoreUnavailable | None = None
        """Why nothing can be written now."""
        self.commits = Histogram(FINE_STEPS)
        self.failures = 0
        """See `OnDisk`."""
        self._disk = disk
        self._log = log
        self._clock = clock
        self._broken = broken
        self._arrived = 0
        self._line = 0
        self._gathering = Batch()
        self._writing: Batch | None = None
        self._something = asyncio.Event()
        self._recovered: asyncio.Future[None] | None = None
        self._hurry: asyncio.TimerHandle | None = None
        self._closing = False

    def begin(self, marks: Marks) -> None:
        """Go on where an earlier process stood."""
        self._arrived, self._line = marks.arrived, marks.line

    # --- what is told (`Journal`)

    def event(self, kind: EventType, at: datetime, queue: str, job: Job | None = None, text: str | None = None) -> None:
        """See `Journal.event`."""
        if self.trouble is not None and kind in _PASSING:
            return  # a full disk may stay full for days, and those who listen would rather know the end
        self._gathering.events.append(happened(kind, at, queue, job, text))
        self._something.set()

    def job(self, before: Job | None, after: Job | None, *, in_front: bool = False) -> None:
        """See `Journal.job`."""
        line = None
        if after is not None and after.state is State.QUEUED:
            self._line += 1
            line = -self._line if in_front else self._line
        if before is None and after is not None:
            self._arrived = after.number
        self._gathering.change(before, after, line)
        self._something.set()

    def line(self, job: Job, line: LogLine) -> None:
        """See `Journal.line`."""
        self._gathering.logs.append((job.number, line))
        self._something.set()

    def file(self, job: Job, file: Artifact) -> None:
        """See `Journal.file`."""
        self._gathering.files.append((job.number, file))
        self._something.set()

    def idempotency(self, name: KeyName, entry: Entry | None) -> None:
        """See `Journal.idempotency`."""
        self._gathering.idempotency.pop(name, None)  # one that is kept anew is the youngest again
        self._gathering.idempotency[name] = entry
        self._something.set()

    def queue(self, name: str, settings: QueueSettings, chosen: frozenset[str]) -> None:
        """See `Journal.queue`."""
        self._gathering.queues[name] = QueueTerms(settings, chosen)
        self._something.set()

    def key(self, key_id: str, key: ApiKey | None) -> None:
        """See `Journal.key`."""
        self._gathering.keys[key_id] = key
        self._something.set()

    # --- what is asked

    def settled(self, current: Job | None, job_id: JobId) -> Job | None:
        """The job as it last was on disk; ``current`` is how it stands."""
        writing, gathering = self._writing, self._gathering.before
        if writing is not None and job_id in writing.before:
            return writing.before[job_id]
        return gathering.get(job_id, current)

    def unsettled(self, job: Job) -> bool:
        """Whether something of the job, its log or its files is not on disk yet."""
        return any(batch is not None and batch.tells_of(job) for batch in (self._gathering, self._writing))

    def keys_answered_with(self, job_id: JobId) -> list[KeyName]:
        """Idempotency keys, not on disk yet, that are answered with this job of another request."""
        batches = [batch for batch in (self._writing, self._gathering) if batch is not None]
        entries = (each for batch in batches for each in batch.idempotency.items())
        return [name for name, entry in entries if entry is not None and entry.job.id == job_id]

    def withdraw(self, job: Job) -> bool:
        """Drop a job nothing of which has been written; False when it is being written, or was."""
        if self._writing is not None and job.id in self._writing.before:
            return False
        if self._gathering.before.get(job.id, job) is not None:
            return False
        self._gathering.withdraw(job)
        return True

    def check(self) -> None:
        """Raise what is the trouble, while there is some."""
        if self.trouble is not None:
            raise _anew(self.trouble)

    async def safe(self) -> None:
        """Return when all that was noted is on disk.

        Raises StoreUnavailable when it could not be written, or not in time, and StoreBroken when it never will be.
        """
        batch = self._gathering or self._writing
        if not batch:
            return
        if isinstance(self.trouble, StoreBroken):
            raise _anew(self.trouble)
        written = asyncio.get_running_loop().create_future()
        batch.waiting.append(written)
        if self._hurry is None:
            self._hurry = self._call_later()
        await written

    async def until_writable(self, seconds: float) -> bool:
        """Whether the disk can be written to, now or within so many seconds."""
        if self._recovered is not None:
            await asyncio.wait({self._recovered}, timeout=max(seconds, 0))
        return self.trouble is None

    # --- what is done

    async def work(self) -> None:
        """Write batch after batch, until `close`."""
        try:
            await self._write_all()
        except Exception:  # noqa: BLE001 - ours to mend, and no reason to take jobs and never answer
            _log.exception("The journal failed.")
            self._failed(StoreBroken("The journal failed."))

    async def _write_all(self) -> None:
        while not isinstance(self.trouble, StoreBroken) and not (self._closing and not self._gathering):
            if self.trouble is None:
                await self._something.wait()
            else:
                await asyncio.sleep(TRY_AGAIN)  # then even nothing is written: it shows whether the disk is back
            self._something.clear()
            if self._gathering or self.trouble is not None:
                await self._write(self._take())

    def close(self) -> None:
        """Write what there is, and then no more."""
        self._closing = True
        self._something.set()

    def _take(self) -> Batch:
        batch, self._gathering = self._gathering, Batch()
        batch.first_seq = self._log.last_seq + 1
        batch.marks = Marks(self._clock.now(), self._arrived, self._line)
        self._writing = batch
        return batch

    async def _write(self, batch: Batch) -> None:
        begun = asyncio.get_running_loop().time()
        try:
            await self._disk.commit(batch)
        except StoreUnavailable as trouble:
            self._writing, self._gathering = None, self._gathering.follow(batch)
            self.failures += 1
            self._failed(trouble)
        else:
            self._writing = None
            self.commits.observe(asyncio.get_running_loop().time() - begun)
            self._succeeded(batch)

    def _succeeded(self, batch: Batch) -> None:
        if self._recovered is not None:
            _log.warning("The store can be written to again.")
            self.trouble = None
            self._recovered.set_result(None)
            self._recovered = None
        self._tell(batch.waiting, None)
        self._rest()
        for seq, event in enumerate(batch.events, batch.first_seq):
            self._log.tell(event._replace(seq=seq))

    def _failed(self, trouble: StoreUnavailable) -> None:
        """Those who wait are told to come back, and whoever asks from now on is told at once."""
        if self._recovered is None:
            _log.error("The store cannot be written to: %s", trouble)
            self._recovered = asyncio.get_running_loop().create_future()
        self.trouble = trouble
        for batch in (self._writing, self._gathering):
            if batch is not None:
                self._tell(batch.waiting, trouble)
        if isinstance(trouble, StoreBroken):
            self._broken()
        self._rest()

    def _call_later(self) -> asyncio.TimerHandle:
        # In no context: what it logs is not of the request that happened to wait first.
        return asyncio.get_running_loop().call_later(PATIENCE, self._too_slow, context=Context())

    def _too_slow(self) -> None:
        """What is being written may still come to be on disk."""
        self._hurry = None
        self._failed(StoreUnavailable("The disk is too slow."))

    def _tell(self, waiting: list[asyncio.Future[None]], trouble: StoreUnavailable | None) -> None:
        for each in waiting:
            if each.done():
                continue
            if trouble is None:
                each.set_result(None)
            else:
                each.set_exception(_anew(trouble))
        waiting.clear()

    def _rest(self) -> None:
        """Nobody waits any more, or those who do came just now."""
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None
        if self._gathering.waiting:
            self._hurry = self._call_later()


def _anew(trouble: StoreUnavailable) -> StoreUnavailable:
    """One for each who hears of it: an error that is raised again and again grows a traceback of all who did."""
    return type(trouble)(trouble.message)
