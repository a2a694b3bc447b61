"""How the server itself is."""

from __future__ import annotations

from aiohttp import web

from jobserver.web.keys import JOBS, READINESS
from jobserver.web.wire import dumps

_OK = b'{"ok":true}'


async def health(_: web.Request) -> web.Response:
    """``GET /health``: the process answers. No authentication, nothing is asked."""
    return web.Response(body=_OK, content_type="application/json")


async def livez(_: web.Request) -> web.Response:
    """``GET /livez``: the event loop turns."""
    return web.Response(body=_OK, content_type="application/json")


async def readyz(request: web.Request) -> web.Response:
    """``GET /readyz``: whether jobs are accepted now, on what they are kept and with what pages are read."""
    jobs, readiness = request.app[JOBS], request.app[READINESS]
    trouble = await jobs.health()
    body: dict[str, object] = {"ok": trouble is None}
    if trouble is not None:
        body["error"] = trouble
    body |= {"engine": jobs.caps.name, "durable": jobs.caps.durable, **readiness}
    return web.Response(
        status=200 if trouble is None else 503,
        body=dumps(body),
        content_type="application/json",
        headers={} if trouble is None else {"Retry-After": "5"},
    )
