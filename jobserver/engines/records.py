"""Every job by its id: those touched last as they are, the others packed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from jobserver.engines.packed import DEADLINE, VERSION, Row, pack, unpack
from jobserver.jobs.clock import to_micros
from jobserver.jobs.model import Job, JobId
from jobserver.jobs.order import Place

_SHARDS = 256
"""One dict for all would stop the loop for 45 ms when it grows at a million jobs; of 256 none ever is that large."""

_FRESH = 1_024
"""Most jobs begin, change and end among this many that were touched last, and are packed once."""

_NO_ROW: Row = (None,) * (DEADLINE + 1)


class Records:
    """Job and place by id. A place is where a queued job stands in its queue's order."""

    def __init__(self) -> None:
        self._fresh: dict[JobId, tuple[Job, Place | None]] = {}
        self._shards: tuple[dict[JobId, Row], ...] = tuple({} for _ in range(_SHARDS))
        self._packed = 0

    def __len__(self) -> int:
        return self._packed + len(self._fresh)

    def __contains__(self, job_id: JobId) -> bool:
        return job_id in self._fresh or job_id in self._shard(job_id)

    def get(self, job_id: JobId) -> Job | None:
        """The job as it stands."""
        kept = self.find(job_id)
        return None if kept is None else kept[0]

    def find(self, job_id: JobId) -> tuple[Job, Place | None] | None:
        """The job with its place."""
        kept = self._fresh.get(job_id)
        if kept is None:
            row = self._shard(job_id).pop(job_id, None)
            if row is None:
                return None
            self._packed -= 1
            kept = unpack(job_id, row)
            self._keep(job_id, kept)
        return kept

    def peek(self, job_id: JobId) -> Row | None:
        """The job as a row, for a look that is not to bring it among the fresh."""
        kept = self._fresh.get(job_id)
        return self._shard(job_id).get(job_id) if kept is None else pack(*kept)

    def version(self, job_id: JobId) -> int | None:
        """The job's version, None when it is not kept."""
        kept = self._fresh.get(job_id)
        if kept is not None:
            return kept[0].version
        row = self._shard(job_id).get(job_id)
        return None if row is None else int(row[VERSION])

    def deadline(self, job_id: JobId) -> int | None:
        """The job's deadline in microseconds since 1970; None when it has none or is not kept."""
        kept = self._fresh.get(job_id)
        if kept is not None:
            deadline = kept[0].deadline
            return None if deadline is None else to_micros(deadline)
        row = self._shard(job_id).get(job_id, _NO_ROW)
        packed: int | None = row[DEADLINE]
        return packed

    def put(self, job: Job, place: Place | None = None) -> None:
        """Keep the job as it is now."""
        if job.id not in self._fresh and self._shard(job.id).pop(job.id, None) is not None:
            self._packed -= 1
        self._keep(job.id, (job, place))

    def restore(self, jobs: Iterable[tuple[JobId, Row]]) -> None:
        """Know jobs that were not known, packed already."""
        for job_id, row in jobs:
            self._shards[hash(job_id) % _SHARDS][job_id] = row
        self._packed = sum(map(len, self._shards))

    def remove(self, job_id: JobId) -> None:
        """Keep it no more; KeyError."""
        if self._fresh.pop(job_id, None) is None:
            del self._shard(job_id)[job_id]
            self._packed -= 1

    def _keep(self, job_id: JobId, kept: tuple[Job, Place | None]) -> None:
        self._fresh[job_id] = kept
        if len(self._fresh) > _FRESH:
            for old in list(islice(self._fresh, _FRESH // 4)):
                self._shard(old)[old] = pack(*self._fresh.pop(old))
                self._packed += 1

    def _shard(self, job_id: JobId) -> dict[JobId, Row]:
        return self._shards[hash(job_id) % _SHARDS]
