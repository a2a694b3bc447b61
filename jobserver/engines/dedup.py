"""Which unfinished job has a dedup key."""

from __future__ import annotations

from jobserver.jobs.model import JobId, JobSpec


class DedupKeys:
    """(owner, kind, dedup key) → the unfinished job that has it."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, str, str], JobId] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def holder(self, spec: JobSpec) -> JobId | None:
        """Who has the key that this one asks for, or None."""
        return None if spec.dedup_key is None else self._holders.get((spec.owner, spec.kind, spec.dedup_key))

    def take(self, owner: str, kind: str, key: str, job_id: JobId) -> None:
        """An unfinished job has it."""
        self._holders[owner, kind, key] = job_id

    def free(self, spec: JobSpec) -> None:
        """Its job has ended. A twin that was retried meanwhile may have it already, and keeps it."""
        if spec.dedup_key is not None and self.holder(spec) == spec.id:
            del self._holders[spec.owner, spec.kind, spec.dedup_key]

    def all(self) -> dict[tuple[str, str, str], JobId]:
        """Every key and its job."""
        return dict(self._holders)
