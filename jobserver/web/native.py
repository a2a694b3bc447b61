"""The job as every answer of the native face shows it: one member, one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jobserver.auth.signing import Caller
from jobserver.jobs.access import Scope
from jobserver.jobs.clock import to_wire
from jobserver.jobs.model import Artifact, Attempt, Failure, Job, State
from jobserver.jobs.policy import Backoff
from jobserver.jobs.service import Standing
from jobserver.jobs.states import ALLOWED, Verb
from jobserver.web.paths import Paths
from jobserver.web.reading.members import unknown_name
from jobserver.web.wire import PAGES, members_and, preview_path, progress_members, queue_position

Wire = dict[str, Any]
Read = Callable[[Standing], Any]

_MEMBERS: dict[str, Read] = {
    "jobId": lambda it: it.job.id,
    "kind": lambda it: it.job.spec.kind,
    "queue": lambda it: it.job.spec.queue,
    "status": lambda it: it.job.state,
    "priority": lambda it: it.job.spec.priority,
    "queuePosition": lambda it: queue_position(it) or None,
    "queuePositionExact": lambda it: None if it.position is None or it.position.exact else False,
    "etaSeconds": lambda it: None if it.eta is None else round(it.eta, 1),
    "progress": lambda it: progress_members(it.job)["progress"],
    "step": lambda it: it.job.progress.step or None if it.job.progress else None,
    "attempt": lambda it: it.job.attempt,
    "maxAttempts": lambda it: it.job.spec.policy.max_attempts,
    "timeout": lambda it: duration(it.job.spec.policy.timeout),
    "totalTimeout": lambda it: duration(it.job.spec.policy.total_timeout),
    "backoff": lambda it: backoff(it.job.spec.policy.backoff),
    "error": lambda it: _error(it.job.failure),
    "reason": lambda it: it.job.reason,
    "owner": lambda it: it.job.spec.owner,
    "tags": lambda it: list(it.job.spec.tags) or None,
    "dedupKey": lambda it: it.job.spec.dedup_key,
    "concurrencyKey": lambda it: it.job.spec.concurrency_key,
    "traceparent": lambda it: it.job.spec.traceparent,
    "createdAt": lambda it: to_wire(it.job.spec.created_at),
    "runAt": lambda it: _time(it.job.deadline if it.job.state is State.SCHEDULED else it.job.spec.run_at),
    "startedAt": lambda it: _time(it.job.started_at),
    "finishedAt": lambda it: _time(it.job.finished_at),
    "expiresAt": lambda it: _time(_expires_at(it.job)),
    "version": lambda it: it.job.version,
    "attempts": lambda it: [_attempt(attempt) for attempt in it.job.attempts],
}
_VERBS = (Verb.CANCEL, Verb.RETRY, Verb.PROMOTE)
_OPEN = {
    state: (*(("result",) if state is State.DONE else ()), *(str(verb) for verb in _VERBS if state in ALLOWED[verb]))
    for state in State
}
"""state → what is offered in it."""

_BULKY = ("args", "result", "attempts")
_FILES = "artifacts"
FIELDS = (*_MEMBERS, "links", _FILES, "args", "result")
"""Every member a job can have."""

IN_LISTS = tuple(name for name in FIELDS if name not in {*_BULKY, _FILES})
"""Those a list shows unless it is asked for others."""

_UNREAD = ("kind", "queue", "status", "queuePosition", "queuePositionExact", "links")
"""Those that whoever makes or stops a job needs, and may see without reading jobs."""


def native(
    standing: Standing,
    paths: Paths,
    *,
    fields: tuple[str, ...] = FIELDS,
    artifacts: Sequence[Artifact] = (),
    duplicate: bool = False,
) -> list[bytes]:
    """The job in parts of JSON: the members named, and ``jobId``; those that do not apply are absent."""
    job = standing.job
    members: Wire = {"jobId": job.id}
    for name, read in _readers(fields):
        if (value := read(standing)) is not None:
            members[name] = value
    if "links" in fields and is_kept(job):
        members["links"] = _links(job, paths, preview=fields is not _UNREAD)
    if artifacts and _FILES in fields:
        members[_FILES] = [shown(each, job.id, paths) for each in artifacts]
    if duplicate:
        members["duplicate"] = True
    encoded = {"args": job.spec.args} if "args" in fields and is_kept(job) else {}
    if job.result is not None and "result" in fields:
        encoded["result"] = job.result.body
    return members_and(members, **encoded)


def is_kept(job: Job) -> bool:
    """False for the record of a repeated request's job that is forgotten: nothing can be asked of it any more."""
    return bool(job.spec.args)


