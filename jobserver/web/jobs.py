"""The native face of one job: read it, cancel it, retry it."""

from __future__ import annotations

from aiohttp import web

from jobserver.jobs.service import Standing
from jobserver.web.guard import Call
from jobserver.web.query import wait_seconds
from jobserver.web.sending import send_json
from jobserver.web.wire import etag, native, not_modified, poll_headers


async def read(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs/{jobId}``: the job; ``wait`` holds the answer until it has ended."""
    seconds = wait_seconds(call.request, call.settings.max_wait)
    standing = await call.jobs.wait(call.job_id, call.caller.owner, seconds)
    if not_modified(call.request, etag(standing)):
        return web.Response(status=304, headers=poll_headers(standing))
    return await _answer(call, standing)


async def cancel(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs/{jobId}/cancel``: end a job that has not ended."""
    return await _answer(call, await call.jobs.cancel(call.job_id, call.caller.owner))


async def retry(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs/{jobId}/retry``: queue a failed or cancelled job again."""
    return await _answer(call, await call.jobs.retry(call.job_id, call.caller.owner))


async def _answer(call: Call, standing: Standing) -> web.StreamResponse:
    return await send_json(call.request, native(standing, call.secret), headers=poll_headers(standing))
