"""Which request was answered with which job."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from jobserver.errors import IdempotencyMismatch
from jobserver.jobs.model import Job, JobSpec

_ENTRY_BYTES = 1_000
_CHUNK = 1_000


KeyName = tuple[str, str]
"""Owner and key."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a key was answered with: a record of the job as it was accepted, without its arguments."""

    job: Job
    fingerprint: bytes
    expires_at: datetime


class IdempotencyKeys:
    """(owner, key) → the job it made, for as long as the key is kept and never less than the job.

    ``max_bytes``: of keys that outlive their jobs; beyond it the oldest of them go early. ``note`` is told of each key
    that outlives its job, and (None) of its end.
    """

    def __init__(self, max_bytes: int, note: Callable[[KeyName, Entry | None], None]) -> None:
        self._note = note
        self._with_job: dict[KeyName, Entry] = {}
        # Ordered, because a plain dict looks again through all that was ever deleted at its front.
        self._orphans: OrderedDict[KeyName, Entry] = OrderedDict()
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

    def add(self, job: Job) -> None:
        """Remember what a new job was asked for with."""
        if (key := job.spec.idempotency) is not None:
            self._with_job[_name(job.spec)] = Entry(_light(job), key.fingerprint, job.spec.created_at + key.keep)

    def add_twin(self, spec: JobSpec, twin: Job, now: datetime) -> None:
        """Remember that what was asked for was answered with a job that another request had made."""
        if (key := spec.idempotency) is not None:
            self._keep(_name(spec), Entry(_light(twin), key.fingerprint, now + key.keep))

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
            self._drop_oldest()
        return True

    def withdraw(self, job: Job, others: Iterable[KeyName]) -> None:
        """The job was never accepted, and the ``others`` were not answered with it."""
        if job.spec.idempotency is not None:
            self._with_job.pop(_name(job.spec), None)
        for name in others:
            if self._orphans.pop(name, None) is not None:
                self._note(name, None)

    def restore(self, name: KeyName, entry: Entry) -> None:
        """A key that outlived its job in an earlier process."""
        self._orphans[name] = entry

    def _keep(self, name: KeyName, entry: Entry) -> None:
        self._orphans[name] = entry
        self._orphans.move_to_end(name)  # where an older one of that name stood
        self._note(name, entry)
        if len(self._orphans) > self._max_orphans:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        name, _ = self._orphans.popitem(last=False)
        self._note(name, None)


def _light(job: Job) -> Job:
    """A record of what was accepted, without the arguments: they can be large, and the answer is the same."""
    return job._replace(spec=job.spec._replace(args=b""))


def _name(spec: JobSpec) -> KeyName:
    return spec.owner, spec.idempotency.key if spec.idempotency else ""
