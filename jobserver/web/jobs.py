"""The native face of one job: read it, cancel it, retry it."""

from __future__ import annotations

from aiohttp import web

from jobserver.jobs.service import Standing
from jobserver.web.guard import Call
from jobserver.web.query import wait_seconds
from jobserver.web.wire import etag, native, not_modified


async def read(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs/{jobId}``: the job; ``wait`` holds the answer until it has ended."""
    seconds = wait_seconds(call.request, call.settings.max_wait)
    standing = await call.jobs.wait(call.job_id, call.caller.owner, seconds)
    tag = etag(standing)
    if not_modified(call.request, tag):
        return web.Response(status=304, headers={"ETag": tag})
    return _answer(call, standing)


async def cancel(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs/{jobId}/cancel``: end a job that has not ended."""
    return _answer(call, await call.jobs.cancel(call.job_id, call.caller.owner))


async def retry(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs/{jobId}/retry``: queue a failed or cancelled job again."""
    return _answer(call, await call.jobs.retry(call.job_id, call.caller.owner))


def _answer(call: Call, standing: Standing) -> web.Response:
    headers = {"ETag": etag(standing), "Cache-Control": "private, no-cache"}
    if not standing.job.state.ended:
        headers["Retry-After"] = str(standing.poll_after)
    return web.Response(body=native(standing, call.secret), content_type="application/json", headers=headers)
