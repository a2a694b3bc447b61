"""What may happen to jobs, in any order, against a plain model: a new engine is tried by a subclass that makes it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jobserver.errors import JobNotFound, LeaseLost, QuotaExceeded, WrongState
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.engine import Engine
from jobserver.jobs.event_log import Listener
from jobserver.jobs.events import Event, EventType
from jobserver.jobs.model import Filter, IdempotencyKey, Interrupted, Job, Lease, Outcome, State
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.jobs.submission import Submission
from jobserver.workers.registry import Handler
from tests.make import LEASE, START, a_failure, a_policy, a_success

T = TypeVar("T")

OWNERS = ("ann", "ben")
KEEP = timedelta(hours=1)
ENDED = {State.DONE, State.FAILED, State.CANCELLED}
WORDS = {
    EventType.QUEUED: State.QUEUED,
    EventType.SCHEDULED: State.SCHEDULED,
    EventType.STARTED: State.PROCESSING,
    EventType.DONE: State.DONE,
    EventType.FAILED: State.FAILED,
    EventType.CANCELLED: State.CANCELLED,
}


@dataclass
class Known:
    """What the model knows of a job. ``line``: its place in the order of those that wait; lower goes first."""

    owner: str
    priority: int
    turn: str | None
    dedup: str | None
    state: State
    line: int
    due: datetime | None = None
    expires: datetime | None = None
    started: bool = False
    attempt: int = 0
    deaths: int = 0
    ended: datetime | None = None
    lease: Lease | None = None
    lease_ends: datetime = field(default=START)


async def nothing(_context: object, _args: object) -> None:
    return None


class ServiceMachine(RuleBasedStateMachine):
    """Give `make`: an engine on that clock that takes any number of jobs. Durable ones give `reopen` as well."""

    max_attempts = 2

    def make(self, clock: ManualClock) -> Engine:
        raise NotImplementedError

    def reopen(self, engine: Engine, *, crash: bool) -> Engine | None:
        """The engine as it is after a restart, or None where nothing outlives one. ``crash``: nobody closed it."""
        return None

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(START)
        self.known: dict[str, Known] = {}
        self.keys: dict[tuple[str, str], str] = {}
        self.line = 0
        self.stale: list[Lease] = []
        self.paused = False
        self.concurrency = 0
        self.told: dict[str, State] = {}
        self.last_seq = 0

    @initialize()
    def start(self) -> None:
        self.engine = self.make(self.clock)
        self.do(self.engine.open())
        self._serve()
        self.listener: Listener = self.jobs.listen()

    def _serve(self) -> None:
        policy = a_policy(max_attempts=self.max_attempts, delay=5, per_key=2)
        self.jobs = Jobs(self.engine, {"echo": Handler("echo", nothing, policy=policy)}, self.clock, Stats())

    def teardown(self) -> None:
        self.do(self.engine.close())
        self.loop.close()

    def do(self, step: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(step)

    def those(self, *states: State) -> list[str]:
        return [job_id for job_id, known in self.known.items() if known.state in states]

    # --- what clients do

    @rule(
        many=st.integers(1, 4),
        owner=st.sampled_from(["ann", "ann", "ann", "ben"]),
        priority=st.sampled_from([0, 0, 0, 5]),
        delay=st.sampled_from([None, None, None, 10]),
        expires=st.sampled_from([None, None, 20]),
        turn=st.sampled_from([None, "a", "a", "b"]),
    )
    def submit(
        self, many: int, owner: str, priority: int, delay: float | None, expires: float | None, turn: str | None
    ) -> None:
        asked = Submission(
            "echo",
            {"text": "hé"},
            owner,
            priority=priority,
            delay=None if delay is None else timedelta(seconds=delay),
            expires_in=None if expires is None else timedelta(seconds=expires),
            concurrency_key=turn,
        )
        for _ in range(many):
            standing, created = self.do(self.jobs.submit(asked))
            assert created
            self._learn(standing.job)

    @rule(owner=st.sampled_from(OWNERS), dedup=st.sampled_from([None, "d"]), key=st.sampled_from([None, "k", "l"]))
    def submit_what_may_be_known(self, owner: str, dedup: str | None, key: str | None) -> None:
        idempotency = None if key is None else IdempotencyKey(key, b"same", timedelta(days=365))
        asked = Submission("echo", {}, owner, dedup_key=dedup, idempotency=idempotency)
        unfinished = [(each, self.known[each]) for each in self._unfinished()]
        twins = [each for each, known in unfinished if dedup and (known.owner, known.dedup) == (owner, dedup)]
        standing, created = self.do(self.jobs.submit(asked))
        if key is not None and (owner, key) in self.keys:
            assert (standing.job.id, created) == (self.keys[owner, key], False)
        elif twins:
            assert (standing.job.id, created) == (*twins, False)
            if key is not None:
                self.keys[owner, key] = standing.job.id
        else:
            assert created
            self._learn(standing.job)
            if key is not None:
                self.keys[owner, key] = standing.job.id

    @rule(which=st.integers(0, 50), other=st.booleans())
    def cancel(self, which: int, other: bool) -> None:
        if (
            job_id := self._act(self.jobs.cancel, which, {State.QUEUED, State.SCHEDULED, State.PROCESSING}, other)
        ) is None:
            return
        self._end(job_id, State.CANCELLED)

    @rule(which=st.integers(0, 50), other=st.booleans())
    def retry(self, which: int, other: bool) -> None:
        held = {(self.known[each].owner, self.known[each].dedup) for each in self._unfinished()}
        free = [each for each in self.known if not self._dedup_key_of(each) or self._dedup_key_of(each) not in held]
        legal = {State.FAILED, State.CANCELLED}
        if (job_id := self._act(self.jobs.retry, which, legal, other, among=free)) is None:
            return
        known = self.known[job_id]
        self._let_go(known)
        known.state, known.line, known.ended, known.expires = State.QUEUED, self._next_line(), None, None
        known.attempt = known.deaths = 0

    @rule(which=st.integers(0, 50), other=st.booleans())
    def promote(self, which: int, other: bool) -> None:
        if (job_id := self._act(self.jobs.promote, which, {State.SCHEDULED}, other)) is not None:
            self.known[job_id].state, self.known[job_id].line = State.QUEUED, self._next_line()

    @rule(which=st.integers(0, 50), other=st.booleans())
    def remove(self, which: int, other: bool) -> None:
        if (job_id := self._act(self.jobs.remove, which, ENDED, other)) is not None:
            self._let_go(self.known.pop(job_id))

    @rule()
    def ask_for_more_than_the_quota(self) -> None:
        mine = sum(self.known[each].owner == "ann" for each in self._unfinished())
        with pytest.raises(QuotaExceeded):
            self.do(self.jobs.submit(Submission("echo", {}, "ann", quota=mine)))

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.do(self.jobs.set_queue("default", paused=paused))
        self.paused = paused

    @rule(concurrency=st.sampled_from([0, 0, 1, 3]))
    def limit(self, concurrency: int) -> None:
        self.do(self.jobs.set_queue("default", concurrency=concurrency))
        self.concurrency = concurrency

    # --- what workers do

    @rule(times=st.integers(1, 4))
    def claim(self, times: int) -> None:
        for _ in range(times):
            self._claim()

    def _claim(self) -> None:
        lease = self.do(self.engine.claim(["default"], worker="w", lease=LEASE, wait=0))
        candidates = self._candidates()
        assert (lease is not None) == bool(candidates)
        if lease is None:
            return
        known = self.known[lease.job.id]
        assert lease.job.id in candidates, "not its turn"
        known.state, known.lease, known.started = State.PROCESSING, lease, True
        known.attempt += 1
        assert lease.job.attempt == known.attempt
        known.lease_ends = self.clock.now() + LEASE

    @precondition(lambda self: any(known.lease for known in self.known.values()))
    @rule(
        which=st.integers(0, 50),
        outcome=st.sampled_from([a_success(), a_failure(), a_failure(retry=False), a_failure(after=0), Interrupted()]),
    )
    def finish(self, which: int, outcome: Outcome) -> None:
        leased = [(job_id, known, known.lease) for job_id, known in self.known.items() if known.lease]
        job_id, known, lease = leased[which % len(leased)]
        state = self.do(self.engine.finish(lease, outcome))
        if known.state is State.CANCELLED:
            assert state is State.CANCELLED
            return
        self._let_go(known)
        if state in ENDED:
            self._end(job_id, state)
            return
        known.state = state
        known.line = -self._next_line() if isinstance(outcome, Interrupted) else self._next_line()
        known.attempt -= isinstance(outcome, Interrupted)
        # The longer, the more attempts there were, and each death of the server was one.
        known.due = self.do(self.engine.get(job_id)).deadline if state is State.SCHEDULED else None

    @precondition(lambda self: self.stale)
    @rule(which=st.integers(0, 50))
    def finish_too_late(self, which: int) -> None:
        lease = self.stale[which % len(self.stale)]
        with pytest.raises(LeaseLost):
            self.do(self.engine.finish(lease, a_success()))
        with pytest.raises(LeaseLost):
            self.do(self.engine.renew(lease))

    @rule(seconds=st.sampled_from([1, 6, 25, 3_601]), renew=st.booleans())
    def time_passes(self, seconds: int, renew: bool) -> None:
        for known in self.known.values():
            if renew and known.lease and known.state is State.PROCESSING:
                self.do(self.engine.renew(known.lease))
                known.lease_ends = self.clock.now() + LEASE
        now = self.clock.advance(timedelta(seconds=seconds))
        while (following := self.do(self.engine.tick(now))) is not None and following <= now:
            pass
        for job_id in sorted(self.known, key=lambda each: self.known[each].due or now):
            self._time_passed(job_id, now)

    def _time_passed(self, job_id: str, now: datetime) -> None:
        """Learn what became of a job, which must be what the time that passed allows."""
        known = self.known[job_id]
        try:
            state = self.do(self.jobs.get(job_id, known.owner)).job.state
        except JobNotFound:
            assert known.ended is not None, "an unfinished job was lost"
            assert known.ended + KEEP <= now, "a job was forgotten early"
            self._let_go(self.known.pop(job_id))
            return
        assert known.ended is None or known.ended + KEEP > now, "a job was kept too long"
        if state is known.state:
            assert known.state is not State.SCHEDULED or known.due is None or known.due > now
            assert known.state is not State.PROCESSING or known.lease_ends > now
            return
        due = known.state is State.SCHEDULED and known.due is not None and known.due <= now
        expired = due or known.state is State.QUEUED
        expired = expired and not known.started and known.expires is not None and known.expires <= now
        lost = known.state is State.PROCESSING and known.lease_ends <= now
        assert (
            (state is State.QUEUED and (due or lost))
            or (state is State.SCHEDULED and lost)
            or (state is State.FAILED and (expired or lost))
        ), f"{known.state} became {state}"
        if state is State.FAILED:
            self._end(job_id, state, now)
        else:
            known.state, known.line = state, self._next_line()
            known.due = self.do(self.jobs.get(job_id, known.owner)).job.deadline if state is State.SCHEDULED else None
        if lost:
            self._let_go(known)

    @rule(crash=st.booleans())
    def restart(self, crash: bool) -> None:
        """A polite stop costs nothing; a crash costs those that ran an attempt, and the third of a job's ends it."""
        if not self.engine.caps.durable:
            return
        for job_id in () if crash else self.those(State.PROCESSING):
            self._interrupt(self.known[job_id])
        self.engine = self.reopen(self.engine, crash=crash) or self.engine
        self._serve()
        self.listener = self.jobs.listen(after=self.last_seq)
        for job_id in self.those(State.PROCESSING):
            self._rescued(job_id, self.do(self.jobs.get(job_id, None)).job)

    @rule(times=st.integers(1, 3))
    def crash_again_and_again(self, times: int) -> None:
        for _ in range(times if self.engine.caps.durable else 0):
            self.claim(4)
            self.restart(crash=True)
            self.time_passes(25, renew=False)

    def _interrupt(self, known: Known) -> None:
        assert known.lease is not None
        self.do(self.engine.finish(known.lease, Interrupted()))
        known.state, known.line = State.QUEUED, -self._next_line()
        known.attempt -= 1
        self._let_go(known)

    def _rescued(self, job_id: str, job: Job) -> None:
        known = self.known[job_id]
        known.deaths += 1
        self._let_go(known)
        poison, over = known.deaths == 3, known.attempt == self.max_attempts
        code = job.attempts[-1].failure and job.attempts[-1].failure.code
        assert code == ("poison" if poison else "server_died")
        if poison or over:
            assert (job.state, job.failure and job.failure.code) == (State.FAILED, code)
            self._end(job_id, State.FAILED)
        else:
            assert job.state is State.SCHEDULED
            known.state, known.due = State.SCHEDULED, job.deadline

    # --- what must hold

    @invariant()
    def every_job_is_as_the_model_has_it(self) -> None:
        if not hasattr(self, "engine"):
            return
        for job_id, known in self.known.items():
            job = self.do(self.jobs.get(job_id, known.owner)).job
            assert job.state is known.state
            assert 0 <= job.attempt <= job.spec.policy.max_attempts
        counts = self.do(self.jobs.counts())
        assert counts == {state: len(self.those(state)) for state in State}

    @invariant()
    def positions_are_one_to_n_where_nobody_takes_turns(self) -> None:
        waiting = self.those(State.QUEUED)
        standings = [self.do(self.jobs.get(job_id, None)).position for job_id in waiting]
        assert all(position is not None for position in standings)
        if len({self.known[each].turn and (self.known[each].owner, self.known[each].turn) for each in waiting}) <= 1:
            assert sorted(position.ahead for position in standings if position) == list(range(len(waiting)))

    @invariant()
    def each_owner_lists_exactly_its_own(self) -> None:
        for owner in OWNERS if self.known else ():
            page = self.do(self.jobs.page(Filter(), owner, limit=500))
            mine = [job_id for job_id, known in self.known.items() if known.owner == owner]
            assert [job.id for job in page.jobs] == mine[::-1]

    @invariant()
    def what_was_heard_is_what_stands(self) -> None:
        if not hasattr(self, "engine"):
            return
        for event in self.listener.take():
            self._hear(event)
        assert {job_id: known.state for job_id, known in self.known.items()} == self.told

    def _hear(self, event: Event) -> None:
        assert event.seq == self.last_seq + 1
        self.last_seq = event.seq
        if event.job is None:
            return
        if event.type is EventType.EXPIRED:
            del self.told[event.job.id]
        elif event.type in WORDS or event.type is EventType.RETRYING:
            assert event.type not in WORDS or event.job.state is WORDS[event.type]
            self.told[event.job.id] = event.job.state

    # --- the model

    def _dedup_key_of(self, job_id: str) -> tuple[str, str] | None:
        known = self.known[job_id]
        return None if known.dedup is None else (known.owner, known.dedup)

    def _act(
        self, verb: Any, which: int, legal: set[State], other: bool, *, among: list[str] | None = None
    ) -> str | None:
        """The job that the verb was done to; None when it was refused, as it had to be."""
        if not self.known:
            return None
        job_id = list(self.known)[which % len(self.known)]
        known = self.known[job_id]
        if other:
            with pytest.raises(JobNotFound):
                self.do(verb(job_id, "ben" if known.owner == "ann" else "ann"))
            return None
        if known.state not in legal or (among is not None and job_id not in among):
            with pytest.raises(WrongState):
                self.do(verb(job_id, known.owner))
            return None
        self.do(verb(job_id, known.owner))
        return job_id

    def _candidates(self) -> set[str]:
        """Who may be handed out now: the first of each lane of the highest priority that has one with room."""
        running = [self.known[each] for each in self.those(State.PROCESSING)]
        if self.paused or (self.concurrency and len(running) >= self.concurrency):
            return set()
        firsts: dict[tuple[int, Any], str] = {}
        for job_id in sorted(self.those(State.QUEUED), key=lambda each: self.known[each].line):
            known = self.known[job_id]
            firsts.setdefault((known.priority, known.turn and (known.owner, known.turn)), job_id)
        able = [
            (priority, job_id)
            for (priority, turn), job_id in firsts.items()
            if turn is None or sum((each.owner, each.turn) == turn for each in running) < 2
        ]
        highest = max((priority for priority, _ in able), default=0)
        return {job_id for priority, job_id in able if priority == highest}

    def _unfinished(self) -> list[str]:
        return self.those(State.QUEUED, State.SCHEDULED, State.PROCESSING)

    def _end(self, job_id: str, state: State, now: datetime | None = None) -> None:
        known = self.known[job_id]
        known.state, known.ended = state, now or self.clock.now()

    def _learn(self, job: Job) -> None:
        """A new job was accepted."""
        spec = job.spec
        self.known[job.id] = Known(
            spec.owner,
            spec.priority,
            spec.concurrency_key,
            spec.dedup_key,
            State.SCHEDULED if spec.run_at else State.QUEUED,
            self._next_line(),
            due=spec.run_at,
            expires=spec.expires_at,
        )

    def _let_go(self, known: Known) -> None:
        if known.lease is not None:
            self.stale.append(known.lease)
            known.lease = None

    def _next_line(self) -> int:
        self.line += 1
        return self.line
