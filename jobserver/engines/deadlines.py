"""Which unfinished job's deadline comes next."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from jobserver.engines.records import Records
from jobserver.jobs.clock import to_micros
from jobserver.jobs.model import Job, JobId

_SLACK = 1_000
"""Deadlines nobody has any more that are carried along before they are thrown out together."""


class Deadlines:
    """A heap of deadlines; one that its job no longer has is skipped when it comes up.

    So moving a deadline, as every renewal does, is a push and never a search. Times are microseconds since 1970.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._heap: list[tuple[int, int, JobId]] = []  # the number: who came first is first among those due together
        self._sweep_at = _SLACK

    def add(self, job: Job) -> None:
        """File the job's deadline, if it has one."""
        if job.deadline is not None:
            heapq.heappush(self._heap, (to_micros(job.deadline), job.number, job.id))
        if len(self._heap) > self._sweep_at:
            self._heap = [each for each in self._heap if self._stands(*each)]
            heapq.heapify(self._heap)
            self._sweep_at = 2 * len(self._heap) + _SLACK

    def restore(self, deadlines: Iterable[tuple[int, int, JobId]]) -> None:
        """File many at once: (deadline, job's number, job)."""
        self._heap.extend(deadlines)
        heapq.heapify(self._heap)
        self._sweep_at = 2 * len(self._heap) + _SLACK

    def next(self) -> int | None:
        """The earliest deadline that still stands, or None."""
        while self._heap:
            if self._stands(*self._heap[0]):
                return self._heap[0][0]
            heapq.heappop(self._heap)
        return None

    def of_all(self) -> list[JobId]:
        """Every job that has a deadline, each once, the earlier arrival first."""
        return [job_id for _, job_id in sorted({(number, job_id) for _, number, job_id in self._heap})]

    def pop_due(self, now: int) -> JobId | None:
        """Take out one job whose deadline has come, or None."""
        deadline = self.next()
        return None if deadline is None or deadline > now else heapq.heappop(self._heap)[2]

    def _stands(self, deadline: int, _number: int, job_id: JobId) -> bool:
        return self._records.deadline(job_id) == deadline
