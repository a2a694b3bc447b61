"""The old face: ``/analyze``, ``/result/{jobId}`` and ``/jobs``, as clients in the field call them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from aiohttp import web

from jobserver.errors import JobNotFound, NotSupported
from jobserver.jobs.access import Scope
from jobserver.jobs.clock import to_wire
from jobserver.jobs.model import Filter, Job, State
from jobserver.jobs.service import Standing
from jobserver.jobs.submission import Submission
from jobserver.web.paths import Paths
from jobserver.web.reading.body import read_body
from jobserver.web.reading.query import idempotency_key, one_of, wait_seconds, whole_number
from jobserver.web.route import Call
from jobserver.web.sending import send_json
from jobserver.web.wire import (
    PAGES,
    dumps,
    job_links,
    members_and,
    not_modified,
    poll_headers,
    preview_path,
    progress_members,
    queue_position,
)

_UNDERSTOOD = ("url", "engine", "maxComponents", "format", "verify", "fresh")
_QUEUED_MESSAGE = "Job queued for processing. Check /result/{jobId} for status."


async def submit(call: Call) -> web.StreamResponse:
    """``POST /analyze``: queue a page; with ``wait``, answer with the result if it comes in time."""
    members = read_body(call.body, call.request.headers.get("Content-Type"))
    if "webhook" in members:
        raise NotSupported("Webhooks are not supported yet: poll the result instead.", pointer="/webhook")
    seconds = wait_seconds(call.request, call.settings.max_wait)
    standing, created = await call.jobs.submit(
        Submission(
            kind=PAGES,
            args={name: members[name] for name in _UNDERSTOOD if name in members},
            owner=call.caller.owner,
            credential=call.caller.credential,
            quota=call.caller.quota,
            idempotency=idempotency_key(call.request, call.body),
        )
    )
    if seconds:
        with suppress(JobNotFound):  # a repeated request's job may be forgotten by now
            standing = await call.jobs.wait(standing.job.id, call.caller.owner, seconds)
    headers = {"Location": call.paths.to(f"/result/{standing.job.id}")} | (
        {} if created else {"Idempotency-Replayed": "true"}
    )
    if standing.job.state.ended and Scope.READ in call.caller.scopes:
        return await _show(call, standing, headers)
    return _accepted(call, standing, headers)


async def result(call: Call) -> web.StreamResponse:
    """``GET /result/{jobId}``: how the job stands, or its result."""
    view = one_of(call.request, "view", ["full", "summary"]) or "full"
    seconds = wait_seconds(call.request, call.settings.max_wait)
    standing = await call.jobs.wait(call.job_id, call.caller.owner, seconds)
    return await _show(call, standing, {}, view)


async def listing(call: Call) -> web.StreamResponse:
    """``GET /jobs``: the caller's jobs, newest first, without their results."""
    status = one_of(call.request, "status", list(State))
    page = await call.jobs.page(
        Filter(state=State(status) if status else None),
        call.caller.owner,
        cursor=call.request.query.get("cursor"),
        limit=whole_number(call.request, "limit", 50, 1, 500),
    )
    body: dict[str, Any] = {"ok": True, "count": len(page.jobs), "jobs": [_line(job) for job in page.jobs]}
    if page.next:
        body["cursor"] = page.next
    return web.Response(body=dumps(body), content_type="application/json")


async def _show(call: Call, standing: Standing, headers: dict[str, str], view: str = "full") -> web.StreamResponse:
    """The poll's answer, or 304 when the client has it."""
    headers |= poll_headers(standing, view)
    if call.request.method == "GET" and not_modified(call.request, headers["ETag"]):
        return web.Response(status=304, headers=headers)
    status = call.settings.failed_status if standing.job.state is State.FAILED else 200
    parts = _RENDER[standing.job.state](standing, call.paths, view)
    return await send_json(call.request, parts, status=status, headers=headers)


