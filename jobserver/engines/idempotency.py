"""Which request was answered with which job."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from jobserver.errors import IdempotencyMismatch
from jobserver.jobs.model import Job, JobSpec

_ENTRY_BYTES = 1_000
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class _Entry:
    job: Job
    fingerprint: bytes
    expires_at: datetime


class IdempotencyKeys:
    """(owner, key) → the job it made, for as long as the key is kept and never less than the job.

    ``max_bytes``: of keys that outlive their jobs; beyond it the oldest of them go early.
    """

    def __init__(self, max_bytes: int) -> None:
        self._with_job: dict[tuple[str, str], _Entry] = {}
        # Ordered, because a plain dict looks again through all that was ever deleted at its front.
        self._orphans: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._max_orphans = max_bytes // _ENTRY_BYTES

    @property
    def size(self) -> int:
        """Bytes that keys without a job take, about; the others are small beside their jobs."""
        return len(self._orphans) * _ENTRY_BYTES

    def find(self, spec: JobSpec, now: datetime) -> Job | None:
        """The job this request made before; IdempotencyMismatch when the key came with another request."""
        if spec.idempotency is None:
            return None
        entry = self._with_job.get(_name(spec)) or self._orphans.get(_name(spec))
        if entry is None or (entry.expires_at <= now and _name(spec) not in self._with_job):
            return None
        if entry.fingerprint != spec.idempotency.fingerprint:
            raise IdempotencyMismatch
        return entry.job

    def add(self, job: Job, now: datetime) -> None:
        """Remember what a new job was asked for with."""
        if (key := job.spec.idempotency) is not None:
            self._with_job[_name(job.spec)] = _Entry(_light(job), key.fingerprint, now + key.keep)

    def add_twin(self, spec: JobSpec, twin: Job, now: datetime) -> None:
        """Remember that what was asked for was answered with a job that another request had made."""
        if (key := spec.idempotency) is not None:
            self._keep(_name(spec), _Entry(_light(twin), key.fingerprint, now + key.keep))

    def outlive(self, job: Job, now: datetime) -> None:
        """Its job is forgotten: the key stays for the rest of its own time."""
        if (entry := self._with_job.pop(_name(job.spec), None)) is None or entry.expires_at <= now:
            return
        self._keep(_name(job.spec), entry)

    def expire(self, now: datetime) -> bool:
        """Forget keys whose time is over; True when there are more than fit one call."""
        for _ in range(_CHUNK):
            if not self._orphans or next(iter(self._orphans.values())).expires_at > now:
                return False
            self._orphans.popitem(last=False)
        return True

    def _keep(self, name: tuple[str, str], entry: _Entry) -> None:
        self._orphans[name] = entry
        if len(self._orphans) > self._max_orphans:
            self._orphans.popitem(last=False)


def _light(job: Job) -> Job:
    """A record of what was accepted, without the arguments: they can be large, and the answer is the same."""
    return job._replace(spec=job.spec._replace(args=b""))


def _name(spec: JobSpec) -> tuple[str, str]:
    return spec.owner, spec.idempotency.key if spec.idempotency else ""
