"""The native face of jobs: submit, read, list, act."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiohttp import web

from jobserver.errors import JobNotFound, WrongState
from jobserver.jobs.clock import to_wire
from jobserver.jobs.model import Artifact, LogLine
from jobserver.jobs.service import Standing
from jobserver.jobs.submission import Submission
from jobserver.web.native import FIELDS, IN_LISTS, field_names, field_names_of_lists, native, visible
from jobserver.web.reading.filters import FILTERS, read_filter
from jobserver.web.reading.json_body import no_members, read_json
from jobserver.web.reading.members import Members, text
from jobserver.web.reading.query import idempotency_key, only, parameters, wait_seconds, whole_text
from jobserver.web.reading.submitting import is_replay, submission
from jobserver.web.route import Call
from jobserver.web.sending import send_json
from jobserver.web.wire import dumps, not_modified, poll_headers

LONGEST_REASON = 1000
_PAGE, _LONGEST_PAGE = 50, 500
_LINES, _MOST_LINES = 100, 1000
_LONGEST_CURSOR = 200
_64_BITS = 2**64 - 1
_AT_ONCE = 25
"""Jobs of a list that are written down before everybody else has a turn."""


async def submit(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs``: queue a job; with ``wait``, answer with the ended job if it ends in time."""
    only(call.request, "wait")
    seconds = wait_seconds(call.request, call.settings.max_wait)
    asked = submission(read_json(call), call, idempotency_key(call.request, call.body))
    standing, created = await call.jobs.submit(asked)
    if seconds:
        with suppress(JobNotFound):  # a repeated request's job may be forgotten by now
            standing = await call.jobs.wait(standing.job.id, asked.owner, seconds)
    return await accepted(call, asked, standing, created=created, at_once=bool(seconds) and standing.job.state.ended)


async def accepted(
    call: Call, asked: Submission, standing: Standing, *, created: bool, at_once: bool = False
) -> web.StreamResponse:
    """The answer to whatever makes a job: 202, or 200 for one that was there already or has ended ``at_once``."""
    replayed = not created and is_replay(asked, standing)
    duplicate = not created and not replayed
    headers = poll_headers(standing) | {"Location": call.paths.to(f"/v1/jobs/{standing.job.id}")}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    parts = native(standing, call.paths, fields=visible(call.caller), duplicate=duplicate)
    return await send_json(call.request, parts, status=200 if duplicate or at_once else 202, headers=headers)


async def listing(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs``: the jobs that match, newest first."""
    asked = parameters(call.request, *FILTERS, "limit", "cursor", "fields")
    where = read_filter(asked, call)
    fields = asked.take("fields", field_names_of_lists) or IN_LISTS
    limit = asked.take("limit", whole_text(1, _LONGEST_PAGE)) or _PAGE
    cursor = asked.take("cursor", text(_LONGEST_CURSOR))
    asked.check()
    page = await call.jobs.page(where, None, cursor=cursor, limit=limit)
    parts, headers = [b'{"jobs":['], {"Cache-Control": "private, no-cache"}
    for number, job in enumerate(page.jobs):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        parts += [b","] if number else []
        parts += native(await call.jobs.standing(job), call.paths, fields=fields)
    parts.append(b"]")
    if page.next is not None:
        following = str(call.request.rel_url.update_query(cursor=page.next))
        parts.append(b',"next":' + dumps(page.next))
        headers["Link"] = f'<{following}>; rel="next"'
    return await send_json(call.request, [*parts, b"}"], headers=headers)


async def read(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs/{jobId}``: the job; ``wait`` holds the answer until it has ended."""
    asked = parameters(call.request, "wait", "fields")
    fields = asked.take("fields", field_names)
    asked.check()
    seconds = wait_seconds(call.request, call.settings.max_wait)
    standing = await call.jobs.wait(call.job_id, call.reach, seconds)
    artifacts = await call.jobs.artifacts(call.job_id, call.reach)
    headers = poll_headers(standing, _view(fields, artifacts))
    if not_modified(call.request, headers["ETag"]):
        return web.Response(status=304, headers=headers)
    parts = native(standing, call.paths, fields=fields or FIELDS, artifacts=artifacts)
    return await send_json(call.request, parts, headers=headers)


async def result(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs/{jobId}/result``: what the job made, and nothing else. A signed link opens it as well."""
    only(call.request, "wait", "expires", "token")
    seconds = wait_seconds(call.request, call.settings.max_wait)
    standing = await call.jobs.wait(call.job_id, call.reach, seconds)
    if standing.job.result is None:
        raise WrongState(f"A job that is {standing.job.state} has no result.")
    headers = poll_headers(standing, "-result")
    if not_modified(call.request, headers["ETag"]):
        return web.Response(status=304, headers=headers)
    return await send_json(call.request, [standing.job.result.body], headers=headers)


async def logs(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs/{jobId}/logs``: lines its handler wrote, and where to go on."""
    asked = parameters(call.request, "start", "limit")
    start = asked.take("start", whole_text(0, 10**15)) or 0
    limit = asked.take("limit", whole_text(1, _MOST_LINES)) or _LINES
    asked.check()
    lines = await call.jobs.logs(call.job_id, call.reach, start=start, limit=limit)
    body = {"lines": [_line(line) for line in lines], "next": lines[-1].number + 1 if lines else start}
    return await send_json(call.request, [dumps(body)], headers={"Cache-Control": "private, no-cache"})


async def cancel(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs/{jobId}/cancel``: end a job that has not ended."""
    only(call.request)
    members = Members(read_json(call), ("reason",))
    reason = members.take("reason", text(LONGEST_REASON))
    members.check()
    return await _answer(call, await call.jobs.cancel(call.job_id, call.reach, *([reason] if reason else [])))


async def retry(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs/{jobId}/retry``: queue a failed or cancelled job again."""
    only(call.request)
    no_members(call)
    return await _answer(call, await call.jobs.retry(call.job_id, call.reach, quota=call.caller.quota))


async def promote(call: Call) -> web.StreamResponse:
    """``POST /v1/jobs/{jobId}/promote``: queue a scheduled job now."""
    only(call.request)
    no_members(call)
    return await _answer(call, await call.jobs.promote(call.job_id, call.reach))


async def remove(call: Call) -> web.StreamResponse:
    """``DELETE /v1/jobs/{jobId}``: forget an ended job now."""
    only(call.request)
    no_members(call)
    await call.jobs.remove(call.job_id, call.reach)
    return web.Response(status=204)


async def _answer(call: Call, standing: Standing) -> web.StreamResponse:
    parts = native(standing, call.paths, fields=visible(call.caller))
    return await send_json(call.request, parts, headers=poll_headers(standing))


def _view(fields: tuple[str, ...] | None, artifacts: Sequence[Artifact]) -> str:
    """What an answer shows beside the job's version: a file that is kept is no change of the job."""
    # Bytes are hashed once and remember it: a poll does not read every file again.
    files = f"-{hash(tuple(artifacts)) & _64_BITS:x}" if artifacts else ""
    return files if fields is None else f"{files}-{'+'.join(fields)}"


def _line(line: LogLine) -> dict[str, Any]:
    return {"number": line.number, "at": to_wire(line.at), "text": line.text}
