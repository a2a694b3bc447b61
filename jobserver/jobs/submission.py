"""What a client asks for, and the job it makes of that."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from jobserver.errors import InvalidRequest
from jobserver.jobs.ids import new_job_id
from jobserver.jobs.model import IdempotencyKey, JobSpec
from jobserver.jobs.policy import Backoff, Policy

_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Kind(Protocol):
    """What the service must know of a kind of job to accept one."""

    @property
    def queue(self) -> str:
        """The queue it is worked from."""

    @property
    def policy(self) -> Policy:
        """The terms on which it runs."""

    @property
    def validate(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """Check and normalise arguments; raises InvalidRequest, its pointers relative to the arguments."""

    @property
    def internal(self) -> bool:
        """Whether only the server itself makes such jobs."""


class Submission(NamedTuple):
    """What a client asks for; None is what the kind says.

    ``owner``: whose job it will be. ``credential``: hash of the signature it came with. ``run_at``: not before then;
    ``delay``: not before so long from now. ``expires_in``: fails unless started so long after it could have been.
    ``timeout``: of one attempt, at most the kind's own. ``total_timeout``: of all attempts together.
    ``quota``: unfinished jobs its owner may have. ``internal``: the server itself asks.
    ``args_at``: JSON pointer of the arguments in what the client sent, for naming those that are wrong.
    The other members are `JobSpec`'s.
    """

    kind: str
    args: dict[str, Any]
    owner: str
    credential: bytes | None = None
    idempotency: IdempotencyKey | None = None
    queue: str | None = None
    priority: int = 0
    delay: timedelta | None = None
    run_at: datetime | None = None
    expires_in: timedelta | None = None
    max_attempts: int | None = None
    backoff: Backoff | None = None
    timeout: timedelta | None = None
    total_timeout: timedelta | None = None
    dedup_key: str | None = None
    concurrency_key: str | None = None
    tags: tuple[str, ...] = ()
    traceparent: str | None = None
    quota: int | None = None
    internal: bool = False
    args_at: str = ""


def to_spec(asked: Submission, kinds: Mapping[str, Kind], queues: Collection[str], now: datetime) -> JobSpec:
    """The job that is asked for, with an id of its own; InvalidRequest names every member that cannot be had."""
    kind = _kind(asked, kinds)
    try:
        args = _encode(_validated(asked, kind))
        queue = _queue(asked, kind, queues)
        starts_at = _starts_at(asked, now)
        policy = _policy(asked, kind.policy)
    except InvalidRequest:
        raise _all_that_is_wrong(asked, kind, queues, now) from None
    return JobSpec(
        id=new_job_id(now),
        kind=asked.kind,
        args=args,
        created_at=now,
        queue=queue,
        owner=asked.owner,
        priority=asked.priority,
        policy=policy,
        run_at=starts_at,
        expires_at=None if asked.expires_in is None else (starts_at or now) + asked.expires_in,
        credential=asked.credential,
        idempotency=asked.idempotency,
        dedup_key=asked.dedup_key,
        concurrency_key=asked.concurrency_key,
        tags=asked.tags,
        traceparent=asked.traceparent,
    )


def _all_that_is_wrong(asked: Submission, kind: Kind, queues: Collection[str], now: datetime) -> InvalidRequest:
    """Every fault told together; a single one as it is."""
    found: list[InvalidRequest] = []
    for check in (
        lambda: _validated(asked, kind),
        lambda: _queue(asked, kind, queues),
        lambda: _starts_at(asked, now),
        lambda: _policy(asked, kind.policy),
    ):
        try:
            check()
        except InvalidRequest as error:
            found.append(error)
    if len(found) == 1:
        return found[0]
    told = [fault for error in found for fault in error.errors]
    return InvalidRequest(f"{len(told)} members are wrong. The first: {found[0].message}", errors=told)


def _kind(asked: Submission, kinds: Mapping[str, Kind]) -> Kind:
    kind = kinds.get(asked.kind)
    if kind is None or (kind.internal and not asked.internal):
        known = ", ".join(sorted(name for name, each in kinds.items() if not each.internal)) or "none"
        raise InvalidRequest(f"Unknown kind {asked.kind!r}. Known kinds: {known}.", pointer="/kind")
    return kind


def _validated(asked: Submission, kind: Kind) -> dict[str, Any]:
    try:
        return kind.validate(asked.args)
    except InvalidRequest as wrong:
        if asked.args_at:
            faults = wrong.errors or (("", wrong.message),)
            wrong.errors = tuple((asked.args_at + pointer, detail) for pointer, detail in faults)
        raise


def _queue(asked: Submission, kind: Kind, queues: Collection[str]) -> str:
    if asked.queue is None:
        return kind.queue
    if asked.queue not in queues:
        known = ", ".join(sorted(queues))
        raise InvalidRequest(f"Nobody works the queue {asked.queue!r}. Queues: {known}.", pointer="/queue")
    return asked.queue


def _starts_at(asked: Submission, now: datetime) -> datetime | None:
    if asked.delay is None:
        return asked.run_at
    if asked.run_at is not None:
        raise InvalidRequest("Say delay or runAt, not both.", pointer="/delay")
    return now + asked.delay


def _policy(asked: Submission, policy: Policy) -> Policy:
    if asked.timeout is not None and policy.timeout is not None and asked.timeout > policy.timeout:
        most = policy.timeout.total_seconds()
        raise InvalidRequest(f"timeout is at most {most:g} s for this kind.", pointer="/timeout")
    asked_for = {
        "max_attempts": asked.max_attempts,
        "backoff": asked.backoff,
        "timeout": asked.timeout,
        "total_timeout": asked.total_timeout,
    }
    changes: dict[str, Any] = {name: value for name, value in asked_for.items() if value is not None}
    return replace(policy, **changes) if changes else policy


def _encode(args: dict[str, Any]) -> bytes:
    return _encoder.encode(args).encode()
