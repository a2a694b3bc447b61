"""The crew works, quiesces and drains without losing a job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.errors import JobNotFound
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.model import Attempt, Job, JobId, State
from jobserver.jobs.stats import Stats
from jobserver.workers.crew import Crew, CrewSettings, waited
from jobserver.workers.registry import Args, Context, Handler, registry
from tests.make import START, a_policy, a_spec, until


class Shop:
    """A crew over a memory engine whose jobs each hold a gate until the test opens it."""

    def __init__(self, *, queue: str = "default", most_at_once: int = 1_000) -> None:
        self.clock = SteadyClock()
        self.engine = MemoryEngine(self.clock)
        self.gate = asyncio.Event()
        self.running: list[JobId] = []
        self.stats = Stats()
        self.handlers = [Handler("echo", self._work, queue=queue)]
        self.settings = CrewSettings(
            cleanup_interval=timedelta(seconds=60), stop_grace=1, most_at_once=most_at_once, queues=("spare",)
        )
        self.crew = self.crew_of(*self.handlers)

    def add(self, kind: str, queue: str) -> None:
        """Another kind, whose jobs end at once."""

        async def nothing(_: Context, __: Args) -> Any:
            return None

        self.handlers.append(Handler(kind, nothing, queue=queue))
        self.crew = self.crew_of(*self.handlers)

    def crew_of(self, *handlers: Handler, **settings: Any) -> Crew:
        return Crew(self.engine, registry(handlers), self.clock, self.stats, replace(self.settings, **settings))

    async def _work(self, context: Context, _: Args) -> Any:
        self.running.append(context.job_id)
        await self.gate.wait()
        return "done"

    async def submit(
        self, *, queue: str = "default", kind: str = "echo", run_in: float | None = None, timeout: float = 60
    ) -> JobId:
        policy = a_policy(timeout=timeout)
        spec = a_spec(kind=kind, queue=queue, created_at=self.clock.now(), run_in=run_in, policy=policy)
        return (await self.engine.submit(spec))[0].id

    async def state(self, job_id: JobId) -> State | None:
        try:
            return (await self.engine.get(job_id)).state
        except JobNotFound:
            return None


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop()
    await shop.engine.set_queue("default", concurrency=2)
    await shop.crew.start()
    yield shop
    await shop.crew.drain(0)


async def test_jobs_run_in_order_as_many_at_a_time_as_the_queue_allows(shop: Shop):
    ids = [await shop.submit() for _ in range(4)]
    await until(lambda: len(shop.running) == 2)
    assert shop.running == ids[:2]
    shop.gate.set()
    await until(lambda: len(shop.running) == 4)
    assert shop.running == ids
    await until(lambda: _are_done(shop, ids))
    assert shop.stats.mean("echo") is not None


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
    await shop.engine.set_queue("default", keep=timedelta(seconds=0.05))
    later = await shop.submit(run_in=0.05)
    assert await shop.state(later) is State.SCHEDULED
    await until(lambda: later in shop.running)
    await until(lambda: _is_gone(shop, later))


async def test_a_crew_that_crashes_ends_its_task_with_the_reason(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    async def broken(*_: object) -> None:
        raise OSError("disk gone")

    crew = Crew(shop.engine, {}, shop.clock, shop.stats)
    monkeypatch.setattr(shop.engine, "tick", broken)
    working = await crew.start()
    await asyncio.wait({working}, timeout=5)
    assert isinstance(working.exception(), ExceptionGroup)
    await crew.drain(0)


async def test_draining_a_crew_that_never_started_is_harmless(shop: Shop):
    await Crew(shop.engine, {}, shop.clock, shop.stats).drain(0)


async def _are_done(shop: Shop, ids: list[JobId]) -> bool:
    return [await shop.state(each) for each in ids] == [State.DONE] * len(ids)


async def _is_gone(shop: Shop, job_id: JobId) -> bool:
    return await shop.state(job_id) is None


async def test_a_queue_whose_jobs_hang_does_not_hold_up_another():
    shop = Shop(queue="slow")
    shop.add("quick", queue="quick")
    await shop.engine.set_queue("slow", concurrency=1)
    await shop.crew.start()
    stuck = [await shop.submit(queue="slow") for _ in range(3)]
    quick = [await shop.submit(queue="quick", kind="quick") for _ in range(50)]
    await until(lambda: _are_done(shop, quick))
    assert shop.running == stuck[:1]
    await shop.crew.drain(0)


async def test_a_queue_without_a_limit_has_a_sane_one_here():
    shop = Shop(most_at_once=3)
    await shop.crew.start()
    ids = [await shop.submit() for _ in range(5)]
    await until(lambda: len(shop.running) == 3)
    await asyncio.sleep(0.01)
    assert (shop.running, shop.crew.running) == (ids[:3], 3)
    shop.gate.set()
    await until(lambda: _are_done(shop, ids))
    await shop.crew.drain(0)


async def test_a_job_that_was_taken_back_and_claimed_here_again_runs_once_and_keeps_its_lease():
    shop = Shop()
    runs: list[int] = []
    stopped: list[int] = []

    async def work(context: Context, _: Args) -> Any:
        runs.append(context.attempt)
        try:
            await shop.gate.wait()
        except asyncio.CancelledError:
            stopped.append(context.attempt)
            raise

    crew = shop.crew_of(Handler("echo", work), lease=timedelta(seconds=6))
    await crew.start()
    try:
        job, _ = await shop.engine.submit(a_spec(policy=a_policy(max_attempts=2)))
        await until(lambda: runs == [1])
        await shop.engine.tick(shop.clock.now() + timedelta(seconds=7))
        await until(lambda: (runs, stopped) == ([1, 2], [1]), within=1.5)  # not only when its lease is to be renewed
        await until(lambda: crew.running == 1)
        await shop.engine.cancel(job.id, "x")
        await until(lambda: stopped == [1, 2], within=1.5)
    finally:
        await crew.drain(0)


async def test_a_crew_that_is_cancelled_gives_back_what_runs(shop: Shop):
    job_id = await shop.submit()
    await until(lambda: shop.running)
    working = shop.crew._task
    assert working is not None
    working.cancel()
    await asyncio.wait({working})
    job = await shop.engine.get(job_id)
    assert (job.state, job.attempt) == (State.QUEUED, 0)


async def test_an_attempt_that_has_ended_leaves_no_timer_behind(shop: Shop):
    job_id = await shop.submit(timeout=600)
    await until(lambda: shop.running)
    shop.gate.set()
    await until(lambda: _are_done(shop, [job_id]))
    timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # there is no other way to see them
    assert not [timer for timer in timers if not timer.cancelled() and "Attempt" in repr(timer)]


async def test_a_limit_raised_while_jobs_wait_lets_them_run(shop: Shop):
    [await shop.submit() for _ in range(5)]
    await until(lambda: len(shop.running) == 2)
    await shop.engine.set_queue("default", concurrency=5)
    await until(lambda: len(shop.running) == 5)


async def test_a_job_whose_kind_nobody_knows_any_more_fails_for_good(shop: Shop):
    job_id = await shop.submit(kind="forgotten")

    async def failed() -> bool:
        return await shop.state(job_id) is State.FAILED

    await until(failed)
    failure = (await shop.engine.get(job_id)).failure
    assert failure is not None
    assert shop.stats.ended["default", "forgotten", State.FAILED] == 1
    assert (failure.code, failure.message) == (
        "no_handler",
        "This server has no handler for the kind 'forgotten'.",
    )


async def test_what_was_started_and_how_it_ended_is_counted(shop: Shop):
    shop.gate.set()
    ids = [await shop.submit() for _ in range(3)]
    await until(lambda: _are_done(shop, ids))
    await until(lambda: shop.stats.ended["default", "echo", State.DONE] == 3)
    assert shop.stats.started["default", "echo"] == 3


async def test_the_run_of_a_cancelled_job_is_counted_and_that_of_an_interrupted_one_is_not(shop: Shop):
    cancelled, _ = await shop.submit(), await shop.submit()
    await until(lambda: len(shop.running) == 2)
    await shop.engine.cancel(cancelled, "unwanted")
    await until(lambda: shop.stats.runs["default", "echo"].count == 1)
    await shop.crew.drain(0)
    # Who cancels counts that the job has ended.
    assert (shop.stats.runs["default", "echo"].count, shop.stats.retried, shop.stats.ended) == (1, {}, {})


async def test_so_many_cancellations_that_one_loses_count_still_stop_what_runs(shop: Shop):
    held = await shop.submit()
    await until(lambda: shop.running)
    flood = [await shop.submit(run_in=60) for _ in range(1_500)]
    for job_id in [*flood, held]:  # without a turn for anybody else
        await shop.engine.cancel(job_id, "unwanted")
    await until(lambda: shop.crew.running == 0)


async def test_a_handler_that_never_stops_does_not_hold_the_loop_open():
    """In a loop of its own: it is the loop's end that must not wait."""

    async def stubborn(_: Context, __: Args) -> Any:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    async def live() -> int:
        shop = Shop()
        crew = shop.crew_of(Handler("echo", stubborn, policy=a_policy(timeout=0.02)), stop_grace=0.02)
        await crew.start()
        await shop.submit(timeout=0.02)
        await until(lambda: crew.abandoned)
        await crew.drain(0)
        return crew.abandoned

    assert await asyncio.wait_for(asyncio.to_thread(asyncio.run, live()), 10) == 1


