"""An operation on many jobs: it moves, it can be stopped, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.errors import RetryAfter
from jobserver.handlers.bulk import Bulk
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import Filter, State
from jobserver.jobs.operation import WAITING, Action, Operation
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.jobs.submission import Submission
from jobserver.workers.registry import Args, Context, Handler, registry
from tests.make import until

OWNER = "ann"


async def _nothing(context: Context, args: Args) -> Any:
    return None


@dataclass
class Told:
    """A context that remembers what it was told."""

    job_id: str
    fractions: list[float] = field(default_factory=list)
    owner: str = OWNER
    attempt: int = 1
    deadline: datetime | None = None
    traceparent: str | None = None
    cancelled: bool = False

    def progress(self, fraction: float, step: str = "") -> None:
        self.fractions.append(fraction)

    def log(self, line: str) -> None: ...

    def artifact(self, name: str, body: bytes | str, content_type: str = "", *, required: bool = True) -> None: ...


class House:
    """A service nobody works for: jobs stay as they are."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.engine = MemoryEngine(self.clock, limits=Limits(jobs=200_000, total_bytes=10**9))
        self.bulk = Bulk(lambda: self.jobs)
        kinds = registry([Handler("a", _nothing), Handler("b", _nothing, queue="other"), self.bulk.handler()])
        self.jobs = Jobs(self.engine, kinds, self.clock, Stats())

    async def job(self, kind: str = "a", owner: str = OWNER, **members: Any) -> str:
        standing, _ = await self.jobs.submit(Submission(kind, {}, owner, **members))
        return standing.job.id

    async def begin(self, operation: Operation) -> tuple[Told, Args]:
        standing, _ = await self.jobs.submit(operation.submission(OWNER))
        return Told(standing.job.id), operation.to_args()

    async def run(self, operation: Operation) -> dict[str, Any]:
        return await self.bulk.run(*await self.begin(operation))


@pytest.fixture
async def house() -> House:
    return House()


def an_operation(action: Action = Action.CANCEL, **where: Any) -> Operation:
    return Operation(action, Filter(**({"owner": OWNER} | where)))


@pytest.mark.parametrize(
    "operation",
    [
        an_operation(),
        Operation(Action.RETRY, Filter(owner=None, kind="a", queue="q", tag="t", text="x"), (State.FAILED,)),
        Operation(Action.CANCEL, Filter(created_after=ManualClock().now()), WAITING, "because"),
    ],
)
def test_an_operation_survives_being_kept_as_arguments(operation: Operation):
    assert Operation.from_args(operation.to_args()) == operation


async def test_jobs_that_came_later_are_left_alone(house: House):
    await house.job()
    context, args = await house.begin(an_operation())
    later = await house.job()
    assert (await house.bulk.run(context, args))["matched"] == 1
    assert (await house.jobs.get(later, None)).job.state is State.QUEUED


async def test_a_job_that_has_left_its_state_meanwhile_is_skipped(house: House):
    """Whoever cancels what is queued does not mean what runs."""
    ids = [await house.job() for _ in range(3)]
    page = house.jobs.page

    async def slow_page(*args: Any, **options: Any) -> Any:
        found = await page(*args, **options)
        await house.engine.cancel(ids[1], "somebody else was quicker")
        await house.engine.retry(ids[1])
        await house.engine.cancel(ids[0], "somebody else was quicker")
        return found

    house.jobs.page = slow_page  # type: ignore[method-assign] # an engine on another machine would take that long
    told = await house.run(Operation(Action.CANCEL, Filter(owner=OWNER), (State.QUEUED,)))
    assert (told["matched"], told["changed"], told["skipped"]) == (3, 2, 1)


async def test_operations_are_untouched_even_by_operations(house: House):
    waiting, _ = await house.begin(an_operation())
    assert (await house.run(an_operation()))["matched"] == 0
    assert (await house.jobs.get(waiting.job_id, None)).job.state is State.QUEUED


async def test_an_operation_is_tried_again_later_while_the_server_takes_nothing(house: House):
    job_id = await house.job()
    await house.jobs.cancel(job_id, None)
    context, args = await house.begin(an_operation(Action.RETRY))
    house.jobs.begin_drain()
    with pytest.raises(RetryAfter):
        await house.bulk.run(context, args)


async def many(house: House, number: int) -> None:
    for count in range(number):
        await house.job()
        if count % 500 == 0:
            await asyncio.sleep(0)


async def test_progress_grows_to_the_whole(house: House):
    await many(house, 1000)
    context, args = await house.begin(an_operation())
    await house.bulk.run(context, args)
    assert len(context.fractions) >= 5
    assert context.fractions == sorted(context.fractions)
    assert context.fractions[-1] == 1.0


async def test_an_operation_can_be_stopped_half_way(house: House):
    await many(house, 5000)
    context, args = await house.begin(an_operation())
    running = asyncio.ensure_future(house.bulk.run(context, args))
    await until(lambda: context.fractions)
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    counts = await house.jobs.counts(OWNER)
    assert 0 < counts[State.CANCELLED] < 5000


async def test_many_jobs_are_cancelled_without_holding_anybody_up(house: House):
    await many(house, 20_000)
    context, args = await house.begin(an_operation())
    gc.disable()  # how long collections take is the server's to settle, not the operation's
    try:
        running = asyncio.ensure_future(house.bulk.run(context, args))
        stalls = []
        while not running.done():
            began = time.thread_time()  # of this thread's own: a busy machine is not our doing
            await asyncio.sleep(0)
            stalls.append(time.thread_time() - began)
    finally:
        gc.enable()
    assert running.result()["changed"] == 20_000
    assert sorted(stalls)[-len(stalls) // 100] < 0.02
