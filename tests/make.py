"""Builders with defaults, so that a test names only what it is about."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from jobserver.jobs.model import Failed, Failure, IdempotencyKey, JobSpec, Result, Succeeded
from jobserver.jobs.policy import Backoff, Policy

START = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
_numbers = itertools.count(1)


def a_policy(
    *,
    max_attempts: int = 1,
    timeout: float | None = 60,
    total_timeout: float | None = None,
    delay: float = 0,
    factor: float = 2,
    per_key: int = 1,
) -> Policy:
    return Policy(
        max_attempts=max_attempts,
        timeout=None if timeout is None else timedelta(seconds=timeout),
        backoff=Backoff(delay=timedelta(seconds=delay), factor=factor),
        total_timeout=None if total_timeout is None else timedelta(seconds=total_timeout),
        per_key=per_key,
    )


def a_spec(
    *,
    job_id: str | None = None,
    kind: str = "echo",
    args: bytes = b"{}",
    queue: str = "default",
    owner: str = "default",
    priority: int = 0,
    created_at: datetime = START,
    run_in: float | None = None,
    expires_in: float | None = None,
    dedup_key: str | None = None,
    turn: str | None = None,
    tags: tuple[str, ...] = (),
    policy: Policy | None = None,
    key: str | None = None,
    fingerprint: bytes = b"same",
) -> JobSpec:
    return JobSpec(
        id=job_id or f"job-{next(_numbers):06}",
        kind=kind,
        args=args,
        created_at=created_at,
        queue=queue,
        owner=owner,
        priority=priority,
        policy=policy or a_policy(),
        run_at=None if run_in is None else created_at + timedelta(seconds=run_in),
        expires_at=None if expires_in is None else created_at + timedelta(seconds=expires_in),
        dedup_key=dedup_key,
        concurrency_key=turn,
        tags=tags,
        idempotency=None if key is None else IdempotencyKey(key, fingerprint),
    )


def a_success(body: bytes = b'{"made":true}') -> Succeeded:
    return Succeeded(Result(body))


def a_failure(message: str = "it broke", *, retry: bool = True, after: float | None = None) -> Failed:
    return Failed(Failure("broken", message), retry, None if after is None else timedelta(seconds=after))


async def until(check: Callable[[], Awaitable[Any] | Any], *, within: float = 10.0) -> Any:
    """Ask until the answer is true, and return it: the only way a test polls."""
    async with asyncio.timeout(within):
        while True:
            answer = check()
            if isinstance(answer, Awaitable):
                answer = await answer
            if answer:
                return answer
            await asyncio.sleep(0.005)
