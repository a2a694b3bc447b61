"""A site of pages that misbehave, some of which kill what reads them."""

from __future__ import annotations

import asyncio
import os
import signal
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from tests.attacks.guests.pages import BUTTON, KIND
from tests.attacks.processes import command, descendants


class Site:
    """Where the pages are. ``server``: the process that reads them."""

    def __init__(self) -> None:
        self.server = 0
        self.address = ""
        self._killed: set[str] = set()
        self._bomb = zlib.compressobj(9, zlib.DEFLATED, 31)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Site]:
        """Listen on this machine."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield self
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.path[1:]
        if name.startswith("kill-"):
            self._kill(name)
        elif name == "huge":
            return await self._huge(request)
        elif name == "bomb":
            return self._bombed()
        elif name == "never-ends":
            return await self._never(request)
        elif name == "download":
            return web.Response(body=b"MZ" * 1000, headers={"Content-Disposition": "attachment; filename=x.exe"})
        elif name in KIND:
            return web.Response(text=BUTTON + KIND[name], content_type="text/html")
        return web.Response(status=204)

    def _kill(self, what: str) -> None:
        """Every second time: who is tried again finds a page that lets it live."""
        if what in self._killed:
            self._killed.discard(what)
            return
        self._killed.add(what)
        sign = {
            "kill-renderer": b"--type=renderer",
            "kill-browser": b"--user-data-dir",
            "kill-reader": b"workers.child",
        }
        victims = [pid for pid in descendants(self.server) if sign[what] in command(pid)]
        for victim in victims if what == "kill-browser" else victims[-1:]:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)

    async def _huge(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(52):
                await response.write(b"<p>" + b"x" * 1_000_000)
        return response

    def _bombed(self) -> web.Response:
        pack = self._bomb.copy()
        body = b"".join(pack.compress(b"x" * 1_000_000) for _ in range(200)) + pack.flush()
        return web.Response(body=body, headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})

    async def _never(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b"<p>more")
                await asyncio.sleep(0.2)  # it drips
        return response
