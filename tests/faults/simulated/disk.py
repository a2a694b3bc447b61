"""A disk that survives its servers, and a store on it that is slow, full or breaks when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from jobserver.engines.idempotency import Entry, KeyName
from jobserver.engines.packed import pack
from jobserver.engines.restoring import Restoring
from jobserver.engines.sqlite.batch import Batch, Marks, Number, QueueTerms
from jobserver.errors import StoreBroken, StoreUnavailable
from jobserver.jobs.access import ApiKey
from jobserver.jobs.events import Event
from jobserver.jobs.model import Artifact, Job, JobId, LogLine
from tests.faults.simulated.tables import Tables
from tests.make import START

FULL, SLOW, FLAKY = "full", "slow", "flaky"


_REFUSED = 0.5
"""How many of a flaky disk's writes fail."""


class Disk:
    """What was written, batch by batch, in plain dictionaries, and in a SQLite file as well where it is ``real``.

    ``trouble``: `FULL`, `SLOW`, `FLAKY` (some writes are refused, and not at once) or None. ``breaks``: the next fsync
    fails. ``written``: called with every batch that is on disk from now on, before it is. ``wrong``: called when that
    is refused, or fails.
    """

    def __init__(self, chance: Random, history: int, *, real: bool) -> None:
        self.chance = chance
        self.marks = Marks(START, 0, 0)
        self._history = history
        self._tables = Tables(history, self.marks) if real else None
        self.trouble: str | None = None
        self.breaks = False
        self.written: Callable[[Batch], None] = lambda _: None
        self.wrong: Callable[[BaseException], None] = lambda _: None
        self.jobs: dict[Number, Job] = {}
        self.numbers: dict[JobId, Number] = {}
        self.lines: dict[Number, int] = {}
        self.logs: dict[Number, list[LogLine]] = {}
        self.files: dict[Number, dict[str, Artifact]] = {}
        self.idempotency: dict[KeyName, Entry] = {}
        self.queues: dict[str, QueueTerms] = {}
        self.keys: dict[str, ApiKey] = {}
        self.events: list[Event] = []
        self.writing: Batch | None = None
        """What is on its way: nobody knows whether it will have arrived when the power goes."""

    def job(self, job_id: JobId) -> Job | None:
        """The job as it is on disk."""
        number = self.numbers.get(job_id)
        return None if number is None else self.jobs[number]

    def apply(self, batch: Batch) -> None:
        """Write it whole."""
        self.writing = None
        try:
            self.written(batch)
            if self._tables is not None:
                self._tables.write(batch)
        except Exception as error:  # the journal would take it for a broken disk
            self.wrong(error)
            raise
        for number, line in batch.logs:
            self.logs.setdefault(number, []).append(line)
        for number, file in batch.files:
            self.files.setdefault(number, {})[file.name] = file
        for number, job in batch.jobs.items():
            self._keep(number, job, batch.lines.get(number))
        for name, entry in batch.idempotency.items():
            self.idempotency.pop(name, None)
            if entry is not None:
                self.idempotency[name] = entry
        self.queues |= batch.queues
        for key_id, key in batch.keys.items():
            if key is not None:
                self.keys[key_id] = key
            else:
                self.keys.pop(key_id, None)
        self.events += [event._replace(seq=seq) for seq, event in enumerate(batch.events, batch.first_seq)]
        assert batch.marks is not None
        self.marks = batch.marks

    def power_cut(self) -> None:
        """What was being written is there or is not."""
        if self.writing is not None and self.chance.random() < 0.5:
            self.apply(self.writing)
        self.writing = None

    def hand_over(self, restoring: Restoring) -> Marks:
        """Everything, as the real file's own code reads it where there is one."""
        self.power_cut()  # of a process that let go of the disk without being killed
        if self._tables is not None:
            return self._tables.read(restoring)
        return self.hand_over_plainly(restoring)

    def hand_over_plainly(self, restoring: Restoring) -> Marks:
        """Everything, from the dictionaries."""
        for name, terms in self.queues.items():
            restoring.queue(name, *terms)
        for number, job in sorted(self.jobs.items()):
            restoring.jobs([(job.id, pack(job, None), self.lines.get(number))])
        for number, job in sorted(self.jobs.items()):
            for line in self.logs.get(number, ()):
                restoring.line(job.id, line)
            for file in self.files.get(number, {}).values():
                restoring.file(job.id, file)
        for key_name, entry in self.idempotency.items():
            restoring.idempotency(key_name, entry)
        for key in self.keys.values():
            restoring.key(key)
        for event in self.events[-self._history :]:
            restoring.event(event)
        restoring.finish(self.marks.arrived)
        return self.marks

    def close(self) -> None:
        """Nobody needs it any more."""
        if self._tables is not None:
            self._tables.close()

    def takes(self) -> float:
        """Seconds that the next write takes."""
        if self.trouble == SLOW:
            return self.chance.uniform(0.5, 14)
        if self.trouble == FLAKY:
            return self.chance.uniform(0, 2)
        if self.trouble == FULL:
            return self.chance.choice((0.0, 0.001, self.chance.uniform(0, 1)))
        return self.chance.choice((0.0, 0.0002, 0.001, 0.004, self.chance.uniform(0, 0.2)))

    def refuses(self) -> bool:
        """Whether the write that is ready to be made fails."""
        return self.trouble == FULL or (self.trouble == FLAKY and self.chance.random() < _REFUSED)

    def _keep(self, number: Number, job: Job | None, line: int | None) -> None:
        self.lines.pop(number, None)
        if job is None:
            self.logs.pop(number, None)
            self.files.pop(number, None)
            if (old := self.jobs.pop(number, None)) is not None:
                del self.numbers[old.id]
            return
        self.jobs[number], self.numbers[job.id] = job, number
        if line is not None:
            self.lines[number] = line


class SimulatedStore:
    """A `Store` on that disk, for one server. ``opened``: called when everything was handed over."""

    def __init__(self, disk: Disk, opened: Callable[[], None]) -> None:
        self._disk = disk
        self._opened = opened
        self._broken = False

    async def open(self, restoring: Restoring) -> Marks:
        """See `Store.open`."""
        await asyncio.sleep(self._disk.takes())
        marks = self._disk.hand_over(restoring)
        self._opened()
        await asyncio.sleep(0)
        return marks

    async def commit(self, batch: Batch) -> None:
        """See `Disk.commit`."""
        disk = self._disk
        if self._broken:
            error = AssertionError("written to after a failed fsync")
            disk.wrong(error)  # the journal would take it for a broken disk
            raise error
        disk.writing = batch
        try:
            await asyncio.sleep(disk.takes())
        except asyncio.CancelledError:  # its thread writes on even so, for as long as there is one
            disk.power_cut()
            raise
        if disk.breaks:
            disk.breaks, self._broken = False, True
            raise StoreBroken("fsync: Input/output error")
        if disk.refuses():
            disk.writing = None
            raise StoreUnavailable("No space left on device")
        disk.apply(batch)
        if disk.chance.random() < 0.5:
            await asyncio.sleep(disk.chance.choice((0, 0.0005)))  # it is on disk, and nobody knows yet

    async def close(self) -> None:
        """See `Store.close`."""
        await asyncio.sleep(0)

    async def size(self) -> int:
        """See `Store.size`."""
        return 0
