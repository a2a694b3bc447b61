"""A server for `tests.bench.durable` that takes jobs and runs none.

``python -m tests.bench.durable_server KIND FILE``; the kinds are ``memory``, ``group`` (commit) and ``single`` (a
commit for each job).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from jobserver.config import Config
from jobserver.engines.sqlite import engine as sqlite_engine
from jobserver.engines.sqlite.batch import Batch
from jobserver.engines.sqlite.group_commit import GroupCommit
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import Result, Succeeded
from jobserver.jobs.submission import Submission
from jobserver.server import Server
from jobserver.tuning import calm_collector, loop_factory
from jobserver.workers.registry import Args, Context, Handler
from tests.bench.serving import run
from tests.make import START

PAYLOAD = {"payload": "x" * 86}  # 100 bytes as JSON
RESULT = Succeeded(Result(b'{"made":"' + b"x" * 89 + b'"}'))  # 100 bytes
LEASE = timedelta(days=1)
AT_ONCE = 2_000


class OneByOne(GroupCommit):
    """What people write first: each change is a transaction of its own, and they stand in line for the disk."""

    def __init__(self, *what: Any, **else_: Any) -> None:
        super().__init__(*what, **else_)
        self._queued: deque[Batch] = deque()

    async def safe(self) -> None:
        if not self._gathering:
            return
        written = asyncio.get_running_loop().create_future()
        batch, self._gathering = self._gathering, Batch()
        batch.waiting.append(written)
        self._queued.append(batch)
        self._something.set()
        await written

    async def _write_all(self) -> None:
        while not self._closing:
            await self._something.wait()
            self._something.clear()
            while self._queued:
                await self._write(self._take())

    def _take(self) -> Batch:
        self._gathering, later = self._queued.popleft(), self._gathering
        batch = super()._take()
        self._gathering = later
        return batch


async def echo(_context: Context, args: Args) -> Args:
    return args


class Durable:
    """The server, and what it can be told to do with many jobs."""

    def __init__(self, kind: str, file: str) -> None:
        self.clock = ManualClock(START)
        if kind == "single":
            sqlite_engine.GroupCommit = OneByOne  # type: ignore[attr-defined] # the class that the engine uses
        store = "memory" if kind == "memory" else f"sqlite://{file}"
        config = Config(store=store, max_queue=10_000_000, max_store_bytes=1 << 40, cleanup_interval=86_400, demo=False)
        self.server = Server(config, clock=self.clock, handlers=[Handler("echo", echo, concurrency=0)])
        self.engine = self.server.runtime.engine
        self.app = self.server.app
        for step in (self.fill, self.finish, self.expire):
            self.app.router.add_post(f"/bench/{step.__name__}/{{number}}", step)
        self.app.on_startup.append(self._pause)

    async def _pause(self, _: web.Application) -> None:
        self.server.crew.quiesce()
        calm_collector()  # as `serve` does

    async def fill(self, request: web.Request) -> web.Response:
        """Queue so many jobs, 2,000 at a time."""
        return await self._many(request, lambda: self.server.jobs.submit(Submission("echo", PAYLOAD, "default")))

    async def finish(self, request: web.Request) -> web.Response:
        """Run so many jobs to their end."""
        return await self._many(request, self._finish_one)

    async def _finish_one(self) -> None:
        lease = await self.engine.claim(["default"], worker="bench", lease=LEASE, wait=60)
        assert lease is not None
        await self.engine.finish(lease, RESULT)

    async def _many(self, request: web.Request, step: Callable[[], Awaitable[object]]) -> web.Response:
        left = iter(range(int(request.match_info["number"])))
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(_each(left, step))
        return web.json_response({"seconds": time.perf_counter() - began})

    async def expire(self, _: web.Request) -> web.Response:
        """Let all that ended expire at once, as the janitor does."""
        began = time.perf_counter()
        now = self.clock.advance(timedelta(hours=2))
        following: datetime | None = now
        while following is not None and following <= now:
            following = await self.engine.tick(now)
            await asyncio.sleep(0)
        return web.json_response({"seconds": time.perf_counter() - began})


async def _each(left: object, step: Callable[[], Awaitable[object]]) -> None:
    for _ in left:  # type: ignore[attr-defined] # one iterator that all share
        await step()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run(Durable(sys.argv[1], (sys.argv[2:] or [""])[0]).app))
