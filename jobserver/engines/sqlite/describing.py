"""A kept job for people and for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jobserver.jobs.clock import to_wire
from jobserver.jobs.model import Attempt, Failure, Job, LogLine


def described(job: Job, logs: Sequence[LogLine]) -> dict[str, Any]:
    """The job with all that is known of it, but for what it does not have."""
    spec = job.spec
    return _without_none(
        jobId=spec.id,
        number=job.number,
        kind=spec.kind,
        queue=spec.queue,
        owner=spec.owner,
        priority=spec.priority,
        state=job.state.value,
        createdAt=to_wire(spec.created_at),
        runAt=_wire(spec.run_at),
        expiresAt=_wire(spec.expires_at),
        finishedAt=_wire(job.finished_at),
        dedupKey=spec.dedup_key,
        concurrencyKey=spec.concurrency_key,
        idempotencyKey=None if spec.idempotency is None else spec.idempotency.key,
        tags=list(spec.tags) or None,
        attempt=job.attempt,
        attempts=[_attempt(each) for each in job.attempts],
        args=json.loads(spec.args),
        result=None if job.result is None else json.loads(job.result.body),
        error=_error(job.failure),
        reason=job.reason,
        logs=[{"at": to_wire(line.at), "text": line.text} for line in logs] or None,
    )


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return _without_none(
        number=attempt.number,
        startedAt=to_wire(attempt.started_at),
        endedAt=_wire(attempt.ended_at),
        worker=attempt.worker,
        error=_error(attempt.failure),
    )


def _error(failure: Failure | None) -> dict[str, Any] | None:
    if failure is None:
        return None
    return _without_none(code=failure.code, message=failure.message, traceback=failure.traceback)


def _wire(moment: datetime | None) -> str | None:
    return None if moment is None else to_wire(moment)


def _without_none(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