def _accepted(call: Call, standing: Standing, headers: dict[str, str]) -> web.Response:
    job = standing.job
    body = {
        "ok": True,
        "status": State.QUEUED,
        "jobId": job.id,
        "pollUrl": call.paths.to(f"/result/{job.id}"),
        "message": _QUEUED_MESSAGE,
        "queuePosition": queue_position(standing),
        "links": job_links(job, call.paths, preview=Scope.READ in call.caller.scopes),
    }
    headers["Retry-After"] = str(standing.poll_after)
    return web.Response(status=202, body=dumps(body), content_type="application/json", headers=headers)


def _waiting(standing: Standing, paths: Paths, _view: str) -> list[bytes]:
    members = {
        "ok": True,
        "jobId": standing.job.id,
        "status": State.QUEUED,
        "queuePosition": queue_position(standing),
        "message": "Your job is queued. Check back soon.",
        "actions": _open_actions(standing.job, paths),
    }
    return [dumps(members | _eta(standing) | progress_members(standing.job))]


def _processing(standing: Standing, paths: Paths, _view: str) -> list[bytes]:
    members = {
        "ok": True,
        "jobId": standing.job.id,
        "status": State.PROCESSING,
        "queuePosition": 0,
        "message": "Your job is processing. Check back soon.",
        "actions": _open_actions(standing.job, paths),
    }
    more = progress_members(standing.job) | {"attempt": standing.job.attempt}
    return [dumps(members | _eta(standing) | more)]


def _done(standing: Standing, paths: Paths, view: str) -> list[bytes]:
    job = standing.job
    head = {"ok": True, "jobId": job.id, "status": State.DONE}
    tail: dict[str, Any] = {"actions": []}
    if job.spec.kind == PAGES:
        path = preview_path(job, paths)
        tail = {"actions": [_action("preview", "Preview", "GET", path)], "previewUrl": path}
    kept = job.result
    summary = b"null" if kept is None else kept.brief if view == "summary" and kept.brief is not None else kept.body
    return [*members_and(head, summary=summary)[:-1], b",", dumps(tail)[1:]]


def _failed(standing: Standing, paths: Paths, _view: str) -> list[bytes]:
    job = standing.job
    members = {
        "ok": False,
        "jobId": job.id,
        "status": State.FAILED,
        "error": job.failure.message if job.failure else "The job failed.",
        "actions": [_action("retry", "Retry", "POST", paths.to(f"/v1/jobs/{job.id}/retry"))],
        "code": job.failure.code if job.failure else "job_failed",
        "attempt": job.attempt,
    }
    return [dumps(members)]


def _cancelled(standing: Standing, _paths: Paths, _view: str) -> list[bytes]:
    members = {"ok": False, "jobId": standing.job.id, "status": State.CANCELLED, "error": "Job cancelled."}
    return [dumps(members)]


_RENDER = {
    State.SCHEDULED: _waiting,
    State.QUEUED: _waiting,
    State.PROCESSING: _processing,
    State.DONE: _done,
    State.FAILED: _failed,
    State.CANCELLED: _cancelled,
}


def _open_actions(job: Job, paths: Paths) -> list[dict[str, str]]:
    return [
        _action("check_status", "Check Status", "GET", paths.to(f"/result/{job.id}")),
        _action("cancel", "Cancel Job", "POST", paths.to(f"/v1/jobs/{job.id}/cancel")),
    ]


def _action(kind: str, label: str, method: str, url: str) -> dict[str, str]:
    return {"type": kind, "label": label, "url": url, "method": method}


def _eta(standing: Standing) -> dict[str, float]:
    return {} if standing.eta is None else {"etaSeconds": round(standing.eta, 1)}


def _line(job: Job) -> dict[str, Any]:
    line = {"jobId": job.id, "kind": job.spec.kind, "status": job.state, "createdAt": to_wire(job.spec.created_at)}
    if job.finished_at:
        line["finishedAt"] = to_wire(job.finished_at)
    if job.failure:
        line["error"] = job.failure.message
    return line
