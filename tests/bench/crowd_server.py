"""A server that can be told to hold a million jobs, finish them and let them expire."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from jobserver.config import Config
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import Result, Succeeded
from jobserver.jobs.submission import Submission
from jobserver.server import Server
from jobserver.tuning import calm_collector
from jobserver.workers.registry import Args, Context, Handler
from tests.bench.serving import run
from tests.make import START

PAYLOAD = {"payload": "x" * 86}  # 100 bytes as JSON
RESULT = Succeeded(Result(b'{"made":"' + b"x" * 89 + b'"}'))  # 100 bytes
SLICE = 200
LEASE = timedelta(days=1)


async def echo(_context: Context, args: Args) -> Args:
    return args


class Crowd:
    """A server whose crew never works, and a clock that stands still until the million is to expire."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        config = Config(max_queue=10_000_000, max_store_bytes=1 << 40, cleanup_interval=86_400, demo=False)
        self.server = Server(config, clock=self.clock, handlers=[Handler("echo", echo)])
        self.engine = self.server.runtime.engine
        self.app = self.server.app
        for step in (self.fill, self.finish, self.expire):
            self.app.router.add_post(f"/bench/{step.__name__}/{{number}}", step)
        self.app.on_startup.append(self._pause)

    async def _pause(self, _: web.Application) -> None:
        self.server.crew.quiesce()
        calm_collector()  # as `serve` does

    async def fill(self, request: web.Request) -> web.Response:
        """Queue so many jobs; the bytes each takes, and the longest that one submit took."""
        number = int(request.match_info["number"])
        before, longest = resident(), 0.0
        for count in range(number):
            began = time.perf_counter()
            await self.server.jobs.submit(Submission("echo", PAYLOAD, "default"))
            longest = max(longest, time.perf_counter() - began)
            if count % SLICE == 0:
                await asyncio.sleep(0)
        return web.json_response({"bytes": (resident() - before) / number, "longest": longest})

    async def finish(self, request: web.Request) -> web.Response:
        """Run so many jobs to their end; how many bytes each takes more than before."""
        number = int(request.match_info["number"])
        before = resident()
        for count in range(number):
            lease = await self.engine.claim(["default"], worker="bench", lease=LEASE, wait=0)
            assert lease is not None
            await self.engine.finish(lease, RESULT)
            if count % SLICE == 0:
                await asyncio.sleep(0)
        return web.json_response({"bytes": (resident() - before) / number})

    async def expire(self, request: web.Request) -> web.Response:
        """Let all of them expire at once, as the janitor does; seconds it took and the longest the loop stood still."""
        began = time.perf_counter()
        now = self.clock.advance(timedelta(hours=2))
        longest = 0.0
        while (following := await self._timed_tick(now))[0]:
            longest = max(longest, following[1])
            await asyncio.sleep(0)
        left = sum((await self.engine.counts()).values())
        return web.json_response({"seconds": time.perf_counter() - began, "longest": longest, "left": left})

    async def _timed_tick(self, now: object) -> tuple[bool, float]:
        began = time.perf_counter()
        following = await self.engine.tick(self.clock.now())
        return following is not None and following <= self.clock.now(), time.perf_counter() - began


def resident() -> int:
    """Bytes of memory this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    asyncio.run(run(Crowd().app))
