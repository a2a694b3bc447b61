"""Ended jobs in the order they ended: who may be forgotten first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from jobserver.engines.packed import DEADLINE, NUMBER, QUEUE, VERSION, Row, finished_at_of
from jobserver.engines.records import Records
from jobserver.jobs.model import Job, JobId

_Lane = deque[tuple[JobId, int]]


class Ended:
    """Ended jobs, in one lane for each queue and keeping time, so that each lane's deadlines only grow.

    A job that left (retried, removed) stays in its lane until it comes to the front; its version tells. Times are
    microseconds since 1970.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._lanes: dict[tuple[str, int], _Lane] = {}

    def add(self, job: Job) -> None:
        """A job has just ended."""
        if job.deadline is not None and job.finished_at is not None:
            keep = (job.deadline - job.finished_at) // timedelta(microseconds=1)
            self._lanes.setdefault((job.spec.queue, keep), deque()).append((job.id, job.version))

    def restore(self, jobs: list[tuple[JobId, Row]]) -> None:
        """Know those that ended in an earlier process; there are no others yet."""
        for job_id, row in sorted(
            jobs, key=lambda job: (finished_at_of(job[1]), job[1][DEADLINE] or 0, job[1][NUMBER])
        ):
            if (deadline := row[DEADLINE]) is not None:
                lane = self._lanes.setdefault((row[QUEUE], deadline - finished_at_of(row)), deque())
                lane.append((job_id, row[VERSION]))

    def next_deadline(self) -> int | None:
        """When the first of them may be forgotten, or None."""
        return min((deadline for deadline, _, _ in self._heads()), default=None)

    def due(self, now: int, most: int) -> list[JobId]:
        """Those whose keeping time is over, up to so many. Each lane is looked up once, however many there are."""
        due = [self._lanes[name] for deadline, name, _ in self._heads() if deadline <= now]
        found = (job_id for lane in due for job_id in self._due_of(lane, now))
        return list(islice(found, most))

    def oldest(self, queue: str | None = None) -> JobId | None:
        """Who ended first, of one queue or of all, or None."""
        heads = [(deadline - keep, job_id) for deadline, (_, keep), job_id in self._heads(queue)]
        return min(heads)[1] if heads else None

    def _due_of(self, lane: _Lane, now: int) -> Iterator[JobId]:
        for job_id, version in lane:
            if self._records.version(job_id) != version:
                continue
            deadline = self._records.deadline(job_id)
            if deadline is None or deadline > now:
                return
            yield job_id

    def _heads(self, queue: str | None = None) -> Iterator[tuple[int, tuple[str, int], JobId]]:
        """(deadline, lane, job) at the front of each lane, of one queue or of all."""
        for name, lane in list(self._lanes.items()):
            if queue is not None and name[0] != queue:
                continue
            while lane and self._records.version(lane[0][0]) != lane[0][1]:
                lane.popleft()
            if not lane:
                del self._lanes[name]
            elif (deadline := self._records.deadline(lane[0][0])) is not None:
                yield deadline, name, lane[0][0]
