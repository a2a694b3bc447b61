"""The transition table: what is not in it is refused, and every verb does what its name says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from jobserver.errors import WrongState
from jobserver.jobs import states
from jobserver.jobs.model import Attempt, Job, Progress, Result, State
from jobserver.jobs.states import ALLOWED, Verb
from tests.make import LEASE, START, a_failure, a_policy, a_spec

KEEP = timedelta(hours=1)
DO: dict[Verb, Callable[[Job], Job | None]] = {
    Verb.ENQUEUE: states.enqueue,
    Verb.PROMOTE: states.promote,
    Verb.START: lambda job: states.start(job, token="t", worker="w", now=START, lease=LEASE),
    Verb.SUCCEED: lambda job: states.succeed(job, Result(b"1"), now=START, keep=KEEP),
    Verb.FAIL: lambda job: states.fail(job, a_failure(), now=START, keep=KEEP),
    Verb.EXPIRE: lambda job: states.expire(job, now=START, keep=KEEP),
    Verb.INTERRUPT: states.interrupt,
    Verb.CANCEL: lambda job: states.cancel(job, "x", now=START, keep=KEEP),
    Verb.RETRY: states.retry,
    Verb.FORGET: lambda job: states.deadline_passed(job, now=START, keep=KEEP),
}


STARTED: dict[str, Any] = {"token": "t", "worker": "w", "now": START, "lease": LEASE}


def a_job(state: State) -> Job:
    attempts = (Attempt(1, START, "w"),) if state is State.PROCESSING else ()
    return Job(a_spec(), state, attempt=len(attempts), attempts=attempts, deadline=START)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", [verb for verb in Verb if verb is not Verb.FORGET])
def test_a_verb_works_exactly_where_the_table_allows_it(verb: Verb, state: State):
    job = a_job(state)
    if state in ALLOWED[verb]:
        changed = DO[verb](job)
        assert changed is not None
        assert changed.version == job.version + 1
    else:
        with pytest.raises(WrongState, match=state):
            DO[verb](job)


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        (State.SCHEDULED, State.QUEUED),
        (State.QUEUED, State.FAILED),
        (State.PROCESSING, State.FAILED),
        (State.DONE, None),
        (State.FAILED, None),
        (State.CANCELLED, None),
    ],
)
def test_the_passing_of_a_deadline_means_one_thing_in_each_state(state: State, becomes: State | None):
    changed = states.deadline_passed(a_job(state), now=START, keep=KEEP)
    assert (changed and changed.state) == becomes


def test_only_a_job_that_was_never_started_expires():
    job = states.create(a_spec(expires_in=10), 1)
    assert job.deadline == START + timedelta(seconds=10)
    interrupted = states.interrupt(states.start(job, token="t", worker="w", now=START, lease=LEASE))
    failed = states.fail(
        states.start(states.create(a_spec(expires_in=10, policy=a_policy(max_attempts=2)), 1), **STARTED),
        a_failure(),
        now=START,
        keep=KEEP,
    )
    assert (interrupted.deadline, failed.state, failed.deadline) == (None, State.QUEUED, None)


@pytest.mark.parametrize("again", [states.enqueue, states.promote])
def test_a_job_that_waits_for_another_attempt_expires_no_more(again: Callable[[Job], Job]):
    policy = a_policy(max_attempts=2, delay=60)
    job = states.start(states.create(a_spec(expires_in=10, policy=policy), 1), **STARTED)
    waiting = states.fail(job, a_failure(), now=START, keep=KEEP)
    assert (waiting.state, again(waiting).deadline) == (State.SCHEDULED, None)


def test_a_job_that_expired_can_be_retried_and_does_not_expire_again():
    job = states.expire(states.create(a_spec(expires_in=10), 1), now=START, keep=KEEP)
    assert (job.state, job.failure and job.failure.code) == (State.FAILED, "expired")
    assert states.retry(job).deadline is None


def test_the_time_for_the_whole_job_bounds_its_attempts_and_its_waits():
    policy = a_policy(max_attempts=10, timeout=40, total_timeout=60, delay=30, factor=1)
    job = states.start(states.create(a_spec(policy=policy), 1), **STARTED)
    assert states.time_left(job, START) == timedelta(seconds=40)
    job = states.fail(job, a_failure(), now=START + timedelta(seconds=20), keep=KEEP)
    assert job.state is State.SCHEDULED
    job = states.start(states.enqueue(job), **STARTED | {"now": START + timedelta(seconds=50)})
    assert states.time_left(job, START + timedelta(seconds=50)) == timedelta(seconds=10)
    job = states.fail(job, a_failure(), now=START + timedelta(seconds=55), keep=KEEP)
    assert job.state is State.FAILED
    again = states.start(states.retry(job), **STARTED | {"now": START + timedelta(days=1)})
    assert states.time_left(again, START + timedelta(days=1)) == timedelta(seconds=40)


def test_the_time_for_the_whole_job_counts_from_its_first_attempt_however_many_follow():
    policy = a_policy(max_attempts=1_000, total_timeout=100, delay=1, factor=1)
    job = states.create(a_spec(policy=policy), 1)
    seconds = 0
    while not job.state.ended:
        job = job if job.state is State.QUEUED else states.enqueue(job)
        job = states.start(job, **STARTED | {"now": START + timedelta(seconds=seconds)})
        if seconds == 50:
            job = states.start(states.interrupt(job), **STARTED | {"now": START + timedelta(seconds=seconds)})
        job = states.fail(job, a_failure(), now=START + timedelta(seconds=seconds), keep=KEEP)
        seconds += 1
    assert (job.attempt, len(job.attempts), job.started_at) == (100, 20, START)
    assert [attempt.number for attempt in job.attempts] == [1, *range(82, 101)]


def test_a_job_for_a_time_that_has_passed_is_queued_at_once():
    assert states.create(a_spec(run_in=-5), 1).state is State.QUEUED


def test_no_version_is_ever_used_twice_on_the_way_through_a_life():
    job = states.create(a_spec(policy=a_policy(max_attempts=2)), 1)
    versions = [job.version]
    for step in (
        DO[Verb.START],
        lambda job: states.report(job, Progress(0.5)),
        DO[Verb.INTERRUPT],
        DO[Verb.START],
        DO[Verb.FAIL],
        DO[Verb.START],
        DO[Verb.FAIL],
        DO[Verb.RETRY],
        DO[Verb.START],
        DO[Verb.SUCCEED],
    ):
        changed = step(job)
        assert changed is not None
        job = changed
        versions.append(job.version)
    assert versions == sorted(set(versions))
    assert job.state is State.DONE


def test_renewing_a_lease_is_no_change_that_others_can_see():
    job = a_job(State.PROCESSING)
    later = START + timedelta(seconds=5)
    assert states.renew(job, deadline=later) == job._replace(deadline=later)


# --- what the death of a server costs


def died(times: int, *, max_attempts: int, delay: float = 0) -> Job:
    """A job that ran on so many servers in a row which died."""
    job = states.create(a_spec(policy=a_policy(max_attempts=max_attempts, delay=delay)), 1)
    for _ in range(times):
        if job.state is State.SCHEDULED:
            job = states.enqueue(job)
        job = states.rescue(states.start(job, **STARTED), now=START, keep=KEEP)
    return job


def test_the_death_of_the_server_is_an_attempt_that_failed():
    job = died(1, max_attempts=2)
    assert (job.state, job.attempt, job.token) == (State.QUEUED, 1, None)
    assert job.attempts[0].failure == states.SERVER_DIED
    assert job.attempts[0].ended_at == START
    assert died(1, max_attempts=2, delay=10).state is State.SCHEDULED


def test_the_death_of_the_server_in_the_last_attempt_fails_the_job():
    job = died(2, max_attempts=2)
    assert (job.state, job.failure, job.deadline) == (State.FAILED, states.SERVER_DIED, START + KEEP)


def test_a_job_under_which_three_servers_died_is_poison_however_many_attempts_are_left():
    assert died(2, max_attempts=9).state is State.QUEUED
    job = died(3, max_attempts=9)
    assert (job.state, job.failure) == (State.FAILED, states.POISON)
    assert [each.failure for each in job.attempts] == [states.SERVER_DIED, states.SERVER_DIED, states.POISON]


def test_attempts_that_failed_by_themselves_and_those_before_a_retry_are_no_deaths():
    job = died(2, max_attempts=9)
    job = states.fail(states.start(job, **STARTED), a_failure(), now=START, keep=KEEP)
    assert states.rescue(states.start(job, **STARTED), now=START, keep=KEEP).failure == states.POISON
    again = states.retry(died(3, max_attempts=9))
    for _ in range(2):
        again = states.rescue(states.start(again, **STARTED), now=START, keep=KEEP)
        assert again.state is State.QUEUED


def test_only_a_job_that_is_worked_on_is_rescued():
    for state in set(State) - {State.PROCESSING}:
        with pytest.raises(WrongState):
            states.rescue(a_job(state), now=START, keep=KEEP)
