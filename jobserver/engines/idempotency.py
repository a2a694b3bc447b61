"""Which request was answered with which job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from jobserver.errors import IdempotencyMismatch
from jobserver.jobs.model import Job, JobSpec

_ENTRY_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class _Entry:
    job: Job
    fingerprint: bytes
    expires_at: datetime


class IdempotencyKeys:
    """(owner, key) → the job it made, for as long as the key is kept and never less than the job."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], _Entry] = {}

    @property
    def size(self) -> int:
        """Bytes all entries take, about."""
        return len(self._entries) * _ENTRY_BYTES

    def find(self, spec: JobSpec) -> Job | None:
        """The job this request made before; IdempotencyMismatch when the key came with another request."""
        entry = self._entries.get(_name(spec)) if spec.idempotency else None
        if entry is None or spec.idempotency is None:
            return None
        if entry.fingerprint != spec.idempotency.fingerprint:
            raise IdempotencyMismatch
        return entry.job

    def add(self, job: Job, now: datetime) -> None:
        """Remember what a new job was asked for with."""
        if (key := job.spec.idempotency) is not None:
            # Arguments can be large and are never needed to repeat the answer.
            light = replace(job, spec=replace(job.spec, args=b"{}"))
            self._entries[_name(job.spec)] = _Entry(light, key.fingerprint, now + key.keep)

    def expire(self, now: datetime, kept: dict[str, Job]) -> None:
        """Forget keys whose time is over and whose job is gone from ``kept``."""
        while self._entries:
            name, entry = next(iter(self._entries.items()))
            if entry.expires_at > now:
                return
            del self._entries[name]
            if entry.job.id in kept and entry.job.spec.idempotency is not None:
                later = now + entry.job.spec.idempotency.keep
                self._entries[name] = replace(entry, expires_at=later)


def _name(spec: JobSpec) -> tuple[str, str]:
    return spec.owner, spec.idempotency.key if spec.idempotency else ""
