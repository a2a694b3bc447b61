"""The memory engine keeps the contract, and its own bounds."""

from __future__ import annotations

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.errors import JobNotFound, QueueFull
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.engine import Engine
from jobserver.jobs.model import State
from tests.engine_contract import EngineContract, claim
from tests.make import START, a_spec, a_success


class TestMemoryEngine(EngineContract):
    def make(self, clock: ManualClock) -> Engine:
        return MemoryEngine(clock, limits=Limits(jobs=10))


async def test_the_oldest_results_make_room_for_new_ones():
    engine = MemoryEngine(ManualClock(START), limits=Limits(total_bytes=50_000))
    ids = []
    for _ in range(4):
        job, _ = await engine.submit(a_spec())
        ids.append(job.id)
        await engine.finish(await claim(engine), a_success(b"x" * 15_000))
    with pytest.raises(JobNotFound):
        await engine.get(ids[0])
    assert [(await engine.get(job_id)).state for job_id in ids[1:]] == [State.DONE] * 3


async def test_arguments_that_do_not_fit_are_refused_and_unfinished_jobs_stay():
    engine = MemoryEngine(ManualClock(START), limits=Limits(total_bytes=50_000))
    kept, _ = await engine.submit(a_spec(args=b"x" * 30_000))
    with pytest.raises(QueueFull):
        await engine.submit(a_spec(args=b"x" * 30_000))
    assert (await engine.get(kept.id)).state is State.QUEUED


async def test_more_deadlines_than_fit_one_tick_are_left_for_the_next():
    clock = ManualClock(START)
    engine = MemoryEngine(clock)
    for _ in range(1_500):
        await engine.submit(a_spec(run_in=1))
    now = clock.advance(2)
    following = await engine.tick(now)
    assert following is not None
    assert following <= now
    await engine.tick(now)
    assert (await engine.counts())[State.QUEUED] == 1_500


async def test_memory_is_always_healthy_and_says_that_it_does_not_last():
    engine = MemoryEngine(ManualClock(START))
    assert await engine.health() is None
    assert not engine.caps.durable
