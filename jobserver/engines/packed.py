"""A job as a tuple of plain values, which takes half the room and which the garbage collector does not look at."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from jobserver.jobs.clock import from_micros, to_micros
from jobserver.jobs.model import Attempt, Failure, IdempotencyKey, Job, JobId, JobSpec, Progress, Result, State
from jobserver.jobs.order import Place
from jobserver.jobs.policy import Backoff, Policy

STATES = tuple(State)
"""A row's state is its place among these."""

_STATE_NUMBERS = {state: number for number, state in enumerate(STATES)}

Row = tuple[Any, ...]
"""A packed job."""

Restored = tuple[JobId, Row, int | None]
"""A job of an earlier process, and its place in line while it is queued."""


NUMBER, STATE, VERSION, KIND, QUEUE, OWNER, CREATED_AT, DEADLINE, PRIORITY, ARGS, POLICY, PLACE, REST, LIFE = range(14)
"""The columns, of which most can be read without unpacking; times are microseconds since 1970."""


def state_of(row: Row) -> State:
    """The state in a row."""
    return STATES[row[STATE]]


def idempotency_of(row: Row) -> Row | None:
    """(key, fingerprint, how long it is kept) of what a row's job was asked for with, or None."""
    rest: Row | None = row[REST]
    return None if rest is None else rest[3]


def dedup_key_of(row: Row) -> str | None:
    """The dedup key in a row."""
    rest: Row | None = row[REST]
    return None if rest is None else rest[4]


def turn_of(row: Row) -> tuple[str, str] | None:
    """(owner, concurrency key) in a row, None where there is no such key."""
    rest: Row | None = row[REST]
    return None if rest is None or rest[5] is None else (row[OWNER], rest[5])


def finished_at_of(row: Row) -> int:
    """When a row's job ended; only of one that has."""
    finished_at: int = row[LIFE][7]
    return finished_at


def bytes_of(row: Row) -> int:
    """Bytes of a row's arguments, result and tracebacks."""
    life: Row | None = row[LIFE]
    return len(row[ARGS]) if life is None else len(row[ARGS]) + _bytes_of_life(life)


def _bytes_of_life(life: Row) -> int:
    _, attempts, _, _, result, *_ = life
    tracebacks = (failure[2] for *_, failure in attempts if failure is not None)
    return sum(len(each) for each in (*tracebacks, *(result or ())) if each is not None)


def placed(row: Row, place: Place) -> Row:
    """The row of the same job at a place."""
    # Named one by one, which is three times as quick as putting slices together: a million are placed at a start.
    number, state, version, kind, queue, owner, created_at, deadline, priority, args, policy, _, rest, life = row
    return number, state, version, kind, queue, owner, created_at, deadline, priority, args, policy, place, rest, life


def pack(job: Job, place: Place | None) -> Row:
    """The job as a row."""
    spec = job.spec
    return (
        job.number,
        _STATE_NUMBERS[job.state],
        job.version,
        sys.intern(spec.kind),
        sys.intern(spec.queue),
        sys.intern(spec.owner),
        to_micros(spec.created_at),
        _micros(job.deadline),
        spec.priority,
        spec.args,
        _pack_policy(spec.policy),
        place,
        _pack_rest(spec),
        _pack_life(job),
    )


def unpack(job_id: JobId, row: Row) -> tuple[Job, Place | None]:
    """The job that a row was made of, and its place."""
    number, state, version, kind, queue, owner, created_at, deadline, priority, args, policy, place, rest, life = row
    spec = JobSpec(
        id=job_id,
        kind=kind,
        args=args,
        created_at=from_micros(created_at),
        queue=queue,
        owner=owner,
        priority=priority,
        policy=_unpack_policy(policy),
        **(_unpack_rest(rest) if rest else {}),
    )
    job = Job(
        spec=spec,
        state=STATES[state],
        number=number,
        version=version,
        deadline=_moment(deadline),
        **(_unpack_life(life) if life else {}),
    )
    return job, place


