"""A seed's whole world: clients, one server after another, and what befalls them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.sqlite.batch import Batch
from jobserver.errors import ShuttingDown, StoreUnavailable
from jobserver.jobs.event_log import EventLog
from jobserver.jobs.events import ALL, EventType, Interest
from jobserver.jobs.model import State
from jobserver.jobs.service import Jobs
from tests.faults.simulated.asked import Request
from tests.faults.simulated.clients import Client, HungUp, listen
from tests.faults.simulated.disk import Disk
from tests.faults.simulated.fate import Fate
from tests.faults.simulated.handlers import Work
from tests.faults.simulated.ledger import Ledger, Wrong
from tests.faults.simulated.loop import Life, VirtualClock, VirtualLoop
from tests.faults.simulated.plan import plan_of
from tests.faults.simulated.records import differences, snapshot
from tests.faults.simulated.server import Server
from tests.faults.simulated.streams import Stream
from tests.faults.simulated.told import Trace, describe

T = TypeVar("T")

_AN_ANSWER_TAKES = 30.0
_SETTLES_WITHIN = 3_000.0
_INTERESTS = (ALL, Interest(owner="owner0"), Interest(types=frozenset({EventType.DONE, EventType.EXPIRED})))


class World:
    """`live` it once. ``wrong``: what was, or None."""

    def __init__(self, seed: int, loop: VirtualLoop, *, real: bool | None = None) -> None:
        self.loop = loop
        self._chance = Random(f"world {seed}")
        self.plan = plan_of(self._chance, real=real)
        self.disk = Disk(Random(f"disk {seed}"), self.plan.history, real=self.plan.real)
        self.ledger = Ledger(self.disk, loop.time)
        self.ledger.forgetful = self.plan.total_bytes < 100_000
        self.ledger.crowded = self.ledger.forgetful or self.plan.keep_count is not None
        self.trace = Trace(loop)
        self.tell = self.trace.tell
        self.lives: list[Life] = []
        self.wrong: BaseException | None = None
        self.disk.written, self.disk.wrong = self._written, self.fail
        self.server: Server | None = None
        self._fate = Fate(self.plan, self._chance)
        self._failed = loop.create_future()
        self.leapt = 0.0
        self._over = False

    def close(self) -> None:
        """Let go of the disk."""
        self.disk.close()

    def fail(self, error: BaseException) -> None:
        """Something is wrong: the world ends."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        if self.wrong is None:
            self.wrong = error
            self.tell(f"WRONG: {error!r}")
        if not self._failed.done():
            self._failed.set_result(None)

    # --- the whole story

    async def live(self) -> None:
        """From the first server to the last check."""
        self.loop.turned = self._turned
        story = self.loop.create_task(self._story())
        await asyncio.wait({story, self._failed}, return_when=asyncio.FIRST_COMPLETED)
        self.loop.turned = lambda: None
        self._over = True
        if story.done() and not story.cancelled() and story.exception() is not None:
            self.fail(story.exception())  # type: ignore[arg-type] # asked in the line before
        story.cancel()

    async def _story(self) -> None:
        self.tell(str(self.plan))
        supervisor = self.loop.create_task(self._watched(self._keep_a_server()))
        shared: list[Request] = []
        streams = [Stream(self.ledger, where, self.plan.history) for where in _INTERESTS]
        listeners = [self.loop.create_task(self._watched(listen(self, each))) for each in streams]
        clients = [Client(number, self, Random(self._chance.random()), shared) for number in range(self.plan.clients)]
        await asyncio.wait([self.loop.create_task(self._watched(client.run())) for client in clients])
        await self._faults_are_over()
        await self._settle()
        told_by_now = len(self.disk.events)
        await asyncio.sleep(60)  # what was asked before the faults were over may still be on the wire
        for stream in streams:
            stream.check_complete(told_by_now)
        self.ledger.check_settled()
        for each in listeners:
            each.cancel()
        await self._stop_for_good(supervisor)

    async def _faults_are_over(self) -> None:
        """No more faults; whatever the last of them left is mended, and there is a server."""
        self._fate.end()
        self.disk.trouble, self.disk.breaks = None, False
        for queue in ("default", "side", "turns"):
            while not await self._resumed(queue):
                pass

    async def _resumed(self, queue: str) -> bool:
        try:
            await self.call(lambda jobs: jobs.set_queue(queue, paused=False), f"resume {queue}")
        except (HungUp, StoreUnavailable, ShuttingDown):
            await asyncio.sleep(1)
            return False
        return True

    async def _settle(self) -> None:
        """Until nothing happens any more: all that can end has ended, and everybody was told."""
        ends = self.loop.time() + _SETTLES_WITHIN
        while any(not state.ended for state in self.ledger.states.values()):
            if self.loop.time() > ends:
                self.ledger.check_settled()
            await asyncio.sleep(5)
        await asyncio.sleep(2)
        if self.server is not None:
            self.check_idle(self.server)

    async def _stop_for_good(self, supervisor: asyncio.Task[None]) -> None:
        server = self.server
        assert server is not None
        self._over = True
        server.stopping.set_result(None)
        await server.gone
        await asyncio.wait({supervisor})
        if server.life.number in self.ledger.unclean:
            raise Wrong("a polite stop without any trouble lost something")

    # --- servers

    async def _keep_a_server(self) -> None:
        for number in range(1, 1_000):
            work = Work(self.ledger, number, die=self.crash, fail=self.fail)
            server = Server(number, self.plan, self.loop, self.disk, work, opened=self._has_read_the_disk)
            self.lives.append(server.life)
            self.server = server
            self.tell(f"server {number} starts")
            main = self.loop.create_task(self._watched(server.run()), context=server.life.context)
            await asyncio.wait({main, server.gone}, return_when=asyncio.FIRST_COMPLETED)
            if not server.life.over:
                self._left(server)
            if self._over:
                return
            await asyncio.sleep(self._chance.choice((0, 0.1, 3)))

    def _left(self, server: Server) -> None:
        """A server has stopped in good order, or gave up a broken disk."""
        self.tell(f"server {server.life.number} has stopped")
        if server.clean:
            self._compare(server.engine._memory, "has stopped")
            if left := [job.id for job in self.disk.jobs.values() if job.state is State.PROCESSING]:
                raise Wrong(f"a polite stop left {left} to be rescued")
        else:
            self.ledger.unclean.add(server.life.number)
        self._end(server)

    def crash(self) -> None:
        """The server is killed, now."""
        server = self.server
        if server is None or server.life.over:
            return
        self.tell(f"server {server.life.number} is killed")
        self.ledger.unclean.add(server.life.number)
        self._end(server)

    def _end(self, server: Server) -> None:
        self.loop.kill(server.life)
        self.disk.power_cut()
        server.up = False
        server.gone.set_result(None)

    def _has_read_the_disk(self, server: Server) -> None:
        self._compare(server.engine._memory, "has read the disk")

    def _compare(self, memory: MemoryEngine, when: str) -> None:
        """An engine's memory is what a fresh one makes of the plain record of what was written."""
        fresh = MemoryEngine(VirtualClock(self.loop), log=EventLog(history=self.plan.history))
        self.disk.hand_over_plainly(fresh.restoring())
        if found := differences(snapshot(memory), snapshot(fresh)):
            raise Wrong(f"A server that {when} differs from its disk: {'; '.join(found)}")

    def _written(self, batch: Batch) -> None:
        for seq, event in enumerate(batch.events, batch.first_seq):
            self.tell(f"  on disk: {seq} {event.type} {event.job.id if event.job else event.queue}")
        self.ledger.written(batch)

    def check_idle(self, server: Server) -> None:
        """See `Victims.check_idle`."""
        if server.idle:
            self._compare(server.engine._memory, "is idle")

    def _turned(self) -> None:
        try:
            self._fate.turned(self)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it ends this world
            self.fail(error)

    # --- clients

    def life(self) -> int:
        """The number of the server that runs."""
        return 0 if self.server is None else self.server.life.number

    async def call(self, ask: Callable[[Jobs], Coroutine[Any, Any, T]], told: str) -> tuple[int, T]:
        """See `Wire.call`."""
        server = self.server
        if server is None or not server.up:
            await asyncio.sleep(0.3)
            raise HungUp
        self.tell(f"{told}?")
        began, leapt = self.loop.time(), self.leapt
        task = self.loop.create_task(server.ask(ask, self._fate.on_the_wire()), context=server.life.context.copy())
        either: tuple[asyncio.Future[Any], ...] = (task, server.gone)
        server.calls[task] = None
        try:
            hangs_up = None if told.startswith("listen") else self._fate.patience()
            await asyncio.wait(either, timeout=hangs_up, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del server.calls[task]
        if task.cancel() or task.cancelled():
            self.tell(f"{told}: hung up")
            raise HungUp
        took = self.loop.time() - began - (self.leapt - leapt)
        if took > _AN_ANSWER_TAKES and not told.startswith("listen"):
            raise Wrong(f"{told}: the answer took {took:.1f} s")
        error = task.exception()
        self.tell(f"{told}: {describe(task.result()) if error is None else repr(error)}")
        return server.life.number, task.result()

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it ends this world
            self.fail(error)