@pytest.mark.parametrize(
    ("job", "seconds"),
    [
        (Job(a_spec(), State.PROCESSING, attempt=1, attempts=(Attempt(1, START + timedelta(seconds=5), "w"),)), 5),
        (
            Job(
                a_spec(run_in=3), State.PROCESSING, attempt=1, attempts=(Attempt(1, START + timedelta(seconds=5), "w"),)
            ),
            2,
        ),
        (
            Job(
                a_spec(policy=a_policy(max_attempts=2, delay=10)),
                State.PROCESSING,
                attempt=2,
                attempts=(
                    Attempt(1, START, "w", START + timedelta(seconds=1)),
                    Attempt(2, START + timedelta(seconds=15), "w"),
                ),
            ),
            4,
        ),
    ],
    ids=["from its arrival", "from when it was due", "from the end of its back-off"],
)
def test_a_wait_is_counted(job: Job, seconds: float):
    assert waited(job) == seconds


async def test_a_job_cancelled_and_retried_at_once_never_runs_twice_at_a_time(shop: Shop):
    busy, most, ends = 0, 0, asyncio.Event()

    async def slow_to_end(_: Context, __: Args) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        try:
            await asyncio.sleep(60)
        finally:
            await ends.wait()
            busy -= 1

    crew = shop.crew_of(Handler("slow", slow_to_end, queue="slow"), stop_grace=10)
    await crew.start()
    job_id = await shop.submit(queue="slow", kind="slow")
    await until(lambda: busy == 1)
    for number in range(1, 4):
        await shop.engine.cancel(job_id, "x")
        await shop.engine.retry(job_id)
        await until(partial(_has_claims, shop, job_id, number + 1))
    ends.set()
    await until(lambda: busy == 1)
    assert most == 1
    await shop.engine.cancel(job_id, "x")
    await crew.drain(5)


async def _has_claims(shop: Shop, job_id: JobId, number: int) -> bool:
    return len((await shop.engine.get(job_id)).attempts) == number
