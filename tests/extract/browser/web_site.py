"""A web site for tests, on a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def responds(**members: Any) -> Handler:
    """A handler that always answers with ``web.Response(**members)``."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(**members)

    return answer


class Site:
    """A web site on 127.0.0.1; paths are added as a test needs them. ``asked``: the paths that were requested."""

    def __init__(self) -> None:
        self._pages: dict[str, Handler] = {}
        self.asked: list[str] = []
        self.ends = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.server = TestServer(app, host="127.0.0.1")

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def html(self, path: str, body: str) -> str:
        return self.add(path, responds(text=f"<!doctype html>{body}", content_type="text/html"))

    def add(self, path: str, handler: Handler) -> str:
        self._pages[path] = handler
        return self.url(path)

    def never(self, path: str, beginning: str) -> str:
        """A page that begins and does not end before the test does."""

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/html"})
            await response.prepare(request)
            await response.write(beginning.encode())
            await self.ends.wait()
            return response

        return self.add(path, answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if handler := self._pages.get(request.path):
            return await handler(request)
        raise web.HTTPNotFound(text="nothing here")
