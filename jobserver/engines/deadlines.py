"""Which job's deadline comes next."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import datetime

from jobserver.jobs.model import Job, JobId


class Deadlines:
    """A heap of deadlines; one that its job no longer has is skipped when it comes up.

    So moving a deadline, as every renewal does, is a push and never a search.
    """

    def __init__(self, jobs: Mapping[JobId, Job]) -> None:
        self._jobs = jobs
        self._heap: list[tuple[datetime, JobId]] = []

    def add(self, job: Job) -> bool:
        """File the job's deadline; True when it is now the very next one."""
        if job.deadline is None:
            return False
        heapq.heappush(self._heap, (job.deadline, job.id))
        return self._heap[0][1] == job.id

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
