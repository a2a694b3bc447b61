"""The crew works, quiesces and drains without losing a job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.errors import JobNotFound
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.model import JobId, State
from jobserver.jobs.policy import RunTimes
from jobserver.workers.crew import Crew, CrewSettings
from jobserver.workers.registry import Args, Context, Handler, registry
from tests.make import a_policy, a_spec, until


class Shop:
    """A crew over a memory engine whose jobs each hold a gate until the test opens it."""

    def __init__(self, *, concurrency: int = 1) -> None:
        self.clock = SteadyClock()
        self.engine = MemoryEngine(self.clock)
        self.gate = asyncio.Event()
        self.running: list[JobId] = []
        self.times = RunTimes()
        kinds = registry([Handler("echo", self._work)])
        settings = CrewSettings(concurrency=concurrency, cleanup_interval=timedelta(seconds=60), stop_grace=1)
        self.crew = Crew(self.engine, kinds, self.clock, self.times, settings)

    async def _work(self, context: Context, _: Args) -> Any:
        self.running.append(context.job_id)
        await self.gate.wait()
        return "done"

    async def submit(self, *, keep: float = 3600, run_in: float | None = None) -> JobId:
        now = self.clock.now()
        job, _ = await self.engine.submit(a_spec(policy=a_policy(keep=keep), created_at=now, run_in=run_in))
        return job.id

    async def state(self, job_id: JobId) -> State | None:
        try:
            return (await self.engine.get(job_id)).state
        except JobNotFound:
            return None


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop(concurrency=2)
    await shop.crew.start()
    yield shop
    await shop.crew.drain(0)


async def test_jobs_run_in_order_as_many_at_a_time_as_there_are_workers(shop: Shop):
    ids = [await shop.submit() for _ in range(4)]
    await until(lambda: len(shop.running) == 2)
    assert shop.running == ids[:2]
    shop.gate.set()
    await until(lambda: len(shop.running) == 4)
    assert shop.running == ids
    await until(lambda: _are_done(shop, ids))
    assert shop.times.mean("echo") is not None


async def test_a_crew_that_quiesces_finishes_what_runs_and_leaves_the_rest(shop: Shop):
    first, second, third = [await shop.submit() for _ in range(3)]
    await until(lambda: len(shop.running) == 2)
    shop.crew.quiesce()
    shop.gate.set()
    await shop.crew.drain(5)
    assert [await shop.state(each) for each in (first, second, third)] == [State.DONE, State.DONE, State.QUEUED]


async def test_a_job_that_outlives_the_grace_goes_back_to_the_head_at_no_cost(shop: Shop):
    first, _ = await shop.submit(), await shop.submit()
    await shop.submit()
    await until(lambda: len(shop.running) == 2)
    await shop.crew.drain(0.01)
    job = await shop.engine.get(first)
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    position = await shop.engine.position(first)
    assert position is not None
    assert position.ahead <= 1


async def test_the_janitor_queues_and_forgets_at_the_time_itself(shop: Shop):
    shop.gate.set()
    later = await shop.submit(run_in=0.05, keep=0.05)
    assert await shop.state(later) is State.SCHEDULED
    await until(lambda: later in shop.running)
    await until(lambda: _is_gone(shop, later))


async def test_a_crew_that_crashes_ends_its_task_with_the_reason(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object) -> None:
        raise OSError("disk gone")

    crew = Crew(shop.engine, {}, shop.clock, shop.times)
    monkeypatch.setattr(shop.engine, "tick", broken)
    working = await crew.start()
    await asyncio.wait({working}, timeout=5)
    assert isinstance(working.exception(), ExceptionGroup)
    await crew.drain(0)


async def test_draining_a_crew_that_never_started_is_harmless(shop: Shop):
    await Crew(shop.engine, {}, shop.clock, shop.times).drain(0)


async def _are_done(shop: Shop, ids: list[JobId]) -> bool:
    return [await shop.state(each) for each in ids] == [State.DONE] * len(ids)


async def _is_gone(shop: Shop, job_id: JobId) -> bool:
    return await shop.state(job_id) is None
