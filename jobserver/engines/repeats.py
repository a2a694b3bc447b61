"""Which job a request asks for that was made already."""

from __future__ import annotations

from datetime import datetime

from jobserver.engines.idempotency import IdempotencyKeys
from jobserver.engines.shelf import Shelf
from jobserver.jobs.model import Job, JobSpec


def repeated(spec: JobSpec, shelf: Shelf, idempotency: IdempotencyKeys, now: datetime) -> Job | None:
    """The job with the same id, idempotency key or dedup key, or None; IdempotencyMismatch.

    An idempotency key that met a dedup key goes on answering with that job.
    """
    known = shelf.records.get(spec.id) or idempotency.find(spec, now)
    if known is not None:
        return shelf.records.get(known.id) or known
    twin = shelf.twin(spec)
    if twin is not None:
        idempotency.add_twin(spec, twin, now)
    return twin
