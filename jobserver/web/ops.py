"""How the server itself is: for whoever keeps it alive, and for operators what they are running."""

from __future__ import annotations

import asyncio
import os
import platform
import sqlite3
import traceback
from importlib import metadata
from typing import Any

import aiohttp
from aiohttp import web

from jobserver import __version__
from jobserver.web.keys import ABOUT, READINESS
from jobserver.web.route import Call
from jobserver.web.wire import dumps

MOST_TASKS = 500
_MOST_FRAMES = 8
_EXTRAS = ("selectolax", "tinycss2", "uvloop", "orjson", "cryptography", "bullmq")
"""What may be installed beside us and changes how we work."""
_OK = b'{"ok":true}'


async def health(_: Call) -> web.Response:
    """``GET /health``: the process answers. No authentication, nothing is asked."""
    return web.Response(body=_OK, content_type="application/json")


async def livez(_: Call) -> web.Response:
    """``GET /livez``: the event loop turns."""
    return web.Response(body=_OK, content_type="application/json")


async def readyz(call: Call) -> web.Response:
    """``GET /readyz``: whether jobs are accepted now, on what they are kept and with what pages are read."""
    jobs, readiness = call.jobs, call.request.app[READINESS]
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


async def config(call: Call) -> web.Response:
    """``GET /-/config``: every setting as it is in force; secrets are masked."""
    return _answer({"ok": True, "settings": dict(call.request.app[ABOUT].settings)})


async def tasks(_: Call) -> web.Response:
    """``GET /-/tasks``: what the process is doing: its tasks by name, each with the lines where it stands."""
    running = sorted(asyncio.all_tasks(), key=lambda task: task.get_name())
    return _answer({"ok": True, "count": len(running), "tasks": [_task(task) for task in running[:MOST_TASKS]]})


async def versions(call: Call) -> web.Response:
    """``GET /-/versions``: of everything that may matter for a fault."""
    system = os.uname()  # `platform.platform` starts a process to find out
    body = {
        "ok": True,
        "jobserver": __version__,
        "python": platform.python_version(),
        "platform": f"{system.sysname} {system.release} {system.machine}",
        "aiohttp": aiohttp.__version__,
        "sqlite": sqlite3.sqlite_version,
        "engine": call.jobs.caps.name,
        "extras": await asyncio.to_thread(_extras),
        "browser": call.request.app[ABOUT].browser,
    }
    return _answer(body)


def _extras() -> dict[str, str | None]:
    """Distribution → its version, None where it is not installed. Reads files."""
    found: dict[str, str | None] = dict.fromkeys(_EXTRAS)
    for name in _EXTRAS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _task(task: asyncio.Task[Any]) -> dict[str, Any]:
    coroutine = getattr(task.get_coro(), "__qualname__", "")
    frames = [traceback.extract_stack(frame, limit=1)[0] for frame in task.get_stack(limit=_MOST_FRAMES)]
    return {
        "name": task.get_name(),
        "coroutine": coroutine,
        "stack": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _answer(body: dict[str, Any]) -> web.Response:
    return web.Response(body=dumps(body), content_type="application/json", headers={"Cache-Control": "no-store"})