_NO_REST = (None, None, None, None, None, None, (), None)


def _pack_rest(spec: JobSpec) -> Row | None:
    """What most jobs have none of."""
    key = spec.idempotency
    rest = (
        _micros(spec.run_at),
        _micros(spec.expires_at),
        spec.credential,
        None if key is None else (key.key, key.fingerprint, _span(key.keep)),
        spec.dedup_key,
        spec.concurrency_key,
        spec.tags,
        spec.traceparent,
    )
    return None if rest == _NO_REST else rest


def _unpack_rest(rest: Row) -> dict[str, Any]:
    run_at, expires_at, credential, key, dedup_key, concurrency_key, tags, traceparent = rest
    return {
        "run_at": _moment(run_at),
        "expires_at": _moment(expires_at),
        "credential": credential,
        "idempotency": None if key is None else IdempotencyKey(key[0], key[1], timedelta(microseconds=key[2])),
        "dedup_key": dedup_key,
        "concurrency_key": concurrency_key,
        "tags": tags,
        "traceparent": traceparent,
    }


def _pack_life(job: Job) -> Row | None:
    """What a job has once it was started, or has ended."""
    if not job.attempts and not job.state.ended:
        return None
    progress, result = job.progress, job.result
    return (
        job.attempt,
        tuple(_pack_attempt(each) for each in job.attempts),
        job.token,
        None if progress is None else (progress.fraction, progress.step),
        None if result is None else (result.body, result.brief),
        _pack_failure(job.failure),
        job.reason,
        _micros(job.finished_at),
    )


def _unpack_life(life: Row) -> dict[str, Any]:
    attempt, attempts, token, progress, result, failure, reason, finished_at = life
    return {
        "attempt": attempt,
        "attempts": tuple(_unpack_attempt(each) for each in attempts),
        "token": token,
        "progress": None if progress is None else Progress(*progress),
        "result": None if result is None else Result(*result),
        "failure": _unpack_failure(failure),
        "reason": reason,
        "finished_at": _moment(finished_at),
    }


def _pack_attempt(attempt: Attempt) -> Row:
    started_at, ended_at = to_micros(attempt.started_at), _micros(attempt.ended_at)
    return attempt.number, started_at, attempt.worker, ended_at, _pack_failure(attempt.failure)


def _unpack_attempt(row: Row) -> Attempt:
    number, started_at, worker, ended_at, failure = row
    return Attempt(number, from_micros(started_at), worker, _moment(ended_at), _unpack_failure(failure))


def _pack_failure(failure: Failure | None) -> Row | None:
    return None if failure is None else (failure.code, failure.message, failure.traceback)


def _unpack_failure(row: Row | None) -> Failure | None:
    return None if row is None else Failure(*row)


# Jobs of a kind share their policy, so that packing them makes one tuple for all. A job with terms of its own has its
# own, and the cache forgets it in time.
@lru_cache(maxsize=1_024)
def _pack_policy(policy: Policy) -> Row:
    backoff = policy.backoff
    return (
        policy.max_attempts,
        _span(policy.timeout),
        _span(policy.total_timeout),
        policy.per_key,
        _span(backoff.delay),
        backoff.factor,
        _span(backoff.longest),
        backoff.jitter,
    )


@lru_cache(maxsize=1_024)
def _unpack_policy(row: Row) -> Policy:
    max_attempts, timeout, total_timeout, per_key, delay, factor, longest, jitter = row
    return Policy(
        max_attempts=max_attempts,
        timeout=_timespan(timeout),
        backoff=Backoff(_timespan(delay) or timedelta(0), factor, _timespan(longest) or timedelta(0), jitter),
        total_timeout=_timespan(total_timeout),
        per_key=per_key,
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _span(span: timedelta | None) -> int | None:
    return None if span is None else span // timedelta(microseconds=1)


def _timespan(micros: int | None) -> timedelta | None:
    return None if micros is None else timedelta(microseconds=micros)
