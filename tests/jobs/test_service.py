"""The rules that are the service's own; whole lives of jobs are in `tests/service_machine.py`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.errors import InvalidRequest, JobNotFound, ShuttingDown
from jobserver.jobs import service
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import Filter, IdempotencyKey, Job, Lease, State
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.jobs.submission import Submission
from jobserver.workers.registry import Handler
from tests.make import LEASE, START, a_policy, a_success


async def nothing(_context: object, _args: object) -> None:
    return None


def a_service(*, max_attempts: int = 2, limit: int = 100) -> tuple[Jobs, MemoryEngine, ManualClock]:
    clock = ManualClock(START)
    engine = MemoryEngine(clock, limits=Limits(jobs=limit))
    kinds = {"echo": Handler("echo", nothing, policy=a_policy(max_attempts=max_attempts, delay=5))}
    return Jobs(engine, kinds, clock, Stats()), engine, clock


def a_submission(owner: str = "ann") -> Submission:
    return Submission("echo", {"text": "hé"}, owner)


async def take(engine: MemoryEngine) -> Lease:
    lease = await engine.claim(["default"], worker="w", lease=LEASE, wait=0)
    assert lease is not None
    return lease


async def test_a_submission_gets_an_id_a_position_and_its_arguments_as_json():
    jobs, _, _ = a_service()
    standing, created = await jobs.submit(a_submission())
    assert created
    assert standing.position is not None
    assert standing.position.ahead == 0
    assert standing.job.spec.args == '{"text":"hé"}'.encode()


async def test_an_unknown_kind_is_refused_by_name():
    jobs, _, _ = a_service()
    with pytest.raises(InvalidRequest, match=r"'ecko'. Known kinds: echo"):
        await jobs.submit(Submission("ecko", {}, "ann"))


async def test_another_owners_job_is_not_found_by_any_verb():
    jobs, _, _ = a_service()
    mine, _ = await jobs.submit(a_submission())
    for verb in (jobs.get, jobs.cancel, jobs.retry, jobs.promote, jobs.remove, jobs.logs, jobs.artifacts, jobs.watch):
        with pytest.raises(JobNotFound):
            await verb(mine.job.id, "ben")
    with pytest.raises(JobNotFound):
        await jobs.wait(mine.job.id, "ben", 1)
    assert jobs.listeners == 0
    assert (await jobs.page(Filter(), "ben")).jobs == ()
    assert len((await jobs.page(Filter(owner="ann"), "ann")).jobs) == 1


async def test_a_wait_ends_with_the_job():
    jobs, engine, _ = a_service()
    standing, _ = await jobs.submit(a_submission())
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(jobs.wait(standing.job.id, "ann", 60))
        await asyncio.sleep(0)
        await engine.finish(await take(engine), a_success())
    assert waiting.result().job.state is State.DONE


async def test_a_wait_ends_after_its_time():
    jobs, _, _ = a_service()
    standing, _ = await jobs.submit(a_submission())
    assert (await jobs.wait(standing.job.id, "ann", 0.01)).job.state is State.QUEUED


async def test_a_draining_service_takes_nothing_and_answers_who_waits():
    jobs, _, _ = a_service()
    standing, _ = await jobs.submit(a_submission())
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = group.create_task(jobs.wait(standing.job.id, "ann", 60))
        await asyncio.sleep(0)
        jobs.begin_drain()
    assert waiting.result().job.state is State.QUEUED
    for refused in (jobs.submit(a_submission()), jobs.retry(standing.job.id, "ann")):
        with pytest.raises(ShuttingDown):
            await refused
    assert await jobs.health() == "The server is shutting down."
    assert (await jobs.wait(standing.job.id, "ann", 60)).job.state is State.QUEUED


async def test_an_estimate_counts_who_is_ahead_and_what_has_run_already():
    jobs, engine, clock = a_service()
    jobs.stats.observe("echo", 10)
    first, _ = await jobs.submit(a_submission())
    second, _ = await jobs.submit(a_submission())
    assert (second.eta, second.poll_after) == (20, 20)
    await take(engine)
    clock.advance(4)
    assert (await jobs.get(first.job.id, "ann")).eta == 6


async def test_a_repeated_request_is_answered_even_when_its_job_is_forgotten():
    jobs, engine, clock = a_service()
    request = Submission("echo", {}, "ann", idempotency=IdempotencyKey("k", b"same"))
    first, _ = await jobs.submit(request)
    await engine.finish(await take(engine), a_success())
    await engine.tick(clock.advance(timedelta(hours=2)))
    again, created = await jobs.submit(request)
    assert (again.job.id, created, again.position) == (first.job.id, False, None)


async def test_a_page_is_full_though_few_of_many_jobs_match():
    jobs, _, _ = a_service(limit=10_000)
    wanted = [(await jobs.submit(a_submission()))[0].job.id]
    for _ in range(4_000):
        await jobs.submit(a_submission("ben"))
    wanted.append((await jobs.submit(a_submission()))[0].job.id)
    page = await jobs.page(Filter(owner="ann"), None, limit=2)
    assert [job.id for job in page.jobs] == wanted[::-1]
    rare = await jobs.page(Filter(tag="rare"), None, limit=2)
    assert (rare.jobs, rare.next) == ((), None)


async def test_a_page_is_short_and_has_a_next_one_rather_than_a_long_search(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "_PAGES_LOOKED_AT", 1)
    jobs, _, _ = a_service(limit=10_000)
    rare, _ = await jobs.submit(a_submission()._replace(tags=("rare",)))
    for _ in range(1_000):
        await jobs.submit(a_submission())
    first = await jobs.page(Filter(kind="echo", tag="rare"), "ann")
    assert first.jobs == ()
    found: list[Job] = []
    cursor = first.next
    while cursor is not None:
        page = await jobs.page(Filter(tag="rare"), "ann", cursor=cursor)
        found += page.jobs
        cursor = page.next
    assert [job.id for job in found] == [rare.job.id]


async def test_a_delay_and_a_time_are_not_both_accepted():
    jobs, _, clock = a_service()
    both = a_submission()._replace(delay=timedelta(seconds=1), run_at=clock.now())
    with pytest.raises(InvalidRequest, match="not both"):
        await jobs.submit(both)
