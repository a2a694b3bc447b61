"""A job as the wire shows it: the members both faces share."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from aiohttp import web

from jobserver.auth import links
from jobserver.jobs.events import News
from jobserver.jobs.model import Job, State
from jobserver.jobs.service import Standing
from jobserver.web.paths import Paths

PAGES = "analyze"
"""The kind of job that reads a page: it alone has a preview."""

PREVIEW = "preview"
"""What a preview link opens."""

_OPEN_LINK = timedelta(days=1)
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

try:
    import orjson
except ImportError:  # the extra ``fast`` is not installed
    _quick, _quick_options = None, 0
else:
    _quick, _quick_options = orjson.dumps, orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def dumps(value: Any) -> bytes:
    """Compact JSON: old shell scripts match it with regular expressions that know no space.

    A lone surrogate, which UTF-8 cannot carry, is written as the escape it has in JSON.
    """
    if _quick is not None:
        try:
            return _quick(value, option=_quick_options)
        except TypeError:
            pass  # a lone surrogate, or a number of more than 64 bits
    return _encode(value).encode(errors="backslashreplace")


def members_and(members: dict[str, Any], **encoded: bytes) -> list[bytes]:
    """The parts of a JSON object of ``members``, then of values that are JSON already: neither parsed nor copied."""
    parts = [dumps(members)[:-1]]
    for name, value in encoded.items():
        parts += [b',"%s":' % name.encode(), value]
    return [*parts, b"}"]


def queue_position(standing: Standing) -> int:
    """1 is next; 0 is not waiting."""
    return 0 if standing.position is None else standing.position.ahead + 1


def preview_path(job: Job, paths: Paths) -> str:
    """The signed link to the job's preview: for a day while it runs, then for as long as the job is kept.

    It depends on the job alone, so that a poll that has nothing new to say says the same.
    """
    path = paths.to(f"/preview?jobId={job.id}")
    if not paths.secret:
        return path
    until = job.deadline if job.state.ended and job.deadline else job.spec.created_at + _OPEN_LINK
    expires = int(until.timestamp())
    return f"{path}&expires={expires}&token={links.sign(paths.secret, PREVIEW, job.id, expires)}"


def job_links(job: Job, paths: Paths, *, preview: bool = True) -> dict[str, str]:
    """Where the job can be read, watched, stopped and, unless that is not for this caller, looked at."""
    links = {
        "self": paths.to(f"/result/{job.id}"),
        "events": paths.to(f"/v1/jobs/{job.id}/events"),
        "cancel": paths.to(f"/v1/jobs/{job.id}/cancel"),
    }
    return links | {"preview": preview_path(job, paths)} if preview else links


def progress_members(job: Job | News) -> dict[str, Any]:
    """``progress`` (0 to 1) and, where the handler said, ``step``."""
    if job.progress is None:
        return {"progress": 1 if job.state is State.DONE else 0}
    step = {"step": job.progress.step} if job.progress.step else {}
    return {"progress": round(job.progress.fraction, 4), **step}


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
