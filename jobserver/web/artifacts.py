"""Files that a job's handler kept: the list, and each as a download."""

from __future__ import annotations

import asyncio
import hashlib
import re
from urllib.parse import quote

from aiohttp import web

from jobserver.jobs.model import Artifact
from jobserver.web.native import shown
from jobserver.web.reading.query import only
from jobserver.web.reading.ranges import wanted
from jobserver.web.route import Call
from jobserver.web.sending import send, send_json
from jobserver.web.wire import dumps, not_modified

_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(;[\x20-\x7e]*)?", re.ASCII)
_ANY_TYPE = "application/octet-stream"
_SMALL = 100_000
"""Bytes that are hashed in less time than it takes to ask a thread for it."""


async def listing(call: Call) -> web.StreamResponse:
    """``GET /v1/jobs/{jobId}/artifacts``: the files, without their contents."""
    only(call.request)
    artifacts = await call.jobs.artifacts(call.job_id, call.reach)
    body = {"artifacts": [shown(each, call.job_id, call.paths) for each in artifacts]}
    return await send_json(call.request, [dumps(body)], headers={"Cache-Control": "private, no-cache"})


async def download(call: Call) -> web.StreamResponse:
    """``GET`` and ``HEAD /v1/jobs/{jobId}/artifacts/{name}``: a file or, with ``Range``, a part of it.

    It is never shown by a browser as a page of ours, whatever type it says it has.
    """
    only(call.request)
    artifact = await call.jobs.artifact(call.job_id, call.reach, call.request.match_info["name"])
    tag = await _tag(artifact.body)
    headers = {
        "Content-Type": artifact.content_type if _TYPE.fullmatch(artifact.content_type) else _ANY_TYPE,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(artifact.name, safe='')}",
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Cache-Control": "private, no-cache",
    }
    if not_modified(call.request, tag):
        return web.Response(status=304, headers=headers)
    return await _send(call.request, artifact, headers)


async def _send(request: web.Request, artifact: Artifact, headers: dict[str, str]) -> web.StreamResponse:
    size = len(artifact.body)
    if request.method == "HEAD":
        return web.Response(headers=headers | {"Content-Length": str(size)})
    part = wanted(request, size, headers["ETag"])
    if part is None:
        return await send(request, [artifact.body], headers=headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return await send(request, [memoryview(artifact.body)[part]], status=206, headers=headers)


async def _tag(body: bytes) -> str:
    """A strong validator: the same for the same bytes and no others."""
    digest = hashlib.sha256(body) if len(body) <= _SMALL else await asyncio.to_thread(hashlib.sha256, body)
    return f'"{digest.hexdigest()[:32]}"'
