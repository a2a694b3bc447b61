"""Links that let a browser see one thing of one job for a while: it can send neither a signature nor a key."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from jobserver.auth import links
from jobserver.errors import NotSupported
from jobserver.jobs.clock import to_wire
from jobserver.web.reading.json_body import read_json
from jobserver.web.reading.members import Members, one_word_of, seconds
from jobserver.web.reading.query import only
from jobserver.web.route import Call
from jobserver.web.wire import PAGES, PREVIEW, dumps

RESULT, EVENTS = "result", "events"
"""What the other links open."""

LONGEST = timedelta(days=1)
USUAL = timedelta(minutes=10)

_PATHS = {
    RESULT: "/v1/jobs/{job_id}/result?",
    EVENTS: "/v1/jobs/{job_id}/events?",
    PREVIEW: "/preview?jobId={job_id}&",
}


async def create(call: Call) -> web.Response:
    """``POST /v1/jobs/{jobId}/links``: sign a link to the job's result, events or preview."""
    only(call.request)
    members = Members(read_json(call), ("purpose", "expiresIn"))
    purpose = members.need("purpose", one_word_of(list(_PATHS))) or ""
    lifetime = members.take("expiresIn", seconds(1, LONGEST.total_seconds())) or USUAL
    members.check()
    job = (await call.jobs.get(call.job_id, call.reach)).job
    if purpose == PREVIEW and job.spec.kind != PAGES:
        raise NotSupported(f"Only jobs of the kind {PAGES} have a preview.", pointer="/purpose")
    if not call.paths.secret:
        raise NotSupported("This server has no secret to sign links with: set CLIQ_SECRET.")
    until = (call.jobs.now() + lifetime).replace(microsecond=0)
    expires = int(until.timestamp())
    token = links.sign(call.paths.secret, purpose, job.id, expires)
    url = call.paths.to(_PATHS[purpose].format(job_id=job.id) + f"expires={expires}&token={token}")
    return web.Response(
        status=201,
        body=dumps({"url": url, "expiresAt": to_wire(until)}),
        content_type="application/json",
        headers={"Cache-Control": "private, no-store"},
    )
