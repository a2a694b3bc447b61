"""Who asked what: an id for every request, its place in the counters, and its line in the access log."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import secrets
from collections.abc import AsyncIterator

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from jobserver.logs import REQUEST_ID
from jobserver.web.headers import REQUEST_ID_HEADER
from jobserver.web.keys import METER, SETTINGS
from jobserver.web.metrics.meter import REFUSAL, Meter

_access = logging.getLogger("jobserver.access")

_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_GONE = 499
"""The client went away before it was answered. Nobody sees this status but those who count."""


_boot = secrets.token_hex(5)
_numbers = itertools.count(1)


@web.middleware
async def observed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Around everything else: name the request, see how it ends, count it."""
    REQUEST_ID.set(request_id(request.headers.get(REQUEST_ID_HEADER)))
    clock = asyncio.get_running_loop().time
    began = clock()
    response: web.StreamResponse | None = None
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        response = answer
        raise
    finally:
        _note(request, response, clock() - began)
    return response


def request_id(asked: str | None = None) -> str:
    """The client's own id where that is sane, else one that nobody else has."""
    if asked is not None and _SANE.fullmatch(asked):
        return asked
    return f"req-{_boot}-{next(_numbers):x}"


def _note(request: web.Request, response: web.StreamResponse | None, seconds: float) -> None:
    meter = request.app[METER]
    status = _GONE if response is None else response.status
    # The labels of a counter are ours: a stranger's method or address would make a new one each time.
    resource = request.match_info.route.resource
    route = "none" if resource is None else resource.canonical
    method = request.method if request.method in hdrs.METH_ALL else "other"
    meter.note_answered(route, method, status, seconds)
    if status >= 400 and response is not None and REFUSAL in response:
        meter.note_refused(*response[REFUSAL])
    if request.app[SETTINGS].access_log:
        _write(method, request.rel_url.raw_path, status, seconds)


def _write(method: str, path: str, status: int, seconds: float) -> None:
    """``path`` is without the query: that may hold the token of a signed link."""
    members = {"method": method, "path": path, "status": status, "seconds": round(seconds, 6)}
    _access.info("%s %s %d %.3f s", method, path, status, seconds, extra={"members": members})


def install_meter(app: web.Application) -> None:
    """Give the application a meter, and a task that measures the event loop for as long as it runs."""
    app[METER] = Meter()
    app.cleanup_ctx.append(_measuring)  # which ends it as well where a later part of the application fails to start


async def _measuring(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(app[METER].measure_lag(), name="loop-lag")
    yield
    task.cancel()
    await asyncio.wait({task})
