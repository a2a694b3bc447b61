"""What may happen to a job and what it becomes: one table, one function a verb.

::

    scheduled ──enqueue/promote──▶ queued ──start──▶ processing ──succeed──▶ done
        ▲                            ▲                 │  │  └────fail─────▶ failed
        └───────── fail, to be ──────┼─────────────────┘  │                    │
                   tried later       ├──── interrupt ─────┘                    │
                                     └──────────────── retry ──────────────────┘ (and from cancelled)

    cancel: from scheduled, queued or processing ──▶ cancelled        forget: any ended job ──▶ nothing
    expire: from queued, never started ──▶ failed
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from jobserver.errors import WrongState
from jobserver.jobs.model import Attempt, Failed, Failure, Job, JobSpec, Progress, Result, State

_HISTORY = 19
"""Earlier attempts that are kept: a job can be retried for ever. The first since a person queued it is one of them."""


_DEATHS = 3
"""Deaths of the server under a job after which it is not tried again."""


class Verb(StrEnum):
    """Every change a job can undergo."""

    ENQUEUE = "enqueue"
    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"
    EXPIRE = "expire"
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
    Verb.EXPIRE: frozenset({State.QUEUED}),
    Verb.INTERRUPT: frozenset({State.PROCESSING}),
    Verb.CANCEL: frozenset({State.SCHEDULED, State.QUEUED, State.PROCESSING}),
    Verb.RETRY: frozenset({State.FAILED, State.CANCELLED}),
    Verb.PROMOTE: frozenset({State.SCHEDULED}),
    Verb.FORGET: frozenset({State.DONE, State.FAILED, State.CANCELLED}),
}
"""verb → states in which it is legal; anywhere else it raises WrongState."""

LEASE_ENDED = Failure("lease_ended", "The worker stopped answering.")
SERVER_DIED = Failure("server_died", "The server died while the job ran.")
POISON = Failure("poison", "The server died three times while the job ran: it is not tried again.")
NOT_STARTED = Failure("expired", "The job was not started in time.")


def check(verb: Verb, job: Job) -> None:
    """Raise WrongState unless ``verb`` is legal for ``job`` now."""
    if job.state not in ALLOWED[verb]:
        raise WrongState(f"Cannot {verb} a job that is {job.state}.")


def create(spec: JobSpec, number: int) -> Job:
    """The job's first record: queued, or scheduled when it is asked to run later than it was made."""
    if spec.run_at is not None and spec.run_at > spec.created_at:
        return Job(spec, State.SCHEDULED, number, deadline=spec.run_at)
    return Job(spec, State.QUEUED, number, deadline=spec.expires_at)


def enqueue(job: Job) -> Job:
    """Its time has come."""
    check(Verb.ENQUEUE, job)
    return job._replace(state=State.QUEUED, deadline=_expiry(job), version=job.version + 1)


def promote(job: Job) -> Job:
    """Somebody wants it now rather than at its time."""
    check(Verb.PROMOTE, job)
    return job._replace(state=State.QUEUED, deadline=_expiry(job), version=job.version + 1)


def start(job: Job, *, token: str, worker: str, now: datetime, lease: timedelta) -> Job:
    """A worker takes it, for as long as the lease lasts."""
    check(Verb.START, job)
    number = job.attempt + 1
    return job._replace(
        state=State.PROCESSING,
        deadline=now + lease,
        version=job.version + 1,
        attempt=number,
        attempts=(*_earlier(job), Attempt(number, now, worker)),
        token=token,
        progress=Progress(),
    )


def renew(job: Job, *, deadline: datetime) -> Job:
    """The worker is alive. Not a change anybody else can see, so the version stays."""
    return job._replace(deadline=deadline)


def report(job: Job, progress: Progress) -> Job:
    """The worker has come further."""
    return job._replace(progress=progress, version=job.version + 1)


def succeed(job: Job, result: Result, *, now: datetime, keep: timedelta) -> Job:
    """The attempt made a result, to be kept for ``keep``."""
    check(Verb.SUCCEED, job)
    return _end_attempt(job, now, None)._replace(
        state=State.DONE,
        result=result,
        deadline=now + keep,
        finished_at=now,
    )


