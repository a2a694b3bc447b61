"""The memory engine keeps the contract, and its own bounds."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import settings

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.errors import ArtifactTooLarge, JobNotFound, LeaseLost, QueueFull
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.engine import Engine
from jobserver.jobs.model import Artifact, Failed, Failure, Filter, State
from tests.engine_contract import EngineContract, claim
from tests.make import LEASE, START, a_spec, a_success
from tests.service_machine import ServiceMachine


class TestMemoryEngine(EngineContract):
    def make(self, clock: ManualClock) -> Engine:
        return MemoryEngine(clock, limits=Limits(jobs=10))


class MemoryMachine(ServiceMachine):
    def make(self, clock: ManualClock) -> Engine:
        return MemoryEngine(clock)


# More than 10,000 steps.
TestLives = MemoryMachine.TestCase
TestLives.settings = settings(max_examples=320, stateful_step_count=40, deadline=None)


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
    while (following := await engine.tick(now)) is not None:
        assert following <= now
    assert (await engine.counts())[State.QUEUED] == 1_500


async def test_many_small_jobs_make_room_for_one_large_file_or_job():
    engine = MemoryEngine(ManualClock(START), limits=Limits(total_bytes=2_500_000))
    for _ in range(4_000):
        await engine.submit(a_spec())
        await engine.finish(await claim(engine), a_success())
    await engine.submit(a_spec())
    await engine.report(await claim(engine), artifact=Artifact("large", "text/plain", bytes(1_000_000)))
    assert (await engine.submit(a_spec(args=b"x" * 1_000_000)))[1]


async def test_a_job_forgotten_to_make_room_for_its_own_file_leaves_nothing():
    engine = MemoryEngine(ManualClock(START), limits=Limits(total_bytes=10_000))
    job, _ = await engine.submit(a_spec())
    lease = await claim(engine)
    await engine.cancel(job.id, "x")
    other, _ = await engine.submit(a_spec())
    await engine.cancel(other.id, "x")
    with pytest.raises(LeaseLost):
        await engine.report(lease, artifact=Artifact("large", "text/plain", bytes(9_000)))
    await engine.remove(other.id)
    assert (await engine.kept()).bytes == 0


async def test_files_count_towards_what_may_be_kept():
    engine = MemoryEngine(ManualClock(START), limits=Limits(total_bytes=100_000))
    await engine.submit(a_spec())
    lease = await claim(engine)
    await engine.report(lease, artifact=Artifact("one", "text/plain", bytes(60_000)))
    with pytest.raises(ArtifactTooLarge):
        await engine.report(lease, artifact=Artifact("two", "text/plain", bytes(60_000)))
    with pytest.raises(QueueFull):
        await engine.submit(a_spec(args=b"x" * 60_000))


async def test_whoever_has_waited_for_a_job_is_not_remembered():
    engine = MemoryEngine(ManualClock(START))
    for _ in range(3):
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0.001) is None
    assert engine._claimers._waiting == {"default": set()}


async def test_owners_whose_jobs_are_all_forgotten_are_forgotten_too():
    engine = MemoryEngine(ManualClock(START))
    for number in range(1_000):
        job, _ = await engine.submit(a_spec(owner=f"owner-{number}", dedup_key="k", turn="t"))
        await engine.finish(await claim(engine), a_success())
        await engine.remove(job.id)
    shelf = engine._shelf
    queue = shelf.queue("default")
    assert not any(
        (shelf.listing.owners, shelf.dedup, queue.counts, queue.running, queue.order._levels, len(shelf.records))
    )


async def test_a_search_through_large_jobs_looks_at_few_of_them_at_a_time():
    engine = MemoryEngine(ManualClock(START))
    for _ in range(100):
        await engine.submit(a_spec(args=b"x" * 200_000))
    page = await engine.page(Filter(text="nowhere"))
    pages = 1
    while page.next is not None:
        page, pages = await engine.page(Filter(text="nowhere"), cursor=page.next), pages + 1
    assert pages > 20


async def test_the_job_that_ended_last_is_never_the_one_to_make_room():
    engine = MemoryEngine(ManualClock(START), limits=Limits(total_bytes=10_000))
    job, _ = await engine.submit(a_spec())
    await engine.finish(await claim(engine), a_success(b"x" * 20_000))
    assert (await engine.get(job.id)).state is State.DONE


async def test_what_is_announced_holds_no_results_and_no_arguments():
    engine = MemoryEngine(ManualClock(START))
    with engine.events() as changes:
        await engine.submit(a_spec(args=b"x" * 1_000_000))
        await engine.finish(await claim(engine), a_success(b"x" * 1_000_000))
        heard = [await anext(changes) for _ in range(3)]
    assert all(b"xxx" not in repr(event).encode() for event in heard)


async def test_the_tracebacks_of_failed_attempts_are_counted_and_few_are_kept():
    clock = ManualClock(START)
    engine = MemoryEngine(clock, limits=Limits(total_bytes=100_000))
    job, _ = await engine.submit(a_spec())
    for _ in range(30):
        await engine.finish(await claim(engine), Failed(Failure("broken", "it broke", "x" * 4_000)))
        await engine.retry(job.id)
    assert len((await engine.get(job.id)).attempts) == 20
    with pytest.raises(QueueFull):
        await engine.submit(a_spec(args=b"x" * 30_000))


async def test_a_retry_of_an_ended_job_counts_as_one_more():
    engine = MemoryEngine(ManualClock(START), limits=Limits(jobs=1))
    job, _ = await engine.submit(a_spec())
    await engine.cancel(job.id, "x")
    await engine.submit(a_spec())
    with pytest.raises(QueueFull):
        await engine.retry(job.id)


async def test_idempotency_keys_alone_never_fill_the_store():
    engine = MemoryEngine(ManualClock(START), limits=Limits(total_bytes=100_000))
    for number in range(200):
        await engine.submit(a_spec(key=f"k{number}"))
        await engine.finish(await claim(engine), a_success())
    newest = await engine.submit(a_spec(key="k199"))
    assert not newest[1]
    assert (await engine.submit(a_spec(key="k0")))[1]


async def test_the_key_of_a_job_that_is_kept_stays_however_many_come_after_it():
    engine = MemoryEngine(ManualClock(START), limits=Limits(total_bytes=100_000))
    first, _ = await engine.submit(a_spec(key="mine"))
    await engine.set_queue("default", paused=True)
    for number in range(60):
        job, _ = await engine.submit(a_spec(key=f"k{number}"))
        await engine.cancel(job.id, "x")
        await engine.remove(job.id)
    assert (await engine.submit(a_spec(key="mine")))[0].id == first.id


async def test_more_keys_than_fit_one_tick_are_left_for_the_next():
    clock = ManualClock(START)
    engine = MemoryEngine(clock)
    for number in range(1_500):
        job, _ = await engine.submit(a_spec(key=str(number)))
        await engine.cancel(job.id, "x")
        await engine.remove(job.id)
    now = clock.advance(timedelta(days=2))
    assert await engine.tick(now) == now
    assert await engine.tick(now) is None


async def test_a_rare_match_ends_a_page_early_and_the_cursor_goes_on():
    engine = MemoryEngine(ManualClock(START))
    rare, _ = await engine.submit(a_spec(kind="rare"))
    for _ in range(3_500):
        await engine.submit(a_spec())
    first = await engine.page(Filter(kind="rare"))
    assert first.jobs == ()
    second = await engine.page(Filter(kind="rare"), cursor=first.next)
    assert ([job.id for job in second.jobs], second.next) == ([rare.id], None)


async def test_deadlines_that_nobody_has_any_more_are_thrown_out():
    engine = MemoryEngine(ManualClock(START))
    job, _ = await engine.submit(a_spec())
    for _ in range(3_000):
        await engine.cancel(job.id, "x")
        await engine.retry(job.id)
    assert len(engine._shelf.deadlines._heap) < 2_000


async def test_waiting_for_a_deadline_leaves_nothing_running():
    engine = MemoryEngine(ManualClock(START))
    before = asyncio.all_tasks()
    waiting = asyncio.ensure_future(engine.wait_due(60))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert asyncio.all_tasks() == before


async def test_memory_is_always_healthy_and_says_that_it_does_not_last():
    engine = MemoryEngine(ManualClock(START))
    assert await engine.health() is None
    assert not engine.caps.durable
