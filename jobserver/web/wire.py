"""A job as the wire shows it: the members both faces share."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from aiohttp import web

from jobserver.auth import links
from jobserver.jobs.clock import to_wire
from jobserver.jobs.events import News
from jobserver.jobs.model import Attempt, Job, State
from jobserver.jobs.service import Standing

PREVIEW = "preview"
"""What a preview link opens."""

_OPEN_LINK = timedelta(days=1)
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def dumps(value: Any) -> bytes:
    """Compact JSON: old shell scripts match it with regular expressions that know no space."""
    return _encode(value).encode()


def members_and(members: dict[str, Any], **encoded: bytes) -> list[bytes]:
    """The parts of a JSON object of ``members``, then of values that are JSON already: neither parsed nor copied."""
    parts = [dumps(members)[:-1]]
    for name, value in encoded.items():
        parts += [b',"%s":' % name.encode(), value]
    return [*parts, b"}"]


def queue_position(standing: Standing) -> int:
    """1 is next; 0 is not waiting."""
    return 0 if standing.position is None else standing.position.ahead + 1


def preview_path(job: Job, secret: str) -> str:
    """The signed link to the job's preview: for a day while it runs, then for as long as the job is kept.

    It depends on the job alone, so that a poll that has nothing new to say says the same.
    """
    path = f"/preview?jobId={job.id}"
    if not secret:
        return path
    until = job.deadline if job.state.ended and job.deadline else job.spec.created_at + _OPEN_LINK
    expires = int(until.timestamp())
    return f"{path}&expires={expires}&token={links.sign(secret, PREVIEW, job.id, expires)}"


def job_links(job: Job, secret: str) -> dict[str, str]:
    """Where the job can be read, watched, stopped and looked at."""
    return {
        "self": f"/result/{job.id}",
        "events": f"/v1/jobs/{job.id}/events",
        "cancel": f"/v1/jobs/{job.id}/cancel",
        "preview": preview_path(job, secret),
    }


def progress_members(job: Job | News) -> dict[str, Any]:
    """``progress`` (0 to 1) and, where the handler said, ``step``."""
    if job.progress is None:
        return {"progress": 1 if job.state is State.DONE else 0}
    step = {"step": job.progress.step} if job.progress.step else {}
    return {"progress": round(job.progress.fraction, 4), **step}


def native(standing: Standing, secret: str) -> list[bytes]:
    """The job as every answer of the native face shows it, in parts; members that do not apply are absent."""
    job, spec = standing.job, standing.job.spec
    members: dict[str, Any] = {
        "jobId": job.id,
        "kind": spec.kind,
        "queue": spec.queue,
        "status": job.state,
        "priority": spec.priority,
        "queuePosition": queue_position(standing) or None,
        "etaSeconds": None if standing.eta is None else round(standing.eta, 1),
        **progress_members(job),
        "attempt": job.attempt,
        "maxAttempts": spec.policy.max_attempts,
        "attempts": [_attempt(attempt) for attempt in job.attempts],
        "error": {"code": job.failure.code, "message": job.failure.message} if job.failure else None,
        "reason": job.reason,
        "owner": spec.owner,
        "createdAt": to_wire(spec.created_at),
        "runAt": to_wire(spec.run_at) if spec.run_at else None,
        "startedAt": to_wire(job.started_at) if job.started_at else None,
        "finishedAt": to_wire(job.finished_at) if job.finished_at else None,
        "expiresAt": to_wire(job.deadline) if job.deadline and job.state.ended else None,
        "version": job.version,
        "links": job_links(job, secret),
    }
    present = {name: value for name, value in members.items() if value is not None}
    result = {"result": job.result.body} if job.result else {}
    return members_and(present, args=spec.args, **result)


def _attempt(attempt: Attempt) -> dict[str, Any]:
    members = {
        "attempt": attempt.number,
        "startedAt": to_wire(attempt.started_at),
        "endedAt": to_wire(attempt.ended_at) if attempt.ended_at else None,
        "error": attempt.failure.message if attempt.failure else None,
        "traceback": attempt.failure.traceback if attempt.failure else None,
    }
    return {name: value for name, value in members.items() if value is not None}


def etag(standing: Standing, view: str = "") -> str:
    """Changes with what the answer says: the job's version, its place in the queue, the view asked for.

    Weak (RFC 9110, 8.8.1), because estimates move between two polls that are otherwise the same.
    """
    return f'W/"{standing.job.version}.{queue_position(standing)}{view}"'


def poll_headers(standing: Standing, view: str = "") -> dict[str, str]:
    """What every answer about a job carries: its version, and when to ask again while it has not ended."""
    headers = {"ETag": etag(standing, view), "Cache-Control": "private, no-cache"}
    if not standing.job.state.ended:
        headers["Retry-After"] = str(standing.poll_after)
    return headers


def not_modified(request: web.Request, tag: str) -> bool:
    """Whether the client has this very answer already (If-None-Match, compared weakly)."""
    known = request.headers.get("If-None-Match", "")
    return known == "*" or tag.removeprefix("W/") in [each.strip().removeprefix("W/") for each in known.split(",")]