def fail(job: Job, outcome: Failed, *, now: datetime, keep: timedelta, chance: float = 0.0) -> Job:
    """The attempt failed: to be tried again while attempts and time are left and another may help, else for good.

    ``chance`` (0 to 1) is the luck of the back-off's jitter.
    """
    check(Verb.FAIL, job)
    ended = _end_attempt(job, now, outcome.failure)
    policy = job.spec.policy
    wait = policy.backoff.wait(job.attempt, chance) if outcome.after is None else outcome.after
    if not outcome.retry or job.attempt >= policy.max_attempts or _too_late(job, now + wait):
        return ended._replace(state=State.FAILED, failure=outcome.failure, deadline=now + keep, finished_at=now)
    if wait > timedelta(0):
        return ended._replace(state=State.SCHEDULED, deadline=now + wait)
    return ended._replace(state=State.QUEUED, deadline=None)


def rescue(job: Job, *, now: datetime, keep: timedelta, chance: float = 0.0) -> Job:
    """The process that worked on it died: an attempt that failed. A job that was there three times may be the cause."""
    check(Verb.FAIL, job)
    died = 1 + sum(each.failure == SERVER_DIED for each in job.attempts[-job.attempt :])
    outcome = Failed(SERVER_DIED) if died < _DEATHS else Failed(POISON, retry=False)
    return fail(job, outcome, now=now, keep=keep, chance=chance)


def expire(job: Job, *, now: datetime, keep: timedelta) -> Job:
    """No worker took it in the time it had."""
    check(Verb.EXPIRE, job)
    return job._replace(
        state=State.FAILED,
        failure=NOT_STARTED,
        deadline=now + keep,
        finished_at=now,
        version=job.version + 1,
    )


def interrupt(job: Job) -> Job:
    """The server stops in good order: the attempt never was."""
    check(Verb.INTERRUPT, job)
    return job._replace(
        state=State.QUEUED,
        deadline=None,
        version=job.version + 1,
        attempt=job.attempt - 1,
        attempts=job.attempts[:-1],
        token=None,
        progress=None,
    )


def cancel(job: Job, reason: str, *, now: datetime, keep: timedelta) -> Job:
    """Nobody wants it any more. The token stays, so that its worker can be told why."""
    check(Verb.CANCEL, job)
    ended = _end_attempt(job, now, None) if job.state is State.PROCESSING else job
    return ended._replace(
        state=State.CANCELLED,
        reason=reason,
        deadline=now + keep,
        finished_at=now,
        version=job.version + 1,
        token=job.token,
    )


def retry(job: Job) -> Job:
    """Once more, with all its attempts before it; the history of the old ones stays."""
    check(Verb.RETRY, job)
    return job._replace(
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


def deadline_passed(job: Job, *, now: datetime, keep: timedelta, chance: float = 0.0) -> Job | None:
    """What the passing of the one deadline means: due, expired, lost by its worker, or (None) to be forgotten."""
    if job.state is State.SCHEDULED:
        return enqueue(job)
    if job.state is State.QUEUED:
        return expire(job, now=now, keep=keep)
    if job.state is State.PROCESSING:
        return fail(job, Failed(LEASE_ENDED), now=now, keep=keep, chance=chance)
    check(Verb.FORGET, job)
    return None


def _end_attempt(job: Job, now: datetime, failure: Failure | None) -> Job:
    last = job.attempts[-1]._replace(ended_at=now, failure=failure)
    return job._replace(attempts=(*job.attempts[:-1], last), token=None, progress=None, version=job.version + 1)


def _earlier(job: Job) -> tuple[Attempt, ...]:
    if job.attempt <= _HISTORY:
        return job.attempts[-_HISTORY:]
    return job.attempts[0], *job.attempts[1 - _HISTORY :]  # the whole time counts from the first


def time_left(job: Job, now: datetime) -> timedelta | None:
    """How long the current attempt may take: its own limit or what is left of the job's, None without either."""
    policy = job.spec.policy
    ends = _ends_at(job)
    if ends is None:
        return policy.timeout
    left = max(ends - now, timedelta(0))
    return left if policy.timeout is None else min(left, policy.timeout)


def _expiry(job: Job) -> datetime | None:
    """When a job that waits expires; one that was started once never does."""
    return None if job.attempts else job.spec.expires_at


def _ends_at(job: Job) -> datetime | None:
    """The end of the job's whole time: it counts from the first attempt since it was queued by a person."""
    limit = job.spec.policy.total_timeout
    if limit is None or job.attempt == 0:
        return None
    return job.attempts[-min(job.attempt, len(job.attempts))].started_at + limit


def _too_late(job: Job, moment: datetime) -> bool:
    ends = _ends_at(job)
    return ends is not None and moment >= ends
