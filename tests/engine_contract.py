"""What every engine promises: a new engine passes these by subclassing `EngineContract`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from jobserver.errors import (
    ArtifactTooLarge,
    IdempotencyMismatch,
    InvalidRequest,
    JobNotFound,
    KeyNotFound,
    LeaseLost,
    QueueFull,
    QuotaExceeded,
    WrongState,
)
from jobserver.jobs.access import ApiKey, Scope
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.engine import Engine
from jobserver.jobs.events import EventType, Interest, news_of
from jobserver.jobs.model import (
    Artifact,
    Failed,
    Failure,
    Filter,
    Interrupted,
    Job,
    Lease,
    Progress,
    Result,
    State,
    Succeeded,
)
from tests.make import LEASE, START, a_failure, a_policy, a_spec, a_success


class EngineContract:
    """Subclass it and give `make`: an engine on that clock which takes at most ten unfinished jobs."""

    def make(self, clock: ManualClock) -> Engine:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(START)

    @pytest.fixture
    async def engine(self, clock: ManualClock) -> AsyncIterator[Engine]:
        engine = self.make(clock)
        await engine.open()
        yield engine
        await engine.close()

    # --- submit and read

    async def test_a_job_can_be_read_as_soon_as_it_is_submitted(self, engine: Engine):
        job, created = await engine.submit(a_spec(args=b'{"n":1}'))
        assert created
        assert await engine.get(job.id) == job
        assert (job.state, job.version, job.spec.args) == (State.QUEUED, 1, b'{"n":1}')

    async def test_what_is_kept_is_counted_and_what_is_forgotten_is_not(self, engine: Engine):
        before = await engine.kept()
        job, _ = await engine.submit(a_spec(args=b'{"text":"' + b"x" * 5_000 + b'"}'))
        during = await engine.kept()
        assert during.bytes >= before.bytes + 5_000
        assert during.events == before.events + 1
        await engine.cancel(job.id, "x")
        await engine.remove(job.id)
        assert (await engine.kept()).bytes == before.bytes

    async def test_lines_and_files_are_counted_until_their_job_is_forgotten(self, engine: Engine):
        before = (await engine.kept()).bytes
        job, _ = await engine.submit(a_spec())
        lease = await claim(engine)
        for _ in range(3):
            await engine.report(lease, artifact=Artifact("a.txt", "text/plain", bytes(10_000)))
        for _ in range(1_500):
            await engine.report(lease, log="x" * 100)
        during = (await engine.kept()).bytes
        assert before + 110_000 < during < before + 300_000
        await engine.finish(lease, a_success())
        await engine.remove(job.id)
        assert (await engine.kept()).bytes == before

    async def test_an_unknown_id_is_not_found_by_any_verb(self, engine: Engine):
        for verb in (engine.get, engine.retry, engine.promote, engine.remove, engine.logs):
            with pytest.raises(JobNotFound):
                await verb("job-none")
        with pytest.raises(JobNotFound):
            await engine.cancel("job-none", "x")
        assert await engine.position("job-none") is None

    async def test_submitting_the_same_id_again_makes_no_second_job(self, engine: Engine):
        spec = a_spec()
        first, _ = await engine.submit(spec)
        again, created = await engine.submit(spec)
        assert (again, created) == (first, False)
        assert (await engine.counts())[State.QUEUED] == 1

    async def test_a_full_queue_refuses_and_takes_again_when_a_job_has_ended(self, engine: Engine):
        for _ in range(10):
            await engine.submit(a_spec())
        with pytest.raises(QueueFull):
            await engine.submit(a_spec())
        await engine.finish(await claim(engine), a_success())
        assert (await engine.submit(a_spec()))[1]

    async def test_counts_follow_every_change(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        await engine.submit(a_spec(run_in=60))
        await engine.finish(await claim(engine), a_success())
        counts = await engine.counts()
        assert counts == dict.fromkeys(State, 0) | {State.DONE: 1, State.SCHEDULED: 1}
        await engine.remove(job.id)
        assert (await engine.counts("default"))[State.DONE] == 0

    # --- idempotency

    async def test_an_idempotency_key_maps_to_one_job(self, engine: Engine):
        first, _ = await engine.submit(a_spec(key="k"))
        again, created = await engine.submit(a_spec(key="k"))
        assert (again.id, created) == (first.id, False)

    async def test_a_key_with_another_request_is_refused(self, engine: Engine):
        await engine.submit(a_spec(key="k", fingerprint=b"one"))
        with pytest.raises(IdempotencyMismatch):
            await engine.submit(a_spec(key="k", fingerprint=b"two"))

    async def test_a_key_belongs_to_its_owner(self, engine: Engine):
        await engine.submit(a_spec(key="k", owner="ann"))
        assert (await engine.submit(a_spec(key="k", owner="ben", fingerprint=b"two")))[1]

    async def test_a_key_outlives_its_job_for_a_day(self, engine: Engine, clock: ManualClock):
        first, _ = await engine.submit(a_spec(key="k"))
        await engine.finish(await claim(engine), a_success())
        await tick_after(engine, clock, hours=2)
        with pytest.raises(JobNotFound):
            await engine.get(first.id)
        again, created = await engine.submit(a_spec(key="k"))
        assert (again.id, created) == (first.id, False)
        await tick_after(engine, clock, hours=23)
        assert (await engine.submit(a_spec(key="k")))[1]

    async def test_a_key_is_kept_as_long_as_its_job(self, engine: Engine, clock: ManualClock):
        first, _ = await engine.submit(a_spec(key="k"))
        await tick_after(engine, clock, hours=25)
        again, created = await engine.submit(a_spec(key="k"))
        assert (again.id, created) == (first.id, False)

    async def test_one_unfinished_job_of_an_owner_and_kind_has_a_dedup_key(self, engine: Engine):
        first, _ = await engine.submit(a_spec(dedup_key="k"))
        again, created = await engine.submit(a_spec(dedup_key="k"))
        assert (again.id, created) == (first.id, False)
        for other in (a_spec(dedup_key="k", owner="ann"), a_spec(dedup_key="k", kind="x"), a_spec(dedup_key="j")):
            assert (await engine.submit(other))[1]

    async def test_a_dedup_key_is_free_again_when_its_job_has_ended(self, engine: Engine):
        await engine.submit(a_spec(dedup_key="k", policy=a_policy(max_attempts=2)))
        await engine.finish(await claim(engine), a_failure())
        assert not (await engine.submit(a_spec(dedup_key="k")))[1]
        await engine.finish(await claim(engine), a_success())
        assert (await engine.submit(a_spec(dedup_key="k")))[1]

    async def test_a_job_is_not_retried_while_another_has_its_dedup_key(self, engine: Engine):
        first, _ = await engine.submit(a_spec(dedup_key="k"))
        await engine.cancel(first.id, "x")
        second, _ = await engine.submit(a_spec(dedup_key="k"))
        with pytest.raises(WrongState, match=second.id):
            await engine.retry(first.id)
        assert (await engine.submit(a_spec(dedup_key="k")))[0].id == second.id
        await engine.cancel(second.id, "x")
        assert (await engine.retry(first.id)).state is State.QUEUED

    async def test_a_key_that_met_a_dedup_key_goes_on_answering_with_that_job(self, engine: Engine):
        first, _ = await engine.submit(a_spec(dedup_key="d"))
        assert (await engine.submit(a_spec(dedup_key="d", key="k")))[0].id == first.id
        await engine.cancel(first.id, "x")
        again, created = await engine.submit(a_spec(dedup_key="d", key="k"))
        assert (again.id, created) == (first.id, False)

    async def test_an_owner_has_no_more_unfinished_jobs_than_its_quota(self, engine: Engine):
        first, _ = await engine.submit(a_spec(owner="ann", key="k"), quota=1)
        with pytest.raises(QuotaExceeded):
            await engine.submit(a_spec(owner="ann"), quota=1)
        await engine.submit(a_spec(owner="ben"), quota=1)
        assert (await engine.submit(a_spec(owner="ann", key="k"), quota=1))[0].id == first.id
        await engine.cancel(first.id, "x")
        second, _ = await engine.submit(a_spec(owner="ann"), quota=1)
        with pytest.raises(QuotaExceeded):
            await engine.retry(first.id, quota=1)
        await engine.cancel(second.id, "x")
        assert (await engine.retry(first.id, quota=1)).state is State.QUEUED

    async def test_an_operators_own_job_finds_room_in_a_full_queue(self, engine: Engine):
        for _ in range(10):
            await engine.submit(a_spec())
        assert (await engine.submit(a_spec(), reserve=True))[1]

    # --- order and position

    async def test_jobs_come_in_order_of_priority_then_arrival(self, engine: Engine):
        names = [("low", -1), ("a", 0), ("b", 0), ("high", 5), ("c", 0)]
        for name, priority in names:
            await engine.submit(a_spec(job_id=name, priority=priority))
        assert [(await claim(engine)).job.id for _ in names] == ["high", "a", "b", "c", "low"]

    async def test_positions_are_exact_while_jobs_leave_from_anywhere(self, engine: Engine):
        for name in "abcdef":
            await engine.submit(a_spec(job_id=name))
        await engine.cancel("c", "x")
        await claim(engine)
        assert [await ahead(engine, name) for name in "bdef"] == [0, 1, 2, 3]
        assert await engine.position("c") is None
        assert await engine.position("a") is None

    async def test_a_job_of_higher_priority_stands_before_all_lower_ones(self, engine: Engine):
        await engine.submit(a_spec(job_id="low"))
        await engine.submit(a_spec(job_id="high", priority=1))
        assert (await ahead(engine, "high"), await ahead(engine, "low")) == (0, 1)

    async def test_jobs_that_share_a_concurrency_key_run_so_many_at_a_time(self, engine: Engine):
        for name in ("a1", "a2", "a3", "b1"):
            await engine.submit(a_spec(job_id=name, turn=name[0], policy=a_policy(per_key=2)))
        running = [await claim(engine) for _ in range(3)]
        assert [lease.job.id for lease in running] == ["a1", "b1", "a2"]
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is None
        await engine.finish(running[0], a_success())
        assert (await claim(engine)).job.id == "a3"

    async def test_a_concurrency_key_is_its_owners_and_its_queues(self, engine: Engine):
        for owner, queue in (("ann", "default"), ("ben", "default"), ("ann", "red")):
            await engine.submit(a_spec(turn="k", owner=owner, queue=queue))
        for queue in ("default", "default", "red"):
            await claim(engine, queue)

    async def test_a_claim_waits_for_a_concurrency_key_to_be_free(self, engine: Engine, clock: ManualClock):
        for name in ("a1", "a2"):
            await engine.submit(a_spec(job_id=name, turn="a"))
        lease = await claim(engine)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(claim_soon(engine))
            await asyncio.sleep(0)
            await engine.cancel(lease.job.id, "x")
        assert waiting.result().job.id == "a2"

    async def test_keys_take_turns_so_that_none_starves_another(self, engine: Engine):
        for name in ("a1", "a2", "a3", "a4", "b1", "b2"):
            await engine.submit(a_spec(job_id=name, turn=name[0], policy=a_policy(per_key=9)))
        assert [(await claim(engine)).job.id for _ in range(6)] == ["a1", "b1", "a2", "b2", "a3", "a4"]

    async def test_a_position_among_keys_is_an_estimate(self, engine: Engine):
        for name in ("a1", "a2", "b1"):
            await engine.submit(a_spec(job_id=name, turn=name[0]))
        position = await engine.position("a2")
        assert position is not None
        assert not position.exact

    async def test_queues_are_served_apart(self, engine: Engine):
        await engine.submit(a_spec(job_id="one", queue="blue"))
        await engine.submit(a_spec(job_id="two", queue="red"))
        assert await ahead(engine, "two") == 0
        assert (await claim(engine, "red")).job.id == "two"
        assert await engine.claim(["red"], worker="w", lease=LEASE, wait=0) is None

    # --- claim

    async def test_a_claim_waits_for_a_job_to_come(self, engine: Engine):
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(claim_soon(engine))
            await asyncio.sleep(0)
            job, _ = await engine.submit(a_spec())
        assert waiting.result().job.id == job.id

    async def test_a_claim_gives_up_after_its_wait(self, engine: Engine):
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0.01) is None

    async def test_one_job_goes_to_one_of_many_waiting_workers(self, engine: Engine):
        async with asyncio.TaskGroup() as group:
            workers = [
                group.create_task(engine.claim(["default"], worker=str(n), lease=LEASE, wait=0.2)) for n in range(5)
            ]
            await asyncio.sleep(0)
            await engine.submit(a_spec())
        assert sum(worker.result() is not None for worker in workers) == 1

    async def test_a_claim_that_is_cancelled_loses_no_job(self, engine: Engine):
        waiting = asyncio.ensure_future(engine.claim(["default"], worker="w", lease=LEASE, wait=5))
        await asyncio.sleep(0)
        await engine.submit(a_spec())
        waiting.cancel()
        await asyncio.wait({waiting})
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is not None

    async def test_a_claim_starts_an_attempt(self, engine: Engine, clock: ManualClock):
        await engine.submit(a_spec())
        lease = await claim(engine)
        job = await engine.get(lease.job.id)
        assert (job.state, job.attempt, job.deadline) == (State.PROCESSING, 1, clock.now() + LEASE)
        assert (job.attempts[0].started_at, job.attempts[0].worker) == (clock.now(), "w")

    async def test_a_paused_queue_gives_nothing_until_it_is_resumed(self, engine: Engine):
        await engine.set_queue("default", paused=True)
        await engine.submit(a_spec())
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is None
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(claim_soon(engine))
            await asyncio.sleep(0)
            await engine.set_queue("default", paused=False)
        assert waiting.result().job.state is State.PROCESSING

    async def test_a_queue_gives_no_more_jobs_at_a_time_than_it_may(self, engine: Engine):
        await engine.set_queue("default", concurrency=1)
        await engine.submit(a_spec())
        await engine.submit(a_spec())
        first = await claim(engine)
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is None
        await engine.finish(first, a_success())
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is not None

    # --- finish

    async def test_a_result_is_kept_for_as_long_as_its_queue_says(self, engine: Engine, clock: ManualClock):
        await engine.set_queue("default", keep=timedelta(seconds=100))
        job, _ = await engine.submit(a_spec())
        clock.advance(10_000)
        assert await engine.finish(await claim(engine), a_success(b"[1]")) is State.DONE
        kept = await engine.get(job.id)
        assert kept.result is not None
        assert (kept.result.body, kept.finished_at) == (b"[1]", clock.now())
        await tick_after(engine, clock, seconds=99)
        assert (await engine.get(job.id)).state is State.DONE
        await tick_after(engine, clock, seconds=1)
        with pytest.raises(JobNotFound):
            await engine.get(job.id)

    async def test_a_failed_attempt_is_tried_again_while_attempts_are_left(self, engine: Engine):
        job, _ = await engine.submit(a_spec(policy=a_policy(max_attempts=2)))
        assert await engine.finish(await claim(engine), a_failure("first")) is State.QUEUED
        assert await engine.finish(await claim(engine), a_failure("second")) is State.FAILED
        failed = await engine.get(job.id)
        assert failed.failure is not None
        assert failed.failure.message == "second"
        assert [a.failure.message for a in failed.attempts if a.failure] == ["first", "second"]

    async def test_a_failure_that_no_retry_can_help_is_final(self, engine: Engine):
        await engine.submit(a_spec(policy=a_policy(max_attempts=5)))
        assert await engine.finish(await claim(engine), a_failure(retry=False)) is State.FAILED

    async def test_a_retry_waits_for_its_back_off(self, engine: Engine, clock: ManualClock):
        await engine.submit(a_spec(policy=a_policy(max_attempts=3, delay=10)))
        assert await engine.finish(await claim(engine), a_failure()) is State.SCHEDULED
        assert await tick_after(engine, clock, seconds=9) == clock.now() + timedelta(seconds=1)
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is None
        await tick_after(engine, clock, seconds=1)
        assert (await claim(engine)).job.attempt == 2

    async def test_a_handler_may_say_when_to_try_again(self, engine: Engine, clock: ManualClock):
        job, _ = await engine.submit(a_spec(policy=a_policy(max_attempts=2)))
        await engine.finish(await claim(engine), a_failure(after=7))
        assert (await engine.get(job.id)).deadline == clock.now() + timedelta(seconds=7)

    async def test_an_interrupted_attempt_costs_nothing_and_the_job_stays_next(self, engine: Engine):
        first, _ = await engine.submit(a_spec())
        await engine.submit(a_spec())
        assert await engine.finish(await claim(engine), Interrupted()) is State.QUEUED
        lease = await claim(engine)
        assert (lease.job.id, lease.job.attempt) == (first.id, 1)

    async def test_a_lease_can_be_finished_once(self, engine: Engine):
        await engine.submit(a_spec())
        lease = await claim(engine)
        await engine.finish(lease, a_success())
        for late in (engine.finish(lease, a_failure()), engine.renew(lease), engine.report(lease, log="x")):
            with pytest.raises(LeaseLost):
                await late
        assert (await engine.get(lease.job.id)).state is State.DONE

    # --- leases

    async def test_a_lease_that_is_not_renewed_ends_and_costs_an_attempt(self, engine: Engine, clock: ManualClock):
        job, _ = await engine.submit(a_spec(policy=a_policy(max_attempts=2)))
        lost = await claim(engine)
        await tick_after(engine, clock, seconds=30)
        second = await claim(engine)
        assert second.job.attempt == 2
        with pytest.raises(LeaseLost):
            await engine.finish(lost, a_success())
        await tick_after(engine, clock, seconds=30)
        failed = await engine.get(job.id)
        assert (failed.state, failed.failure and failed.failure.code) == (State.FAILED, "lease_ended")

    async def test_a_renewed_lease_goes_on(self, engine: Engine, clock: ManualClock):
        await engine.submit(a_spec())
        lease = await claim(engine)
        for _ in range(5):
            await tick_after(engine, clock, seconds=29)
            assert await engine.renew(lease) is None
        assert await engine.finish(lease, a_success()) is State.DONE

    async def test_a_lease_that_is_renewed_no_more_ends(self, engine: Engine, clock: ManualClock):
        await engine.submit(a_spec())
        lease = await claim(engine)
        await tick_after(engine, clock, seconds=20)
        await engine.renew(lease)
        await tick_after(engine, clock, seconds=30)
        assert (await engine.get(lease.job.id)).state is State.FAILED

    async def test_progress_and_logs_can_be_read_while_the_job_runs(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        lease = await claim(engine)
        with engine.events(only(job.id)) as changes:
            await engine.report(lease, progress=Progress(0.5, "half"), log="first line")
            await engine.report(lease, log="second line")
            assert [(await anext(changes)).text for _ in range(3)] == [None, "first line", "second line"]
        assert (await engine.get(job.id)).progress == Progress(0.5, "half")
        assert [line.text for line in await engine.logs(job.id)] == ["first line", "second line"]
        assert [line.text for line in await engine.logs(job.id, start=1)] == ["second line"]

    # --- cancel, retry, promote, remove

    async def test_a_waiting_job_can_be_cancelled(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        assert (await engine.cancel(job.id, "unwanted")).state is State.CANCELLED
        assert await engine.claim(["default"], worker="w", lease=LEASE, wait=0) is None

    async def test_the_worker_of_a_cancelled_job_learns_why(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        lease = await claim(engine)
        await engine.cancel(job.id, "unwanted")
        assert await engine.renew(lease) == "unwanted"
        assert await engine.finish(lease, a_success()) is State.CANCELLED
        assert (await engine.get(job.id)).result is None

    async def test_the_end_of_a_job_is_the_last_event_of_it_whatever_its_worker_still_says(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        lease = await claim(engine)
        with engine.events(only(job.id)) as changes:
            await engine.cancel(job.id, "unwanted")
            await engine.report(lease, progress=Progress(0.5), log="last words")
            await engine.finish(lease, a_success())
            assert [line.text for line in await engine.logs(job.id)] == ["last words"]
            assert [event.type for event in changes.take()] == [EventType.CANCELLED]

    async def test_a_failed_or_cancelled_job_can_be_retried_with_all_its_attempts(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        await engine.finish(await claim(engine), a_failure())
        assert (await engine.retry(job.id)).state is State.QUEUED
        lease = await claim(engine)
        assert (lease.job.attempt, len(lease.job.attempts)) == (1, 2)
        await engine.cancel(job.id, "x")
        assert (await engine.retry(job.id)).state is State.QUEUED
        with pytest.raises(LeaseLost):
            await engine.finish(lease, a_success())

    async def test_a_scheduled_job_runs_at_its_time_or_when_promoted(self, engine: Engine, clock: ManualClock):
        await engine.submit(a_spec(job_id="later", run_in=60))
        await engine.submit(a_spec(job_id="much-later", run_in=600))
        assert (await engine.get("later")).state is State.SCHEDULED
        await tick_after(engine, clock, seconds=60)
        assert (await engine.get("later")).state is State.QUEUED
        await engine.promote("much-later")
        assert [(await claim(engine)).job.id for _ in range(2)] == ["later", "much-later"]

    async def test_a_verb_that_is_not_legal_changes_nothing(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        for wrong in (engine.retry(job.id), engine.promote(job.id), engine.remove(job.id)):
            with pytest.raises(WrongState):
                await wrong
        await engine.finish(await claim(engine), a_success())
        for wrong in (engine.cancel(job.id, "x"), engine.retry(job.id)):
            with pytest.raises(WrongState, match="done"):
                await wrong
        assert (await engine.get(job.id)).state is State.DONE

    async def test_a_job_not_started_in_time_fails_and_can_be_retried(self, engine: Engine, clock: ManualClock):
        job, _ = await engine.submit(a_spec(expires_in=10))
        await tick_after(engine, clock, seconds=10)
        expired = await engine.get(job.id)
        assert (expired.state, expired.failure and expired.failure.code) == (State.FAILED, "expired")
        assert (await engine.retry(job.id)).state is State.QUEUED
        await tick_after(engine, clock, hours=1)
        assert (await claim(engine)).job.id == job.id

    async def test_a_job_may_expire_at_the_moment_it_is_due(self, engine: Engine, clock: ManualClock):
        job, _ = await engine.submit(a_spec(run_in=10, expires_in=10))
        for _ in range(2):
            await tick_after(engine, clock, seconds=10)
        assert (await engine.get(job.id)).state is State.FAILED

    async def test_a_job_that_was_started_in_time_does_not_expire(self, engine: Engine, clock: ManualClock):
        await engine.submit(a_spec(expires_in=10))
        lease = await claim(engine)
        await tick_after(engine, clock, seconds=20)
        assert await engine.finish(lease, a_success()) is State.DONE

    async def test_a_queue_keeps_as_many_ended_jobs_as_it_may(self, engine: Engine):
        await engine.set_queue("default", keep_count=2)
        for name in "abcd":
            await engine.submit(a_spec(job_id=name))
            await engine.finish(await claim(engine), a_success())
        assert names((await engine.page(Filter())).jobs) == ["d", "c"]
        await engine.set_queue("default", keep_count=1)
        assert names((await engine.page(Filter())).jobs) == ["d"]
        await engine.set_queue("default", keep_count=0)
        await engine.submit(a_spec(job_id="e"))
        await engine.cancel("e", "x")
        assert names((await engine.page(Filter())).jobs) == ["e", "d"]

    async def test_a_retried_job_is_not_forgotten_and_holds_up_no_other(self, engine: Engine, clock: ManualClock):
        for name in ("again", "old"):
            await engine.submit(a_spec(job_id=name))
            await engine.cancel(name, "x")
        await engine.retry("again")
        await tick_after(engine, clock, hours=1)
        assert names((await engine.page(Filter())).jobs) == ["again"]
        await engine.set_queue("default", keep_count=1)
        for name in ("b", "c"):
            await engine.submit(a_spec(job_id=name))
            await engine.cancel(name, "x")
        assert names((await engine.page(Filter())).jobs) == ["c", "again"]

    async def test_a_queue_that_may_keep_far_fewer_forgets_the_rest_in_time(self, engine: Engine, clock: ManualClock):
        for _ in range(1_200):
            job, _ = await engine.submit(a_spec())
            await engine.cancel(job.id, "x")
        await engine.set_queue("default", keep_count=10)
        for _ in range(5):
            await engine.tick(clock.now())
        assert (await engine.counts())[State.CANCELLED] == 10

    async def test_queues_keep_for_as_long_as_each_says(self, engine: Engine, clock: ManualClock):
        await engine.set_queue("short", keep=timedelta(seconds=10))
        for queue in ("default", "short"):
            await engine.submit(a_spec(job_id=queue, queue=queue))
            await engine.finish(await claim(engine, queue), a_success())
        await tick_after(engine, clock, seconds=10)
        assert names((await engine.page(Filter())).jobs) == ["default"]

    # --- queues, files, keys

    async def test_a_queue_says_what_was_set_and_what_stands_in_it(self, engine: Engine, clock: ManualClock):
        await engine.set_queue("red", concurrency=3, paused=True)
        await engine.submit(a_spec(queue="red", owner="ann"))
        clock.advance(5)
        await engine.submit(a_spec(queue="red", owner="ben", created_at=clock.now(), priority=9))
        red = next(each for each in await engine.queues() if each.name == "red")
        assert (red.settings.concurrency, red.settings.paused, red.oldest) == (3, True, START)
        assert red.counts == dict.fromkeys(State, 0) | {State.QUEUED: 2}
        hers = next(each for each in await engine.queues(owner="ann") if each.name == "red")
        assert (hers.counts[State.QUEUED], hers.oldest) == (1, START)
        his = next(each for each in await engine.queues(owner="ben") if each.name == "red")
        assert his.oldest == clock.now()
        assert (await engine.counts(owner="ben"))[State.QUEUED] == 1
        assert sum((await engine.counts(owner="nobody")).values()) == 0

    async def test_what_operators_chose_holds_against_the_servers_own_terms(self, engine: Engine):
        await engine.set_queue("red", concurrency=3, keep=timedelta(minutes=5), default=True)
        await engine.set_queue("red", concurrency=5)
        await engine.set_queue("red", concurrency=4, keep=timedelta(minutes=6), keep_count=7, default=True)
        (red,) = [each.settings for each in await engine.queues() if each.name == "red"]
        assert (red.concurrency, red.keep, red.keep_count) == (5, timedelta(minutes=6), 7)

    async def test_a_job_keeps_everything_that_can_be_said_of_it(self, engine: Engine, clock: ManualClock):
        strange = "é € 𝄞 \x00 \ud800 '\"\\"
        spec = a_spec(
            args='{"q":"é𝄞"}'.encode(),
            queue="réd",
            owner="ann",
            priority=-1_000,
            expires_in=1e6,
            dedup_key=strange,
            turn="t",
            tags=("a", strange),
            policy=a_policy(max_attempts=9, timeout=None, total_timeout=1e6, per_key=3),
            key=strange,
        )._replace(credential=bytes(range(32)), traceparent="00-1-2-01")
        job, _ = await engine.submit(spec)
        failed = Failed(Failure("bröken", strange, f"Traceback: {strange}"))
        for _ in range(2):
            clock.advance(0.000_001)
            await engine.finish(await claim(engine, "réd"), failed)
        lease = await claim(engine, "réd")
        await engine.report(lease, progress=Progress(1 / 3, strange), log=strange)
        await engine.report(lease, artifact=Artifact(f"{strange}.txt", "text/plain; charset=utf-8", bytes(range(256))))
        await engine.finish(lease, Succeeded(Result(b'{"brief":1,"bulk":[1]}', b'{"brief":1}')))
        other, _ = await engine.submit(a_spec(owner="ann", run_in=60))
        await engine.cancel(other.id, strange)
        kept = await engine.get(job.id)
        assert kept.spec == spec
        assert [each.failure for each in kept.attempts] == [failed.failure, failed.failure, None]
        assert (await engine.get(other.id)).reason == strange
        assert [line.text for line in await engine.logs(job.id)] == [strange]

    async def test_files_are_kept_with_their_job_and_replaced_by_name(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        lease = await claim(engine)
        for body in (b"one", b"two"):
            await engine.report(lease, artifact=Artifact("a.txt", "text/plain", body))
        await engine.report(lease, artifact=Artifact("b.txt", "text/plain", b""))
        await engine.finish(lease, a_success())
        assert [(each.name, each.body) for each in await engine.artifacts(job.id)] == [
            ("a.txt", b"two"),
            ("b.txt", b""),
        ]
        await engine.remove(job.id)
        with pytest.raises(JobNotFound):
            await engine.artifacts(job.id)

    async def test_a_job_may_not_keep_files_without_end(self, engine: Engine):
        await engine.submit(a_spec())
        lease = await claim(engine)
        with pytest.raises(ArtifactTooLarge):
            await engine.report(lease, artifact=Artifact("x", "text/plain", bytes(33_000_000)))

    async def test_api_keys_are_kept_replaced_and_removed(self, engine: Engine):
        key = ApiKey("k1", b"digest", "ann", frozenset({Scope.READ}), START)
        await engine.put_key(key)
        await engine.put_key(replace(key, name="hers"))
        assert [each.name for each in await engine.keys()] == ["hers"]
        assert await engine.key("k2") is None
        await engine.remove_key("k1")
        with pytest.raises(KeyNotFound):
            await engine.remove_key("k1")
        assert await engine.key("k1") is None

    async def test_only_ended_jobs_are_ever_forgotten(self, engine: Engine, clock: ManualClock):
        await engine.submit(a_spec(job_id="waiting"))
        await engine.submit(a_spec(job_id="running", priority=1))
        lease = await claim(engine)
        for _ in range(200):
            await tick_after(engine, clock, seconds=29)
            await engine.renew(lease)
        assert (await engine.get("waiting")).state is State.QUEUED
        assert (await engine.get("running")).state is State.PROCESSING

    # --- lists

    async def test_a_list_is_newest_first_and_pages_do_not_overlap(self, engine: Engine):
        for name in "abcde":
            await engine.submit(a_spec(job_id=name))
        first = await engine.page(Filter(), limit=2)
        await engine.submit(a_spec(job_id="new"))
        await engine.cancel("d", "x")
        await engine.remove("d")
        second = await engine.page(Filter(), cursor=first.next, limit=2)
        last = await engine.page(Filter(), cursor=second.next, limit=2)
        assert [names(page.jobs) for page in (first, second, last)] == [["e", "d"], ["c", "b"], ["a"]]
        assert last.next is None

    async def test_a_list_shows_what_matches(self, engine: Engine):
        await engine.submit(a_spec(job_id="hers", owner="ann", kind="x"))
        await engine.submit(a_spec(job_id="his", owner="ben", kind="y", queue="red"))
        await engine.cancel("hers", "x")
        for where in (Filter(owner="ann"), Filter(state=State.CANCELLED), Filter(kind="x"), Filter(queue="default")):
            assert names((await engine.page(where)).jobs) == ["hers"]

    async def test_a_list_is_searched_by_tag_time_text_and_arrival(self, engine: Engine, clock: ManualClock):
        await engine.submit(a_spec(job_id="old", args=b'{"name":"Old","q":"say \\"hi\\"\\n"}', tags=("a", "b")))
        clock.advance(10)
        new, _ = await engine.submit(a_spec(job_id="new", kind="Paint", created_at=clock.now()))
        for where, found in (
            (Filter(tag="b"), ["old"]),
            (Filter(tag="c"), []),
            (Filter(created_after=START), ["new"]),
            (Filter(created_before=clock.now()), ["old"]),
            (Filter(text="OLD"), ["old"]),
            (Filter(text="paint"), ["new"]),
            (Filter(text='say "HI"\n'), ["old"]),
            (Filter(arrived_by=new.number - 1), ["old"]),
            (Filter(owner="nobody"), []),
        ):
            assert names((await engine.page(where)).jobs) == found, where

    @pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "MjAyNiBqb2I=", "MjAyNi0wMS0wMSBqb2I="])
    async def test_a_strange_cursor_is_refused(self, engine: Engine, cursor: str):
        with pytest.raises(InvalidRequest):
            await engine.page(Filter(), cursor=cursor)

    # --- events

    async def test_every_change_is_announced_in_order_and_can_be_read_when_heard(self, engine: Engine):
        with engine.events() as changes:
            job, _ = await engine.submit(a_spec(policy=a_policy(max_attempts=2)))
            await engine.finish(await claim(engine), a_failure())
            lease = await claim(engine)
            await engine.report(lease, progress=Progress(0.5))
            await engine.finish(lease, a_success())
            heard = [await anext(changes) for _ in range(6)]
        assert [event.type for event in heard] == [
            EventType.QUEUED,
            EventType.STARTED,
            EventType.RETRYING,
            EventType.STARTED,
            EventType.PROGRESS,
            EventType.DONE,
        ]
        assert [event.seq for event in heard] == list(range(heard[0].seq, heard[0].seq + 6))
        assert heard[-1].job == news_of(await engine.get(job.id))

    async def test_a_listener_of_one_job_hears_of_no_other(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        with engine.events(only(job.id)) as changes:
            await engine.submit(a_spec())
            await engine.cancel(job.id, "x")
            assert (await anext(changes)).type is EventType.CANCELLED

    async def test_a_listener_hears_of_one_owners_jobs_or_of_some_queues_or_types(self, engine: Engine):
        wanted = {
            Interest(owner="ann"): ["hers"],
            Interest(queues=frozenset({"red"})): ["his"],
            Interest(types=frozenset({EventType.CANCELLED})): ["hers"],
            Interest(owner="ann", jobs=frozenset({"his"})): [],
        }
        listeners = [engine.events(where) for where in wanted]
        await engine.submit(a_spec(job_id="hers", owner="ann"))
        await engine.submit(a_spec(job_id="his", owner="ben", queue="red"))
        await engine.cancel("hers", "x")
        for listener, heard in zip(listeners, wanted.values(), strict=True):
            listener.close()
            assert {event.job.id async for event in listener if event.job} == set(heard)

    async def test_a_forgotten_job_is_announced_as_expired(self, engine: Engine):
        job, _ = await engine.submit(a_spec())
        await engine.cancel(job.id, "x")
        with engine.events(only(job.id)) as changes:
            await engine.remove(job.id)
            assert (await anext(changes)).type is EventType.EXPIRED

    async def test_a_number_from_before_a_restart_is_told_as_a_gap_up_to_now(self, engine: Engine):
        await engine.submit(a_spec())
        with engine.events(after=99_999) as changes:
            gap = await anext(changes)
            job, _ = await engine.submit(a_spec())
            following = await anext(changes)
        assert (gap.type, gap.seq) == (EventType.GAP, following.seq - 1)
        assert following.job is not None
        assert following.job.id == job.id

    async def test_a_deadline_nearer_than_the_last_one_wakes_who_waits_for_it(self, engine: Engine):
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            waiting = group.create_task(engine.wait_due(60))
            await asyncio.sleep(0)
            await engine.submit(a_spec(run_in=1))
        assert waiting.done()

    async def test_a_deadline_nearer_than_one_that_is_waited_for_wakes_as_well(self, engine: Engine):
        await engine.submit(a_spec(run_in=60))
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            waiting = group.create_task(engine.wait_due(60))
            await asyncio.sleep(0)
            await engine.submit(a_spec(run_in=1))
        assert waiting.done()


async def claim(engine: Engine, queue: str = "default", *, wait: float = 1) -> Lease:
    lease = await engine.claim([queue], worker="w", lease=LEASE, wait=wait)
    assert lease is not None
    return lease


async def claim_soon(engine: Engine) -> Lease:
    """A lease that comes because of what happens, and not because the wait for it is over."""
    async with asyncio.timeout(10):
        return await claim(engine, wait=600)


async def ahead(engine: Engine, job_id: str) -> int:
    position = await engine.position(job_id)
    assert position is not None
    assert position.exact
    return position.ahead


async def tick_after(engine: Engine, clock: ManualClock, *, seconds: float = 0, hours: float = 0) -> object:
    return await engine.tick(clock.advance(timedelta(seconds=seconds, hours=hours)))


def only(job_id: str) -> Interest:
    return Interest(jobs=frozenset({job_id}))


def names(jobs: tuple[Job, ...]) -> list[str]:
    return [job.id for job in jobs]
