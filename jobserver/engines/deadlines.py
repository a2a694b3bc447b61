"""Which job's deadline comes next."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import datetime

from jobserver.jobs.model import Job, JobId

_SLACK = 1_000
"""Deadlines nobody has any more that are carried along before they are thrown out together."""


class Deadlines:
    """A heap of deadlines; one that its job no longer has is skipped when it comes up.

    So moving a deadline, as every renewal does, is a push and never a search.
    """

    def __init__(self, jobs: Mapping[JobId, Job]) -> None:
        self._jobs = jobs
        self._heap: list[tuple[datetime, JobId]] = []

    def add(self, job: Job) -> None:
        """File the job's deadline, if it has one."""
        if job.deadline is not None:
            heapq.heappush(self._heap, (job.deadline, job.id))
        if len(self._heap) > 2 * len(self._jobs) + _SLACK:
            self._heap = [(each.deadline, each.id) for each in self._jobs.values() if each.deadline is not None]
            heapq.heapify(self._heap)

    def next(self) -> datetime | None:
        """The earliest deadline that still stands, or None."""
        while self._heap:
            deadline, job_id = self._heap[0]
            job = self._jobs.get(job_id)
            if job is not None and job.deadline == deadline:
                return deadline
            heapq.heappop(self._heap)
        return None

    def pop_due(self, now: datetime) -> Job | None:
        """Take out one job whose deadline has come, or None."""
        deadline = self.next()
        if deadline is None or deadline > now:
            return None
        return self._jobs[heapq.heappop(self._heap)[1]]
