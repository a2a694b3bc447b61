"""A server whose jobs do nothing but come further, for `tests.bench.events`; ``/naive`` is what people write first."""

from __future__ import annotations

import asyncio
import resource
import time

from aiohttp import web

from jobserver.auth.signing import Credentials
from jobserver.engines.memory import MemoryEngine
from jobserver.jobs import states
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.event_log import Listener
from jobserver.jobs.events import EventType
from jobserver.jobs.model import JobSpec, Progress
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.web.app import web_app
from jobserver.web.keys import BROADCAST, WebSettings
from jobserver.web.streams import event_wire
from jobserver.web.streams.event_wire import EncodedEvents
from tests.bench.serving import run


class Source:
    """Makes events and knows when everybody was told."""

    def __init__(self) -> None:
        clock = SteadyClock()
        self.engine = MemoryEngine(clock)
        self.log = self.engine._events
        self.jobs = Jobs(self.engine, {}, clock, Stats())
        self.app = web_app(self.jobs, Credentials(("unused",), allow_unsigned=True), WebSettings(), {})
        self.app.router.add_get("/naive", self.naive)
        self.app.router.add_get("/make", self.make)
        self.listeners: set[Listener] = set()
        self.job = states.create(JobSpec(id="job-1764000000000-0123456789abcdefghij", kind="x", args=b"{}",
                                         created_at=clock.now()), 1)  # fmt: skip

    def happen(self) -> None:
        """An event that says when it was made."""
        job = states.report(self.job, Progress(0.5, f"{time.monotonic():.6f}"))
        self.log.append(EventType.PROGRESS, self.job.spec.created_at, "default", job)

    async def make(self, request: web.Request) -> web.Response:
        """Make ``bursts`` times ``size`` events, ``pause`` seconds apart or as soon as the last ones were told."""
        bursts, size, pause = (float(request.query[name]) for name in ("bursts", "size", "pause"))
        began, used = time.perf_counter(), _cpu()
        for _ in range(int(bursts)):
            for _ in range(int(size)):
                self.happen()
            if pause:
                await asyncio.sleep(pause)
            else:
                await self.all_told()
        return web.json_response({"seconds": time.perf_counter() - began, "cpu": _cpu() - used})

    async def all_told(self) -> None:
        """Wait until nothing is left to be written."""
        broadcast = self.app[BROADCAST]
        while any(listener._waiting for listener in self.listeners) or any(  # noqa: ASYNC110 - nobody tells us
            subscriber.seq < self.log.last_seq
            for audience in broadcast._audiences.values()
            for subscriber in audience.members
        ):
            await asyncio.sleep(0.001)

    async def naive(self, request: web.Request) -> web.StreamResponse:
        """Each listener encodes each event for itself, writes it, and waits until it may go on."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"retry: 2000\n\n")
        with self.jobs.listen() as listener:
            self.listeners.add(listener)
            async for event in listener:
                await response.write(event_wire.sse(EncodedEvents().messages([event])))
        return response


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    asyncio.run(run(Source().app))
