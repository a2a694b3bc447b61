"""Nobody is told what is not on disk, and what could not be written never was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from jobserver.engines.shelf import Limits
from jobserver.engines.sqlite import engine as engine_module
from jobserver.engines.sqlite import group_commit
from jobserver.engines.sqlite.engine import SqliteEngine
from jobserver.errors import JobNotFound, QueueFull, StoreBroken, StoreUnavailable, WrongState
from jobserver.jobs.access import ApiKey, Scope
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.events import EventType
from jobserver.jobs.model import Artifact, Filter, Job, JobSpec, Progress, State
from tests.engine_contract import claim, names, only
from tests.make import LEASE, START, a_spec, a_success, until
from tests.scripted_store import ScriptedStore

FULL = StoreUnavailable("The disk is full.")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def store() -> ScriptedStore:
    return ScriptedStore()


@pytest.fixture
async def engine(store: ScriptedStore, clock: ManualClock) -> AsyncIterator[SqliteEngine]:
    engine = SqliteEngine(store, clock, limits=Limits(jobs=10))
    await engine.open()
    yield engine
    store.trouble = None
    await engine.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk in trouble is tried again soon."""
    for module in (group_commit, engine_module):
        monkeypatch.setattr(module, "TRY_AGAIN", 0.01)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for the disk."""
    monkeypatch.setattr(group_commit, "PATIENCE", 0.02)


def begin(step: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
    return asyncio.ensure_future(step)


async def outcome(step: asyncio.Future[Any]) -> Any:
    """What it returned, or raised."""
    return (await asyncio.gather(step, return_exceptions=True))[0]


async def recovered(engine: SqliteEngine, store: ScriptedStore) -> None:
    store.trouble = None
    assert await engine._journal.until_writable(10)
    await engine._journal.safe()


async def refused(engine: SqliteEngine, store: ScriptedStore) -> None:
    """The disk is full, and the engine knows."""
    store.trouble = FULL
    with pytest.raises(StoreUnavailable):
        await engine.submit(a_spec(job_id="refused"))


# --- nobody is told what is not on disk


async def test_a_job_is_nowhere_to_be_seen_before_it_is_written(engine: SqliteEngine, store: ScriptedStore):
    heard = engine.events()
    with store.held():
        submitted = begin(engine.submit(a_spec(job_id="a")))
        await store.begun()
        with pytest.raises(JobNotFound):
            await engine.get("a")
        assert (await engine.page(Filter())).jobs == ()
        assert heard.take() == []
        assert not submitted.done()
    assert await submitted == (await engine.get("a"), True)
    assert [event.type for event in heard.take()] == [EventType.QUEUED]


async def test_every_verb_answers_when_its_change_is_written(engine: SqliteEngine, store: ScriptedStore):
    await engine.submit(a_spec(job_id="later", run_in=60))
    key = ApiKey("k", b"digest", "ann", frozenset({Scope.READ}), START)
    verbs: list[tuple[Callable[[], Coroutine[Any, Any, Any]], State | None]] = [
        (lambda: engine.promote("later"), State.QUEUED),
        (lambda: engine.cancel("later", "x"), State.CANCELLED),
        (lambda: engine.retry("later"), State.QUEUED),
        (lambda: engine.set_queue("default", paused=True), None),
        (lambda: engine.cancel("later", "x"), State.CANCELLED),
        (lambda: engine.put_key(key), None),
        (lambda: engine.remove_key("k"), None),
        (lambda: engine.remove("later"), None),
    ]
    for verb, state in verbs:
        before = await engine.get("later")
        with store.held():
            asked = begin(verb())
            await store.begun()
            assert not asked.done()
            assert await engine.get("later") == before
        answer = await asked
        if state is not None:
            assert (await engine.get("later")).state is answer.state is state
    with pytest.raises(JobNotFound):
        await engine.get("later")


async def test_an_attempt_begins_when_that_is_written(engine: SqliteEngine, store: ScriptedStore):
    await engine.submit(a_spec(job_id="a"))
    with store.held():
        claimed = begin(claim(engine))
        await store.begun()
        assert not claimed.done()
        assert (await engine.get("a")).state is State.QUEUED
    assert (await claimed).job == await engine.get("a")
    assert store.states == {"a": State.PROCESSING}


async def test_a_result_is_told_when_it_is_written(engine: SqliteEngine, store: ScriptedStore):
    await engine.submit(a_spec(job_id="a"))
    lease = await claim(engine)
    with store.held(), engine.events(only("a")) as changes:
        finished = begin(engine.finish(lease, a_success()))
        await store.begun()
        assert (await engine.get("a")).state is State.PROCESSING
        assert changes.take() == []
        assert not finished.done()
    assert await finished is State.DONE
    assert (await engine.get("a")).state is State.DONE


async def test_lines_and_files_are_read_when_they_are_written(engine: SqliteEngine, store: ScriptedStore):
    await engine.submit(a_spec(job_id="a"))
    lease = await claim(engine)
    with store.held():
        await engine.report(lease, log="said", artifact=Artifact("a.txt", "text/plain", b"x"))
        reads = [begin(engine.logs("a")), begin(engine.artifacts("a"))]
        await store.begun()
        assert not any(read.done() for read in reads)
    assert [len(await read) for read in reads] == [1, 1]


async def test_a_refusal_waits_for_what_it_is_founded_on(engine: SqliteEngine, store: ScriptedStore):
    await engine.submit(a_spec(job_id="a"))
    with store.held():
        cancelled = begin(engine.cancel("a", "x"))
        await store.begun()
        again = begin(engine.cancel("a", "y"))
        await asyncio.sleep(0)  # it has taken its first step, and waits
        assert not again.done()
    assert (await cancelled).reason == "x"
    assert isinstance(await outcome(again), WrongState)


async def test_a_repeated_request_is_answered_when_its_job_is_written(engine: SqliteEngine, store: ScriptedStore):
    with store.held():
        first = begin(engine.submit(a_spec(job_id="a", key="k")))
        await store.begun()
        again = begin(engine.submit(a_spec(job_id="b", key="k")))
        await asyncio.sleep(0)  # it has taken its first step, and waits
        assert not again.done()
    assert [(job.id, created) for job, created in (await first, await again)] == [("a", True), ("a", False)]


async def test_time_passes_when_that_is_written(engine: SqliteEngine, store: ScriptedStore, clock: ManualClock):
    await engine.submit(a_spec(job_id="a", run_in=60))
    with store.held():
        ticked = begin(engine.tick(clock.advance(60)))
        await store.begun()
        assert not ticked.done()
        assert (await engine.get("a")).state is State.SCHEDULED
    await ticked
    assert (await engine.get("a")).state is State.QUEUED


async def test_terms_of_the_servers_own_are_not_written(engine: SqliteEngine, store: ScriptedStore):
    await engine.set_queue("default", concurrency=3, default=True)
    assert (store.tried, (await engine.queues())[0].settings.concurrency) == (0, 3)


# --- a claim that comes to nothing


async def test_a_claim_that_is_cancelled_while_it_is_written_gives_the_job_back_at_the_head(
    engine: SqliteEngine, store: ScriptedStore
):
    for name in "ab":
        await engine.submit(a_spec(job_id=name))
    with store.held():
        claimed = begin(claim(engine))
        await store.begun()
        claimed.cancel()
        await asyncio.wait({claimed})
    lease = await claim(engine)
    assert (lease.job.id, lease.job.attempt, len(lease.job.attempts)) == ("a", 1, 1)


async def test_a_job_that_is_cancelled_while_its_claim_is_written_is_not_handed_out(
    engine: SqliteEngine, store: ScriptedStore
):
    for name in "ab":
        await engine.submit(a_spec(job_id=name))
    with store.held():
        claimed = begin(claim(engine))
        await store.begun()
        cancelled = begin(engine.cancel("a", "x"))
        await asyncio.sleep(0)
    assert (await cancelled).state is State.CANCELLED
    assert (await claimed).job.id == "b"


async def test_a_claim_that_takes_longer_to_write_than_its_lease_lasts_costs_the_job_nothing(
    engine: SqliteEngine, store: ScriptedStore, clock: ManualClock
):
    await engine.submit(a_spec(job_id="a"))
    with store.held():
        claimed = begin(claim(engine))
        await store.begun()
        ticked = begin(engine.tick(clock.advance(LEASE)))
        await asyncio.sleep(0)
    lease = await claimed
    await ticked
    assert (lease.job.attempt, await engine.renew(lease)) == (1, None)


async def test_no_attempt_begins_while_nothing_can_be_written(
    engine: SqliteEngine, store: ScriptedStore, at_once: None
):
    await engine.submit(a_spec(job_id="a"))
    store.trouble = FULL
    claimed = begin(engine.claim(["default"], worker="w", lease=LEASE, wait=600))
    await until(lambda: store.tried > 3)
    assert (claimed.done(), (await engine.get("a")).state) == (False, State.QUEUED)
    assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is None
    await recovered(engine, store)
    lease = await claimed
    assert (lease.job.id, lease.job.attempt) == ("a", 1)


async def test_jobs_whose_claims_could_not_be_written_stand_in_line_as_they_did(
    engine: SqliteEngine, store: ScriptedStore, at_once: None
):
    for name in "abcd":
        await engine.submit(a_spec(job_id=name))
    store.trouble = FULL
    claimed = [begin(engine.claim(["default"], worker="w", lease=LEASE, wait=0)) for _ in range(3)]
    assert [await each for each in claimed] == [None, None, None]
    await recovered(engine, store)
    assert [(await claim(engine)).job.id for _ in range(4)] == list("abcd")


async def test_a_claim_ends_in_time_beside_a_disk_that_hangs(
    engine: SqliteEngine, store: ScriptedStore, impatient: None
):
    await engine.submit(a_spec(job_id="a"))
    with store.held():
        async with asyncio.timeout(5):
            assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is None
    await recovered(engine, store)
    assert (await claim(engine)).job.attempt == 1


# --- what could not be written never was


async def test_a_job_that_could_not_be_written_never_was(engine: SqliteEngine, store: ScriptedStore, at_once: None):
    heard = engine.events()
    store.trouble = FULL
    spec = a_spec(job_id="a", key="k", dedup_key="d", turn="t", owner="ann")
    with pytest.raises(StoreUnavailable, match="full"):
        await engine.submit(spec)
    await recovered(engine, store)
    assert (heard.take(), store.states, sum((await engine.counts()).values())) == ([], {}, 0)
    with pytest.raises(JobNotFound):
        await engine.get("a")
    job, created = await engine.submit(spec)
    assert (job.id, created) == ("a", True)
    assert (await claim(engine)).job.id == "a"


async def test_a_job_whose_number_was_never_used_leaves_the_others_in_order(
    engine: SqliteEngine, store: ScriptedStore, at_once: None
):
    heard = engine.events()
    await engine.submit(a_spec(job_id="a"))
    await refused(engine, store)
    await recovered(engine, store)
    await engine.submit(a_spec(job_id="b"))
    assert [event.seq for event in heard.take()] == store.numbers == [1, 2]
    assert names((await engine.page(Filter())).jobs) == ["b", "a"]
    assert [(await claim(engine)).job.id for _ in range(2)] == ["a", "b"]


async def test_all_who_waited_for_a_full_disk_are_refused_and_none_of_their_jobs_stay(
    engine: SqliteEngine, store: ScriptedStore, at_once: None
):
    store.trouble = FULL
    claimed = begin(engine.claim(["default"], worker="w", lease=LEASE, wait=0.1))
    await asyncio.sleep(0)  # it waits for a job to come, and takes one before that is written
    asked = [begin(engine.submit(a_spec(key="k", dedup_key="d"))) for _ in range(3)]
    assert [type(await outcome(each)) for each in asked] == [StoreUnavailable] * 3
    await recovered(engine, store)
    assert await claimed is None
    assert (store.states, await engine.position("refused")) == ({}, None)
    assert (await engine.counts()) == dict.fromkeys(State, 0)


async def test_a_key_that_met_the_dedup_key_of_a_job_that_never_was_is_free(
    engine: SqliteEngine, store: ScriptedStore, at_once: None
):
    store.trouble = FULL
    asked = [begin(engine.submit(a_spec(dedup_key="d", key=key))) for key in (None, "k")]
    assert [type(await outcome(each)) for each in asked] == [StoreUnavailable] * 2
    await recovered(engine, store)
    job, created = await engine.submit(a_spec(dedup_key="d", key="k"))
    assert created
    assert await engine.get(job.id) == job
    assert not any(batch.idempotency.get(("default", "k")) for batch in store.written)


async def test_a_job_that_was_written_too_late_is_forgotten_at_once(
    engine: SqliteEngine, store: ScriptedStore, impatient: None
):
    with store.held():
        submitted = begin(engine.submit(a_spec(job_id="a", key="k")))
        assert isinstance(await outcome(submitted), StoreUnavailable)
        assert await engine.health() == "The disk is too slow."
    await recovered(engine, store)
    assert (store.states, await engine.health()) == ({}, None)
    assert (await engine.submit(a_spec(job_id="b", key="k")))[1]


async def test_nobody_is_answered_with_a_job_that_is_taken_back_meanwhile(
    engine: SqliteEngine, store: ScriptedStore, at_once: None, monkeypatch: pytest.MonkeyPatch
):
    room_was_made, submit, fail = asyncio.Event(), engine._memory.submit, engine._journal._failed

    async def after_a_while(spec: JobSpec, **terms: Any) -> tuple[Job, bool]:
        await room_was_made.wait()
        return await submit(spec, **terms)

    def not_alone(trouble: StoreUnavailable) -> None:
        room_was_made.set()
        fail(trouble)

    with store.held(), monkeypatch.context() as changed:
        changed.setattr(engine._memory, "submit", after_a_while)
        again = begin(engine.submit(a_spec(dedup_key="d", key="k")))
        await asyncio.sleep(0)
        changed.setattr(engine._memory, "submit", submit)
        changed.setattr(engine._journal, "_failed", not_alone)
        first = begin(engine.submit(a_spec(dedup_key="d")))
        await store.begun()
        store.trouble = FULL
        store.go()
        assert isinstance(await outcome(first), StoreUnavailable)
    await recovered(engine, store)
    assert isinstance(await outcome(again), StoreUnavailable)
    assert store.states == {}
    assert (await engine.submit(a_spec(dedup_key="d", key="k")))[1]


async def test_a_job_that_is_written_in_the_moment_its_time_is_over_is_accepted(
    engine: SqliteEngine, store: ScriptedStore
):
    with store.held():
        first = begin(engine.submit(a_spec(key="k")))
        await store.begun()
    await asyncio.sleep(0)  # the disk is about to answer
    again = begin(engine.submit(a_spec(key="k")))
    engine._journal._too_slow()
    (job, created), repeated = await first, await outcome(again)
    assert created
    assert (await engine.get(job.id)).state is State.QUEUED
    assert isinstance(repeated, StoreUnavailable) or repeated[0].id == job.id
    assert store.states == {job.id: State.QUEUED}


async def test_a_job_that_was_forgotten_before_it_could_be_written_never_was(
    engine: SqliteEngine, store: ScriptedStore, clock: ManualClock, at_once: None
):
    store.trouble = FULL
    with store.held():
        submitted = begin(engine.submit(a_spec(job_id="a", expires_in=1)))
        await store.begun()
        for hours in (1, 2):
            await engine._memory.tick(clock.advance(hours * 3_600))
    assert isinstance(await outcome(submitted), StoreUnavailable)
    await recovered(engine, store)
    assert store.states == {}


async def test_a_job_that_is_not_waited_for_any_more_is_kept_all_the_same(engine: SqliteEngine, store: ScriptedStore):
    with store.held():
        submitted = begin(engine.submit(a_spec(job_id="a", key="k")))
        await store.begun()
        submitted.cancel()
        await asyncio.wait({submitted})
    job, created = await engine.submit(a_spec(job_id="b", key="k"))
    assert (job.id, created) == ("a", False)


async def test_a_full_queue_is_told_of_when_it_is_known_to_be_full(engine: SqliteEngine, store: ScriptedStore):
    for _ in range(9):
        await engine.submit(a_spec())
    with store.held():
        tenth = begin(engine.submit(a_spec()))
        await store.begun()
        eleventh = begin(engine.submit(a_spec()))
        await asyncio.sleep(0.01)
        assert not eleventh.done()
    await tenth
    assert isinstance(await outcome(eleventh), QueueFull)


# --- while the disk is full


async def test_in_trouble_everything_can_be_read_and_nothing_changed(engine: SqliteEngine, store: ScriptedStore):
    job, _ = await engine.submit(a_spec(job_id="a"))
    await refused(engine, store)
    assert await engine.health() == "The disk is full."
    disk = (await engine.kept()).disk
    assert disk is not None
    assert (disk.writable, disk.failures) == (False, 1)
    for verb in (
        engine.submit(a_spec()),
        engine.submit(job.spec),
        engine.cancel("a", "x"),
        engine.set_queue("default", paused=True),
        engine.remove_key("k"),
    ):
        with pytest.raises(StoreUnavailable, match="full"):
            await verb
    assert await engine.get("a") == job
    assert names((await engine.page(Filter())).jobs) == ["a"]
    assert not await engine.logs("a")
    assert not await engine.artifacts("a")
    assert await engine.position("a") is not None
    assert not (await engine.queues())[0].settings.paused


async def test_a_verb_other_than_submit_that_met_the_trouble_is_done_when_the_disk_is_back(
    engine: SqliteEngine, store: ScriptedStore, at_once: None
):
    await engine.submit(a_spec(job_id="a"))
    store.trouble = FULL
    with pytest.raises(StoreUnavailable):
        await engine.cancel("a", "x")
    assert (await engine.get("a")).state is State.QUEUED
    await recovered(engine, store)
    assert (await engine.get("a")).state is State.CANCELLED


async def test_in_trouble_a_running_job_can_end_and_that_is_told_later(
    engine: SqliteEngine, store: ScriptedStore, at_once: None
):
    await engine.submit(a_spec(job_id="a"))
    lease = await claim(engine)
    await refused(engine, store)
    heard = engine.events(only("a"))
    await engine.report(lease, progress=Progress(0.5), log="said")
    assert await engine.finish(lease, a_success()) is State.DONE
    assert (await engine.get("a")).state is State.PROCESSING
    assert [line.text for line in await engine.logs("a")] == ["said"]
    await recovered(engine, store)
    assert (await engine.get("a")).state is State.DONE
    assert [event.type for event in heard.take()] == [EventType.DONE]


async def test_in_trouble_nothing_is_due(engine: SqliteEngine, store: ScriptedStore, clock: ManualClock, at_once: None):
    await engine.submit(a_spec(job_id="a", run_in=60))
    await refused(engine, store)
    now = clock.advance(60)
    assert await engine.tick(now) == now
    await recovered(engine, store)
    await engine.tick(now)
    assert (await engine.get("a")).state is State.QUEUED


async def test_in_trouble_a_server_can_begin(engine: SqliteEngine, store: ScriptedStore):
    await refused(engine, store)
    await engine.put_key(ApiKey("k", b"digest", "ann", frozenset(), START, configured=True))
    await engine.set_queue("default", concurrency=3, default=True)
    assert (await engine.key("k")) is not None


# --- when nobody knows what is on disk


async def test_a_broken_store_ends_the_crew(engine: SqliteEngine, store: ScriptedStore, clock: ManualClock):
    await engine.submit(a_spec(job_id="a"))
    lease = await claim(engine)
    store.trouble = StoreBroken("fsync failed")
    async with asyncio.timeout(5):
        waiting = begin(engine.wait_due(60))
        await asyncio.sleep(0)
        with pytest.raises(StoreBroken):
            await engine.submit(a_spec())
        await waiting
        with pytest.raises(StoreBroken):
            await engine.tick(clock.now())
        await engine.finish(lease, a_success())
    assert (await engine.get("a")).state is State.PROCESSING
    assert await engine.health() == "fsync failed"


async def test_a_store_that_breaks_while_the_janitor_waits_for_it_ends_the_crew_at_once(
    engine: SqliteEngine, store: ScriptedStore, clock: ManualClock
):
    await engine.submit(a_spec(job_id="a", run_in=60))
    with store.held():
        ticked = begin(engine.tick(clock.advance(timedelta(seconds=60))))
        await store.begun()
        store.trouble = StoreBroken("fsync failed")
    await ticked
    async with asyncio.timeout(5):
        await engine.wait_due(60)
    with pytest.raises(StoreBroken):
        await engine.tick(clock.now())


async def test_a_claim_that_meets_a_broken_store_says_so(engine: SqliteEngine, store: ScriptedStore):
    await engine.submit(a_spec(job_id="a"))
    store.trouble = StoreBroken("fsync failed")
    with pytest.raises(StoreBroken):
        await claim(engine)


# --- the end


async def test_close_writes_what_nobody_waited_for(store: ScriptedStore, clock: ManualClock):
    engine = SqliteEngine(store, clock)
    await engine.open()
    await engine.submit(a_spec(job_id="a"))
    lease = await claim(engine)
    with store.held():
        await engine.report(lease, log="one")
        await store.begun()
        await engine.report(lease, log="two")
        closing = begin(engine.close())
        await asyncio.sleep(0)
    await closing
    assert [line.text for batch in store.written for _, line in batch.logs] == ["one", "two"]
    assert store.closed


@pytest.mark.parametrize("hangs", [False, True])
async def test_close_ends_in_time_whatever_the_disk_does(
    store: ScriptedStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, hangs: bool
):
    for bound in ("_CLOSE_WITHIN", "_LET_GO_WITHIN"):
        monkeypatch.setattr(engine_module, bound, 0.05)
    engine = SqliteEngine(store, clock)
    await engine.open()
    await engine.submit(a_spec(job_id="a"))
    lease = await claim(engine)
    store.trouble = FULL
    heard = engine.events()
    async with asyncio.timeout(5):
        if hangs:
            with store.held():
                await engine.report(lease, log="x")
                await engine.close()
        else:
            await engine.report(lease, log="x")
            await engine.close()
    assert store.closed
    assert [event async for event in heard] == []


async def test_it_is_known_of_a_store_that_broke_with_its_last_write(store: ScriptedStore, clock: ManualClock):
    engine = SqliteEngine(store, clock)
    await engine.open()
    await engine.submit(a_spec(job_id="a"))
    await engine.report(await claim(engine), log="x")
    assert engine.broken is None
    store.trouble = StoreBroken("fsync failed")
    await engine.close()
    assert str(engine.broken) == "fsync failed"


async def test_an_engine_that_never_opened_can_be_closed(store: ScriptedStore, clock: ManualClock):
    await SqliteEngine(store, clock).close()
    assert store.closed


async def test_it_says_what_it_is(engine: SqliteEngine):
    assert (engine.caps.durable, engine.caps.shared, engine.caps.exact_position) == (True, False, True)
