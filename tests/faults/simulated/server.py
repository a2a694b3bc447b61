"""One life of the server: the real engine, service and crew over the simulated disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from jobserver.engines.shelf import Limits
from jobserver.engines.sqlite.engine import SqliteEngine
from jobserver.errors import StoreBroken
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.workers.crew import Crew, CrewSettings
from tests.faults.simulated.disk import Disk, SimulatedStore
from tests.faults.simulated.handlers import Work
from tests.faults.simulated.ledger import STOP_GRACE
from tests.faults.simulated.loop import Life, VirtualClock, VirtualLoop
from tests.faults.simulated.plan import LEASE, Plan

T = TypeVar("T")


class Server:
    """Starts at once, `run` is its main task. ``opened``: told when it has read the disk."""

    def __init__(
        self,
        number: int,
        plan: Plan,
        loop: VirtualLoop,
        disk: Disk,
        work: Work,
        *,
        opened: Callable[[Server], None],
    ) -> None:
        self.life = Life(number)
        self.up = False
        self.calls: dict[asyncio.Task[Any], None] = {}
        self.gone: asyncio.Future[None] = loop.create_future()
        """When nobody can reach it any more."""
        self.stopping: asyncio.Future[None] = loop.create_future()
        """SIGTERM."""
        self._loop = loop
        self._plan = plan
        clock, stats = VirtualClock(loop), Stats()
        kinds = work.kinds()
        store = SimulatedStore(disk, lambda: opened(self))
        self.engine = SqliteEngine(store, clock, limits=Limits(plan.jobs, plan.total_bytes), history=plan.history)
        self.jobs = Jobs(self.engine, kinds, clock, stats)
        settings = CrewSettings(lease=timedelta(seconds=LEASE), most_at_once=50, stop_grace=STOP_GRACE)
        self.crew = Crew(self.engine, kinds, clock, stats, settings)

    async def run(self) -> None:
        """From start to stop, as the real `serve` does it."""
        await self.engine.open()
        for queue, concurrency in (("default", 2), ("side", 1), ("turns", 2)):
            keep = timedelta(seconds=self._plan.keep)
            keep_count = self._plan.keep_count
            await self.jobs.set_queue(queue, concurrency=concurrency, keep=keep, keep_count=keep_count, default=True)
        working = await self.crew.start()
        self.up = True
        await asyncio.wait({working, self.stopping}, return_when=asyncio.FIRST_COMPLETED)
        self.jobs.begin_drain()
        if working.done() and (error := working.exception()) is not None:
            _only_a_broken_store(error)
        await self.crew.drain(self._plan.grace)
        journal = self.engine._journal
        rest = journal._gathering
        knew = bool(rest)
        await self.engine.close()
        untried = knew and journal._gathering is rest and journal._writing is None
        assert not untried or journal.trouble is not None, "a polite stop did not even try to write the rest"

    async def ask(self, ask: Callable[[Jobs], Coroutine[Any, Any, T]], on_the_wire: float | None) -> T:
        """What is asked, after so many seconds."""
        if on_the_wire is not None:
            await asyncio.sleep(on_the_wire)
        return await ask(self.jobs)

    @property
    def idle(self) -> bool:
        """Whether all that it knows is on disk."""
        journal = self.engine._journal
        return self.up and not journal._gathering and journal._writing is None

    @property
    def clean(self) -> bool:
        """Whether it has written all that it knew."""
        return self.idle and self.engine._journal.trouble is None


def _only_a_broken_store(error: BaseException) -> None:
    for each in error.exceptions if isinstance(error, BaseExceptionGroup) else (error,):
        if isinstance(each, BaseExceptionGroup):
            _only_a_broken_store(each)
        elif not isinstance(each, StoreBroken):
            raise each
