"""What goes to disk in one transaction: everything that changed while the last one was being written."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from jobserver.engines.attachments import LINES
from jobserver.engines.idempotency import Entry, KeyName
from jobserver.jobs.access import ApiKey
from jobserver.jobs.events import Event
from jobserver.jobs.model import Artifact, Job, JobId, LogLine, QueueSettings

Number = int
"""A job's number (`Job.number`), by which everything of it is filed on disk."""


class QueueTerms(NamedTuple):
    """A queue's settings, of which operators have ``chosen`` those fields: only these outlive the process."""

    settings: QueueSettings
    chosen: frozenset[str]


class Marks(NamedTuple):
    """Where the store stands after a batch. ``at``: the server's time, which deadlines were set by.

    ``arrived``: number of the last job accepted. ``line``: the last place in line given to a queued job.
    """

    at: datetime
    arrived: int
    line: int


@dataclass(slots=True)
class Batch:
    """Changes, each thing as it is after the last of them. It is written whole or not at all.

    ``jobs``: number → record, None: forgotten, with all that hangs on it. ``lines``: number → place in line of those
    that are queued, lower goes first. ``new``: numbers whose arguments are not on disk yet. ``ended``: numbers whose
    results are not. ``logs`` and ``files`` may name jobs that are forgotten in the same batch, and are then dropped.
    ``events``: without numbers; the first gets ``first_seq`` when the batch is taken to be written.
    ``before``: how each job stood when its first change in this batch was made, None: it did not exist.
    """

    jobs: dict[Number, Job | None] = field(default_factory=dict)
    lines: dict[Number, int] = field(default_factory=dict)
    new: set[Number] = field(default_factory=set)
    ended: set[Number] = field(default_factory=set)
    logs: list[tuple[Number, LogLine]] = field(default_factory=list)
    files: list[tuple[Number, Artifact]] = field(default_factory=list)
    idempotency: dict[KeyName, Entry | None] = field(default_factory=dict)
    queues: dict[str, QueueTerms] = field(default_factory=dict)
    keys: dict[str, ApiKey | None] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    first_seq: int = 0
    marks: Marks | None = None
    before: dict[JobId, Job | None] = field(default_factory=dict)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    """Those who want to know when it is safe, or that it could not be written."""

    def __bool__(self) -> bool:
        return bool(self.jobs or self.events or self.logs or self.files or self.idempotency or self.queues or self.keys)

    def tells_of(self, job: Job) -> bool:
        """Whether something of the job, its log or its files is in it."""
        return job.id in self.before or any(number == job.number for number, _ in chain(self.logs, self.files))

    def change(self, before: Job | None, after: Job | None, line: int | None) -> None:
        """A job changed."""
        job = after or before
        assert job is not None  # noqa: S101 - a change has at least one side
        number = job.number
        self.before.setdefault(job.id, before)
        self.jobs[number] = after
        self.lines.pop(number, None)
        if line is not None:
            self.lines[number] = line
        if before is None:
            self.new.add(number)
        if after is not None and after.result is not None and (before is None or before.result is None):
            self.ended.add(number)

    def withdraw(self, job: Job) -> None:
        """A job of which nothing was ever written: it has never been."""
        for numbers in (self.jobs, self.lines):
            numbers.pop(job.number, None)
        self.new.discard(job.number)
        self.ended.discard(job.number)
        self.before.pop(job.id, None)
        self.logs = [each for each in self.logs if each[0] != job.number]
        self.files = [each for each in self.files if each[0] != job.number]
        self.events = [each for each in self.events if each.job is None or each.job.id != job.id]

    def follow(self, earlier: Batch) -> Batch:
        """Both as one, after the earlier one could not be written."""
        return Batch(
            jobs=earlier.jobs | self.jobs,
            lines={number: line for number, line in earlier.lines.items() if number not in self.jobs} | self.lines,
            new=earlier.new | self.new,
            ended=earlier.ended | self.ended,
            logs=_last_lines(earlier.logs + self.logs),
            files=_last_files(earlier.files + self.files),
            # One that was kept anew is the youngest again.
            idempotency={
                name: earlier.idempotency[name] for name in earlier.idempotency if name not in self.idempotency
            }
            | self.idempotency,
            queues=earlier.queues | self.queues,
            keys=earlier.keys | self.keys,
            events=earlier.events + self.events,
            before=self.before | earlier.before,
            waiting=earlier.waiting + self.waiting,
        )


# A disk may be full for days while handlers talk on: what they said before is of no use to anybody.


def _last_lines(logs: list[tuple[Number, LogLine]]) -> list[tuple[Number, LogLine]]:
    """The lines of each job's log that it keeps."""
    kept, lines = [], Counter[Number]()
    for each in reversed(logs):
        lines[each[0]] += 1
        if lines[each[0]] <= LINES:
            kept.append(each)
    return kept[::-1]


def _last_files(files: list[tuple[Number, Artifact]]) -> list[tuple[Number, Artifact]]:
    """The last of each job's files of one name, where the first of them stood."""
    return list({(each[0], each[1].name): each for each in files}.values())
