"""The crew of a server whose disk is in trouble: nobody crashes or spins, what runs goes on, and a stop is a stop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jobserver.engines.sqlite import group_commit
from jobserver.engines.sqlite.batch import Batch
from jobserver.engines.sqlite.engine import SqliteEngine
from jobserver.errors import StoreBroken, StoreUnavailable
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.model import JobId, Position, State
from jobserver.jobs.stats import Stats
from jobserver.workers.crew import Crew, CrewSettings
from jobserver.workers.registry import Args, Context, Handler, registry
from tests.make import a_spec, until
from tests.scripted_store import ScriptedStore


class Counting(SqliteEngine):
    """Counts how often the crew asks."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.asked: Counter[str] = Counter()

    async def claim(self, *args: Any, **terms: Any) -> Any:
        self.asked["claim"] += 1
        return await super().claim(*args, **terms)

    async def tick(self, now: Any) -> Any:
        self.asked["tick"] += 1
        return await super().tick(now)


class Shop:
    """A crew over a disk that fails on command, whose jobs each hold a gate until the test opens it."""

    def __init__(self) -> None:
        self.store, clock = ScriptedStore(), SteadyClock()
        self.engine = Counting(self.store, clock)
        self.running: list[JobId] = []
        self.stopped: list[JobId] = []
        self.gate = asyncio.Event()
        self.crew = Crew(self.engine, registry([Handler("echo", self._work)]), clock, Stats(), CrewSettings())

    async def _work(self, context: Context, _: Args) -> str:
        self.running.append(context.job_id)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.stopped.append(context.job_id)
            raise
        return "done"

    async def begun(self) -> JobId:
        """A job that runs."""
        job, _ = await self.engine.submit(a_spec())
        await until(lambda: job.id in self.running)
        return job.id

    def fail(self, trouble: StoreUnavailable) -> None:
        """From now on nothing can be written."""
        self.store.trouble = trouble


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    monkeypatch.setattr(group_commit, "TRY_AGAIN", 0.05)
    monkeypatch.setattr(group_commit, "PATIENCE", 0.2)
    shop = Shop()
    await shop.engine.open()
    await shop.crew.start()
    yield shop
    await shop.crew.drain(0)
    await shop.engine.close()


async def test_on_a_full_disk_what_runs_goes_on_nothing_more_begins_and_all_is_written_in_the_end(shop: Shop):
    first = await shop.begun()
    await shop.engine.set_queue("default", paused=True)
    second, _ = await shop.engine.submit(a_spec())
    shop.fail(StoreUnavailable("The disk is full."))
    shop.gate.set()
    await until(lambda: shop.crew.running == 0)
    with pytest.raises(StoreUnavailable):
        await shop.engine.set_queue("default", paused=False)
    assert (await shop.engine.get(first)).state is State.PROCESSING  # what nobody can be told yet
    shop.store.trouble = None
    await until(lambda: shop.store.states[first] is State.DONE)
    await shop.engine.set_queue("default", paused=False)
    await until(lambda: shop.store.states[second.id] is State.DONE)
    assert shop.running == [first, second.id]


async def test_nobody_asks_in_a_hurry_while_the_disk_is_full(shop: Shop):
    await shop.begun()
    waiting, _ = await shop.engine.submit(a_spec())
    shop.fail(StoreUnavailable("The disk is full."))
    shop.gate.set()
    await until(lambda: shop.store.tried >= 5)
    shop.engine.asked.clear()
    before = shop.store.tried
    await until(lambda: shop.store.tried >= before + 5)
    assert shop.engine.asked["tick"] <= 10
    assert shop.engine.asked["claim"] <= 2
    shop.store.trouble = None
    await until(lambda: shop.store.states[waiting.id] is State.DONE)


async def test_a_stop_on_a_full_disk_ends_in_time(shop: Shop):
    job_id = await shop.begun()
    shop.fail(StoreUnavailable("The disk is full."))
    async with asyncio.timeout(2):
        await shop.crew.drain(0.05)
    assert shop.stopped == [job_id]


async def test_a_stop_ends_in_time_on_a_disk_that_never_answers(shop: Shop):
    job_id = await shop.begun()
    with shop.store.held():
        async with asyncio.timeout(2):
            await shop.crew.drain(0.05)
    assert shop.stopped == [job_id]


async def test_a_disk_that_failed_stops_what_runs_and_ends_the_crew_for_that_reason_alone(shop: Shop):
    job_id = await shop.begun()
    working = shop.crew._task
    assert working is not None
    shop.fail(StoreBroken("The disk failed."))
    with pytest.raises(StoreBroken):
        await shop.engine.submit(a_spec())
    await asyncio.wait({working}, timeout=5)
    why = working.exception()
    assert isinstance(why, ExceptionGroup)
    assert why.split(StoreBroken)[1] is None
    assert shop.stopped == [job_id]


async def test_a_stop_while_claims_are_written_costs_nobody_an_attempt_or_a_place(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    several, go, commit = asyncio.Event(), asyncio.Event(), shop.store.commit

    async def held(batch: Batch) -> None:
        if len(batch.jobs) >= 4:
            several.set()
            await go.wait()
        await commit(batch)

    await shop.engine.set_queue("default", paused=True)
    jobs = [(await shop.engine.submit(a_spec()))[0].id for _ in range(12)]
    monkeypatch.setattr(shop.store, "commit", held)
    await shop.engine.set_queue("default", paused=False)
    await several.wait()
    draining = asyncio.ensure_future(shop.crew.drain(0))
    await until(lambda: len(shop.stopped) == len(shop.running))
    go.set()
    await draining
    assert [await shop.engine.position(job_id) for job_id in jobs] == [Position(place, True) for place in range(12)]
    assert {(await shop.engine.get(job_id)).attempt for job_id in jobs} == {0}
