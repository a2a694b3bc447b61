"""What may happen to a job and what it becomes: one table, one function a verb.

::

    scheduled ──enqueue/promote──▶ queued ──start──▶ processing ──succeed──▶ done
        ▲                            ▲                 │  │  └────fail─────▶ failed
        └───────── fail, to be ──────┼─────────────────┘  │                    │
                   tried later       ├──── interrupt ─────┘                    │
                                     └──────────────── retry ──────────────────┘ (and from cancelled)

    cancel: from scheduled, queued or processing ──▶ cancelled        forget: any ended job ──▶ nothing
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from jobserver.errors import WrongState
from jobserver.jobs.model import Attempt, Failed, Failure, Job, JobSpec, Progress, Result, State

_HISTORY = 19
"""Earlier attempts that are kept: a job can be retried for ever."""


class Verb(StrEnum):
    """Every change a job can undergo."""

    ENQUEUE = "enqueue"
    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"
    INTERRUPT = "interrupt"
    CANCEL = "cancel"
    RETRY = "retry"
    PROMOTE = "promote"
    FORGET = "forget"


ALLOWED: dict[Verb, frozenset[State]] = {
    Verb.ENQUEUE: frozenset({State.SCHEDULED}),
    Verb.START: frozenset({State.QUEUED}),
    Verb.SUCCEED: frozenset({State.PROCESSING}),
    Verb.FAIL: frozenset({State.PROCESSING}),
    Verb.INTERRUPT: frozenset({State.PROCESSING}),
    Verb.CANCEL: frozenset({State.SCHEDULED, State.QUEUED, State.PROCESSING}),
    Verb.RETRY: frozenset({State.FAILED, State.CANCELLED}),
    Verb.PROMOTE: frozenset({State.SCHEDULED}),
    Verb.FORGET: frozenset({State.DONE, State.FAILED, State.CANCELLED}),
}
"""verb → states in which it is legal; anywhere else it raises WrongState."""

LEASE_ENDED = Failure("lease_ended", "The worker stopped answering.")


def check(verb: Verb, job: Job) -> None:
    """Raise WrongState unless ``verb`` is legal for ``job`` now."""
    if job.state not in ALLOWED[verb]:
        raise WrongState(f"Cannot {verb} a job that is {job.state}.")


def create(spec: JobSpec, number: int) -> Job:
    """The job's first record: queued, or scheduled when it is asked to run later than it was made."""
    if spec.run_at is not None and spec.run_at > spec.created_at:
        return Job(spec, State.SCHEDULED, number, deadline=spec.run_at)
    return Job(spec, State.QUEUED, number)


def enqueue(job: Job) -> Job:
    """Its time has come."""
    check(Verb.ENQUEUE, job)
    return replace(job, state=State.QUEUED, deadline=None, version=job.version + 1)


def promote(job: Job) -> Job:
    """Somebody wants it now rather than at its time."""
    check(Verb.PROMOTE, job)
    return replace(job, state=State.QUEUED, deadline=None, version=job.version + 1)


def start(job: Job, *, token: str, worker: str, now: datetime, lease: timedelta) -> Job:
    """A worker takes it, for as long as the lease lasts."""
    check(Verb.START, job)
    number = job.attempt + 1
    return replace(
        job,
        state=State.PROCESSING,
        deadline=now + lease,
        version=job.version + 1,
        attempt=number,
        attempts=(*job.attempts[-_HISTORY:], Attempt(number, now, worker)),
        token=token,
        progress=Progress(),
    )


def renew(job: Job, *, deadline: datetime) -> Job:
    """The worker is alive. Not a change anybody else can see, so the version stays."""
    return replace(job, deadline=deadline)


def report(job: Job, progress: Progress) -> Job:
    """The worker has come further."""
    return replace(job, progress=progress, version=job.version + 1)


def succeed(job: Job, result: Result, *, now: datetime) -> Job:
    """The attempt made a result."""
    check(Verb.SUCCEED, job)
    return replace(
        _end_attempt(job, now, None),
        state=State.DONE,
        result=result,
        deadline=now + job.spec.policy.keep,
        finished_at=now,
    )


def fail(job: Job, outcome: Failed, *, now: datetime, chance: float = 0.0) -> Job:
    """The attempt failed: to be tried again while attempts are left and another may help, else failed for good.

    ``chance`` (0 to 1) is the luck of the back-off's jitter.
    """
    check(Verb.FAIL, job)
    ended = _end_attempt(job, now, outcome.failure)
    policy = job.spec.policy
    if not outcome.retry or job.attempt >= policy.max_attempts:
        return replace(
            ended,
            state=State.FAILED,
            failure=outcome.failure,
            deadline=now + policy.keep,
            finished_at=now,
        )
    wait = policy.backoff.wait(job.attempt, chance) if outcome.after is None else outcome.after
    if wait > timedelta(0):
        return replace(ended, state=State.SCHEDULED, deadline=now + wait)
    return replace(ended, state=State.QUEUED, deadline=None)


def interrupt(job: Job) -> Job:
    """The server stops in good order: the attempt never was."""
    check(Verb.INTERRUPT, job)
    return replace(
        job,
        state=State.QUEUED,
        deadline=None,
        version=job.version + 1,
        attempt=job.attempt - 1,
        attempts=job.attempts[:-1],
        token=None,
        progress=None,
    )


def cancel(job: Job, reason: str, *, now: datetime) -> Job:
    """Nobody wants it any more. The token stays, so that its worker can be told why."""
    check(Verb.CANCEL, job)
    ended = _end_attempt(job, now, None) if job.state is State.PROCESSING else job
    return replace(
        ended,
        state=State.CANCELLED,
        reason=reason,
        deadline=now + job.spec.policy.keep,
        finished_at=now,
        version=job.version + 1,
        token=job.token,
    )


def retry(job: Job) -> Job:
    """Once more, with all its attempts before it; the history of the old ones stays."""
    check(Verb.RETRY, job)
    return replace(
        job,
        state=State.QUEUED,
        deadline=None,
        version=job.version + 1,
        attempt=0,
        token=None,
        progress=None,
        failure=None,
        reason=None,
        finished_at=None,
    )


def deadline_passed(job: Job, *, now: datetime, chance: float = 0.0) -> Job | None:
    """What the passing of the one deadline means: due, lost by its worker, or (None) to be forgotten."""
    if job.state is State.SCHEDULED:
        return enqueue(job)
    if job.state is State.PROCESSING:
        return fail(job, Failed(LEASE_ENDED), now=now, chance=chance)
    check(Verb.FORGET, job)
    return None


def _end_attempt(job: Job, now: datetime, failure: Failure | None) -> Job:
    last = replace(job.attempts[-1], ended_at=now, failure=failure)
    return replace(job, attempts=(*job.attempts[:-1], last), token=None, progress=None, version=job.version + 1)
