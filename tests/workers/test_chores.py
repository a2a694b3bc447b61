"""The chores: a process that was stopped for a while does not take its own jobs away from itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import JobId, Lease, State
from jobserver.jobs.stats import Stats
from jobserver.workers.crew import Crew, CrewSettings
from jobserver.workers.registry import Args, Context, Handler, registry
from tests.make import LEASE, START, a_policy, a_spec, until


class Stoppable:
    """A crew whose clock leaps as that of a process does which was stopped, and whose janitor wakes when it is told."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.engine = MemoryEngine(self.clock)
        self.running: list[JobId] = []
        self.gate = asyncio.Event()
        handlers = registry([Handler("echo", self._work)])
        self.crew = Crew(self.engine, handlers, self.clock, Stats(), CrewSettings(lease=LEASE, stop_grace=0.1))

    async def _work(self, context: Context, _: Args) -> str:
        self.running.append(context.job_id)
        await self.gate.wait()
        return "done"

    async def submit(self) -> JobId:
        job, _ = await self.engine.submit(a_spec(policy=a_policy(max_attempts=2)))
        return job.id

    def leap(self, by: timedelta) -> None:
        """So much time passes in which nothing here runs; then the janitor is the first to wake."""
        self.clock.advance(by)
        self.engine.rouse()


@pytest.fixture
async def stoppable() -> AsyncIterator[Stoppable]:
    stoppable = Stoppable()
    await stoppable.crew.start()
    yield stoppable
    await stoppable.crew.drain(0)


async def test_a_job_that_runs_here_is_kept_when_the_process_was_stopped_for_three_leases(stoppable: Stoppable):
    job_id = await stoppable.submit()
    await until(lambda: stoppable.running)
    stoppable.leap(3 * LEASE)
    later, _ = await stoppable.engine.submit(a_spec(run_in=(3 * LEASE).total_seconds()))
    await until(lambda: later.id in stoppable.running)  # so the janitor has done what was due
    stoppable.gate.set()

    async def done() -> bool:
        return (await stoppable.engine.get(job_id)).state is State.DONE

    await until(done)
    job = await stoppable.engine.get(job_id)
    assert (job.attempt, stoppable.running.count(job_id)) == (1, 1)


async def test_a_job_that_somebody_else_holds_and_let_go_of_is_taken_back_even_so(stoppable: Stoppable):
    stoppable.gate.set()
    await stoppable.crew.drain(0)
    job_id = await stoppable.submit()
    lost = await stoppable.engine.claim(["default"], worker="gone", lease=LEASE, wait=0)
    assert isinstance(lost, Lease)
    crew = Crew(stoppable.engine, {}, stoppable.clock, Stats(), CrewSettings(lease=LEASE))
    await crew.start()
    stoppable.leap(3 * LEASE)

    async def taken_back() -> bool:
        return (await stoppable.engine.get(job_id)).state is not State.PROCESSING

    await until(taken_back)
    await crew.drain(0)