@lru_cache(maxsize=64)  # clients choose the members, but few of them differently each time
def _readers(fields: tuple[str, ...]) -> tuple[tuple[str, Read], ...]:
    return tuple((name, read) for name, read in _MEMBERS.items() if name in fields)


def visible(caller: Caller) -> tuple[str, ...]:
    """What answers show this caller: without the scope ``read`` nothing of what the job does or made."""
    return FIELDS if Scope.READ in caller.scopes else _UNREAD


def field_names(value: str) -> tuple[str, ...]:
    """The members that ``fields=`` names, with commas between; see `web.reading.members.Check`."""
    names = value.split(",")
    for name in names:
        if name not in FIELDS:
            raise ValueError(f"hold something else. {unknown_name(name, FIELDS)}".removesuffix("."))
    return tuple(names)


def field_names_of_lists(value: str) -> tuple[str, ...]:
    """The same for a list, which would take long to look for every job's files."""
    names = field_names(value)
    if _FILES in names:
        raise ValueError(f"hold something else. A list cannot show {_FILES}: ask for one job, or for its files")
    return names


def shown(artifact: Artifact, job_id: str, paths: Paths) -> Wire:
    """A file without its body."""
    return {
        "name": artifact.name,
        "contentType": artifact.content_type,
        "size": len(artifact.body),
        "url": paths.to(f"/v1/jobs/{job_id}/artifacts/{quote(artifact.name, safe='')}"),
    }


def duration(length: timedelta | None) -> float | int | None:
    """A duration in seconds, whole where it is."""
    if length is None:
        return None
    seconds = length.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


def backoff(rule: Backoff) -> Wire | None:
    """How long a job waits before it is tried again; None for not at all."""
    if not rule.delay:
        return None
    return {
        "type": "fixed" if rule.factor == 1 else "exponential",
        "delay": duration(rule.delay),
        "factor": rule.factor,
        "max": duration(rule.longest),
        "jitter": rule.jitter,
    }


def _links(job: Job, paths: Paths, *, preview: bool) -> dict[str, str]:
    """Where more of the job can be had, and what can be done to it now. A ``preview`` link opens whoever has it."""
    self = paths.to(f"/v1/jobs/{job.id}")
    links = {"self": self, "events": f"{self}/events", "logs": f"{self}/logs", "artifacts": f"{self}/artifacts"}
    links |= {name: f"{self}/{name}" for name in _OPEN[job.state]}
    return links | {"preview": preview_path(job, paths)} if preview and job.spec.kind == PAGES else links


def _expires_at(job: Job) -> datetime | None:
    """When a job that waits for its first start fails, or an ended one is forgotten: its deadline, read by state."""
    if job.state is State.QUEUED or job.state.ended:
        return job.deadline
    return job.spec.expires_at if job.state is State.SCHEDULED and not job.attempts else None


def _attempt(attempt: Attempt) -> Wire:
    members = {
        "attempt": attempt.number,
        "startedAt": to_wire(attempt.started_at),
        "endedAt": _time(attempt.ended_at),
        "error": attempt.failure.message if attempt.failure else None,
        "code": attempt.failure.code if attempt.failure else None,
        "traceback": attempt.failure.traceback if attempt.failure else None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _error(failure: Failure | None) -> Wire | None:
    return None if failure is None else {"code": failure.code, "message": failure.message}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else to_wire(moment)
