"""The service against a plain dictionary, and the rules that are its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.errors import InvalidRequest, JobNotFound, ShuttingDown, WrongState
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import Filter, IdempotencyKey, Interrupted, Lease, Outcome, State
from jobserver.jobs.policy import RunTimes
from jobserver.jobs.service import Jobs, Submission
from jobserver.workers.registry import Handler
from tests.make import LEASE, START, a_failure, a_policy, a_success


async def nothing(_context: object, _args: object) -> None:
    return None


def a_service(*, max_attempts: int = 2, limit: int = 100) -> tuple[Jobs, MemoryEngine, ManualClock]:
    clock = ManualClock(START)
    engine = MemoryEngine(clock, limits=Limits(jobs=limit))
    kinds = {"echo": Handler("echo", nothing, policy=a_policy(max_attempts=max_attempts, delay=5))}
    return Jobs(engine, kinds, clock, RunTimes()), engine, clock


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
    for verb in (jobs.get, jobs.cancel, jobs.retry, jobs.events):
        with pytest.raises(JobNotFound):
            await verb(mine.job.id, "ben")
    with pytest.raises(JobNotFound):
        await jobs.wait(mine.job.id, "ben", 1)
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
    jobs._times.observe("echo", 10)
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


class Life(RuleBasedStateMachine):
    """Submit, claim, finish, cancel, retry and time, in any order: the service agrees with a dictionary of states."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.jobs, self.engine, self.clock = a_service()
        self.expected: dict[str, State] = {}
        self.leases: list[Lease] = []

    def teardown(self) -> None:
        self.loop.close()

    def do(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(step)

    def states(self, *wanted: State) -> list[str]:
        return [job_id for job_id, state in self.expected.items() if state in wanted]

    @rule()
    def submit(self) -> None:
        standing, _ = self.do(self.jobs.submit(a_submission()))
        self.expected[standing.job.id] = State.QUEUED

    @rule()
    def claim(self) -> None:
        lease = self.do(self.engine.claim(["default"], worker="w", lease=LEASE, wait=0))
        assert (lease is not None) == bool(self.states(State.QUEUED))
        if isinstance(lease, Lease):
            assert self.expected[lease.job.id] is State.QUEUED
            self.expected[lease.job.id] = State.PROCESSING
            self.leases.append(lease)

    @rule(
        outcome=st.sampled_from([a_success(), a_failure(), a_failure(retry=False), a_failure(after=0), Interrupted()])
    )
    def finish(self, outcome: Outcome) -> None:
        if not self.leases:
            return
        lease = self.leases.pop()
        state = self.do(self.engine.finish(lease, outcome))
        if self.expected[lease.job.id] is State.CANCELLED:
            assert state is State.CANCELLED
        else:
            self.expected[lease.job.id] = state

    @rule(which=st.integers(0, 50))
    def cancel(self, which: int) -> None:
        self._act(self.jobs.cancel, which, State.CANCELLED, {State.QUEUED, State.SCHEDULED, State.PROCESSING})

    @rule(which=st.integers(0, 50))
    def retry(self, which: int) -> None:
        job_id = self._act(self.jobs.retry, which, State.QUEUED, {State.FAILED, State.CANCELLED})
        self.leases = [lease for lease in self.leases if lease.job.id != job_id]

    def _act(
        self, verb: Callable[..., Coroutine[Any, Any, Any]], which: int, becomes: State, legal: set[State]
    ) -> str | None:
        if not self.expected:
            return None
        job_id = list(self.expected)[which % len(self.expected)]
        if self.expected[job_id] not in legal:
            with pytest.raises(WrongState):
                self.do(verb(job_id, "ann"))
            return None
        self.do(verb(job_id, "ann"))
        self.expected[job_id] = becomes
        return job_id

    @rule(seconds=st.sampled_from([1, 6, 25, 3_601]))
    def time_passes(self, seconds: int) -> None:
        if seconds < 30:
            for lease in self.leases:
                if self.expected[lease.job.id] is State.PROCESSING:
                    self.do(self.engine.renew(lease))
        ended = self.states(State.DONE, State.FAILED, State.CANCELLED)
        self.do(self.engine.tick(self.clock.advance(timedelta(seconds=seconds))))
        for job_id in list(self.expected):
            try:
                standing = self.do(self.jobs.get(job_id, "ann"))
            except JobNotFound:
                assert job_id in ended, "an unfinished job was lost"
                del self.expected[job_id]
                continue
            self._check_move(job_id, standing.job.state, seconds)
        self.leases = [lease for lease in self.leases if lease.job.id in self.expected and self._holds(lease)]

    def _check_move(self, job_id: str, state: State, seconds: int) -> None:
        before = self.expected[job_id]
        if state is not before:
            due = before is State.SCHEDULED and state is State.QUEUED
            lost = before is State.PROCESSING and seconds > 30
            assert due or lost, f"{before} became {state}"
        self.expected[job_id] = state

    def _holds(self, lease: Lease) -> bool:
        return self.engine._shelf.jobs[lease.job.id].token == lease.token

    @invariant()
    def positions_are_one_to_n(self) -> None:
        waiting = self.states(State.QUEUED)
        found = [self.do(self.jobs.get(job_id, "ann")).position.ahead for job_id in waiting]
        assert sorted(found) == list(range(len(waiting)))

    @invariant()
    def every_job_is_where_it_should_be(self) -> None:
        for job_id, state in self.expected.items():
            job = self.do(self.jobs.get(job_id, "ann")).job
            assert job.state is state
            assert 0 <= job.attempt <= job.spec.policy.max_attempts
        counts = self.do(self.jobs.counts())
        assert sum(counts.values()) == len(self.expected)


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase
