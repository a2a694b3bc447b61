"""The transition table: what is not in it is refused, and every verb does what its name says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from jobserver.errors import WrongState
from jobserver.jobs import states
from jobserver.jobs.model import Attempt, Job, Progress, Result, State
from jobserver.jobs.states import ALLOWED, Verb
from tests.make import LEASE, START, a_failure, a_policy, a_spec

DO: dict[Verb, Callable[[Job], Job | None]] = {
    Verb.ENQUEUE: states.enqueue,
    Verb.PROMOTE: states.promote,
    Verb.START: lambda job: states.start(job, token="t", worker="w", now=START, lease=LEASE),
    Verb.SUCCEED: lambda job: states.succeed(job, Result(b"1"), now=START),
    Verb.FAIL: lambda job: states.fail(job, a_failure(), now=START),
    Verb.INTERRUPT: states.interrupt,
    Verb.CANCEL: lambda job: states.cancel(job, "x", now=START),
    Verb.RETRY: states.retry,
    Verb.FORGET: lambda job: states.deadline_passed(job, now=START),
}


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
        (State.PROCESSING, State.FAILED),
        (State.DONE, None),
        (State.FAILED, None),
        (State.CANCELLED, None),
    ],
)
def test_the_passing_of_a_deadline_means_one_thing_in_each_state(state: State, becomes: State | None):
    changed = states.deadline_passed(a_job(state), now=START)
    assert (changed and changed.state) == becomes


def test_a_queued_job_has_no_deadline_to_pass():
    with pytest.raises(WrongState):
        states.deadline_passed(a_job(State.QUEUED), now=START)


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
    assert states.renew(job, deadline=later) == replace(job, deadline=later)
