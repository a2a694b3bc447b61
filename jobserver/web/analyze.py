"""The old face: ``/analyze``, ``/result/{jobId}`` and ``/jobs``, as clients in the field call them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from jobserver.errors import NotSupported
from jobserver.jobs.clock import to_wire
from jobserver.jobs.model import Filter, Job, State
from jobserver.jobs.service import Standing, Submission
from jobserver.web.body import read_body
from jobserver.web.guard import Call
from jobserver.web.query import idempotency_key, one_of, wait_seconds, whole_number
from jobserver.web.wire import (
    dumps,
    etag,
    job_links,
    join_members,
    not_modified,
    preview_path,
    progress_members,
    queue_position,
)

KIND = "analyze"
_UNDERSTOOD = ("url", "engine", "maxComponents")
_QUEUED_MESSAGE = "Job queued for processing. Check /result/{jobId} for status."


async def submit(call: Call) -> web.StreamResponse:
    """``POST /analyze``: queue a page; with ``wait``, answer with the result if it comes in time."""
    members = read_body(call.body, call.request.headers.get("Content-Type"))
    if "webhook" in members:
        raise NotSupported("Webhooks are not supported yet: poll the result instead.", pointer="/webhook")
    seconds = wait_seconds(call.request, call.settings.max_wait)
    standing, created = await call.jobs.submit(
        Submission(
            kind=KIND,
            args={name: members[name] for name in _UNDERSTOOD if name in members},
            owner=call.caller.owner,
            credential=call.caller.credential,
            idempotency=idempotency_key(call.request, call.body),
        )
    )
    if seconds:
        standing = await call.jobs.wait(standing.job.id, call.caller.owner, seconds)
    response = result_answer(call, standing) if standing.job.state.ended else _accepted(call, standing)
    response.headers["Location"] = f"/result/{standing.job.id}"
    if not created:
        response.headers["Idempotency-Replayed"] = "true"
    return response


async def result(call: Call) -> web.StreamResponse:
    """``GET /result/{jobId}``: how the job stands, or its result."""
    view = one_of(call.request, "view", ["full", "summary"]) or "full"
    seconds = wait_seconds(call.request, call.settings.max_wait)
    standing = await call.jobs.wait(call.job_id, call.caller.owner, seconds)
    return result_answer(call, standing, view)


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


def result_answer(call: Call, standing: Standing, view: str = "full") -> web.Response:
    """The poll's answer, or 304 when the client has it."""
    tag = etag(standing, view)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if not standing.job.state.ended:
        headers["Retry-After"] = str(standing.poll_after)
    if call.request.method == "GET" and not_modified(call.request, tag):
        return web.Response(status=304, headers=headers)
    failed = standing.job.state is State.FAILED
    return web.Response(
        status=call.settings.failed_status if failed else 200,
        body=_RENDER[standing.job.state](standing, call.secret, view),
        content_type="application/json",
        headers=headers,
    )


def _accepted(call: Call, standing: Standing) -> web.Response:
    job = standing.job
    body = {
        "ok": True,
        "status": State.QUEUED,
        "jobId": job.id,
        "pollUrl": f"/result/{job.id}",
        "message": _QUEUED_MESSAGE,
        "queuePosition": queue_position(standing),
        "links": job_links(job, call.secret),
    }
    headers = {"Retry-After": str(standing.poll_after)}
    return web.Response(status=202, body=dumps(body), content_type="application/json", headers=headers)


def _waiting(standing: Standing, _secret: str, _view: str) -> bytes:
    members = {
        "ok": True,
        "jobId": standing.job.id,
        "status": State.QUEUED,
        "queuePosition": queue_position(standing),
        "message": "Your job is queued. Check back soon.",
        "actions": _open_actions(standing.job),
    }
    return dumps(members | _eta(standing) | progress_members(standing.job))


def _processing(standing: Standing, _secret: str, _view: str) -> bytes:
    members = {
        "ok": True,
        "jobId": standing.job.id,
        "status": State.PROCESSING,
        "queuePosition": 0,
        "message": "Your job is processing. Check back soon.",
        "actions": _open_actions(standing.job),
    }
    more = progress_members(standing.job) | {"attempt": standing.job.attempt}
    return dumps(members | _eta(standing) | more)


def _done(standing: Standing, secret: str, view: str) -> bytes:
    job = standing.job
    path = preview_path(job, secret)
    head = {"ok": True, "jobId": job.id, "status": State.DONE}
    tail = {"actions": [_action("preview", "Preview", "GET", path)], "previewUrl": path}
    kept = job.result
    summary = b"null" if kept is None else kept.brief if view == "summary" and kept.brief is not None else kept.body
    return join_members(head, summary=summary)[:-1] + b"," + dumps(tail)[1:]


def _failed(standing: Standing, _secret: str, _view: str) -> bytes:
    job = standing.job
    return dumps(
        {
            "ok": False,
            "jobId": job.id,
            "status": State.FAILED,
            "error": job.failure.message if job.failure else "The job failed.",
            "actions": [_action("retry", "Retry", "POST", f"/v1/jobs/{job.id}/retry")],
            "code": job.failure.code if job.failure else "job_failed",
            "attempt": job.attempt,
        }
    )


def _cancelled(standing: Standing, _secret: str, _view: str) -> bytes:
    return dumps({"ok": False, "jobId": standing.job.id, "status": State.CANCELLED, "error": "Job cancelled."})


_RENDER = {
    State.SCHEDULED: _waiting,
    State.QUEUED: _waiting,
    State.PROCESSING: _processing,
    State.DONE: _done,
    State.FAILED: _failed,
    State.CANCELLED: _cancelled,
}


def _open_actions(job: Job) -> list[dict[str, str]]:
    return [
        _action("check_status", "Check Status", "GET", f"/result/{job.id}"),
        _action("cancel", "Cancel Job", "POST", f"/v1/jobs/{job.id}/cancel"),
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
