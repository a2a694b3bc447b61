"""The ``bulk`` kind: one action for every job that matches, a little at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from jobserver.errors import JobNotFound, QuotaExceeded, RetryAfter, Unavailable, WrongState
from jobserver.jobs.model import Filter, Job, State
from jobserver.jobs.operation import KIND, QUEUE, Action, Operation
from jobserver.jobs.policy import Backoff, Policy
from jobserver.jobs.service import Jobs
from jobserver.jobs.together import all_of, some_at_a_time
from jobserver.workers.registry import Args, Context, Handler

_AT_A_TIME = 4
"""Operations of different owners that run at once; those of one owner take turns."""

_POLICY = Policy(max_attempts=3, timeout=timedelta(hours=1), backoff=Backoff(delay=timedelta(seconds=1)))
_PAGE = 200
_TURN = 0.002
"""Seconds after which everybody else has a turn."""


@dataclass(slots=True)
class _Tally:
    """``expected``: jobs it may be at most."""

    expected: int
    matched: int = 0
    changed: int = 0

    def count(self, changed: bool) -> None:
        self.matched += 1
        self.changed += changed

    def tell(self, context: Context) -> None:
        fraction = self.matched / self.expected if self.expected else 1.0
        context.progress(min(fraction, 1.0), f"{self.matched} found, {self.changed} changed")


class Bulk:
    """Runs operations on the service. ``service`` is asked when one runs: it is made with this kind among its own."""

    def __init__(self, service: Callable[[], Jobs]) -> None:
        self._service = service

    def handler(self) -> Handler:
        """The kind, for the registry."""
        return Handler(KIND, self.run, queue=QUEUE, policy=_POLICY, concurrency=_AT_A_TIME, internal=True)

    async def run(self, context: Context, args: Args) -> dict[str, Any]:
        """See `registry.Run`. It touches jobs that came before it, and no operation."""
        jobs, operation = self._service(), Operation.from_args(args)
        own = (await jobs.get(context.job_id, None)).job
        tally = _Tally(await _at_most(jobs, operation))
        for state in operation.states or (None,):
            await _walk(jobs, operation, replace(operation.where, state=state, arrived_by=own.number), tally, context)
        return {
            "action": operation.action,
            "matched": tally.matched,
            "changed": tally.changed,
            "skipped": tally.matched - tally.changed,
        }


async def _walk(jobs: Jobs, operation: Operation, where: Filter, tally: _Tally, context: Context) -> None:
    """Every matching job once. It can be cancelled between any few."""
    loop = asyncio.get_running_loop()
    cursor, turn_ends = None, loop.time() + _TURN
    while True:
        page = await jobs.page(where, None, cursor=cursor, limit=_PAGE)
        for some in some_at_a_time([job for job in page.jobs if job.spec.kind != KIND], jobs.caps):
            for changed in await all_of([_apply(jobs, operation, job, where.state) for job in some]):
                if isinstance(changed, Unavailable):
                    raise RetryAfter(changed.retry_after, changed.message) from changed
                tally.count(changed)
            if loop.time() >= turn_ends:
                tally.tell(context)
                await asyncio.sleep(0)
                turn_ends = loop.time() + _TURN
        tally.tell(context)
        if (cursor := page.next) is None:
            return
        await asyncio.sleep(0)
        turn_ends = loop.time() + _TURN


async def _apply(jobs: Jobs, operation: Operation, job: Job, state: State | None) -> bool | Unavailable:
    """Whether the job was changed, or why not now; not one that has left the state asked for since it was found."""
    try:
        if state is not None and (await jobs.get(job.id, None)).job.state is not state:
            return False
        await _act(jobs, operation, job)
    except (WrongState, JobNotFound, QuotaExceeded):
        return False
    except Unavailable as error:
        return error
    return True


async def _act(jobs: Jobs, operation: Operation, job: Job) -> None:
    match operation.action:
        case Action.CANCEL:
            await jobs.cancel(job.id, None, *([operation.reason] if operation.reason else []))
        case Action.RETRY:
            await jobs.retry(job.id, None, quota=operation.quota)
        case Action.PROMOTE:
            await jobs.promote(job.id, None)
        case Action.DELETE:
            await jobs.remove(job.id, None)


async def _at_most(jobs: Jobs, operation: Operation) -> int:
    """How many jobs can match, by what the queues count: a filter that says more finds fewer."""
    where, states = operation.where, operation.states or tuple(State)
    return sum(
        standing.counts[state]
        for standing in await jobs.queues(where.owner)
        if where.queue in {None, standing.name} and standing.name != QUEUE
        for state in states
    )
