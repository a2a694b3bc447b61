"""The yardstick: an aiohttp server that checks a signature, reads JSON and says one thing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json

from aiohttp import web

from tests.bench.serving import run

SECRET = b"testsecret"
ANSWER = b'{"ok":true,"status":"queued","jobId":"job-1701345600000-abcdefghij0123456789"}'


async def submit(request: web.Request) -> web.Response:
    body = await request.read()
    hmac.new(SECRET, body, hashlib.sha256).digest()
    json.loads(body)
    return web.Response(status=202, body=ANSWER, content_type="application/json")


async def poll(_: web.Request) -> web.Response:
    hmac.new(SECRET, b"", hashlib.sha256).digest()
    return web.Response(body=ANSWER, content_type="application/json")


def bare_app() -> web.Application:
    app = web.Application()
    app.router.add_post("/analyze", submit)
    app.router.add_get("/result/{job_id}", poll)
    return app


if __name__ == "__main__":
    asyncio.run(run(bare_app()))
