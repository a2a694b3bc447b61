"""The demo kinds do what they say, and nothing that is asked of them wrongly."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.errors import InvalidRequest
from jobserver.handlers.demo import HANDLERS
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.events import Event, Interest
from jobserver.jobs.model import Artifact, Job, State
from jobserver.jobs.service import Jobs
from jobserver.jobs.stats import Stats
from jobserver.jobs.submission import Submission
from jobserver.workers.crew import Crew
from jobserver.workers.registry import registry


class Shop:
    """The service and a crew that knows the demo kinds."""

    def __init__(self) -> None:
        clock, stats, kinds = SteadyClock(), Stats(), registry(HANDLERS)
        self.engine = MemoryEngine(clock)
        self.jobs = Jobs(self.engine, kinds, clock, stats)
        self.crew = Crew(self.engine, kinds, clock, stats)

    async def run(self, kind: str, **args: Any) -> Job:
        standing, _ = await self.jobs.submit(Submission(kind, args, "default"))
        return (await self.jobs.wait(standing.job.id, None, 10)).job

    async def history(self, job: Job) -> list[Event]:
        told: list[Event] = []
        with self.engine.events(Interest(jobs=frozenset({job.id})), after=0) as events:
            while not told or not told[-1].terminal:
                told.append(await anext(events))
        return told


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop()
    await shop.crew.start()
    yield shop
    await shop.crew.drain(0)


def result(job: Job) -> Any:
    assert job.result is not None, job
    return json.loads(job.result.body)


async def test_echo_returns_its_arguments(shop: Shop):
    assert result(await shop.run("echo", any=["thing", {"é": None}])) == {"any": ["thing", {"é": None}]}


async def test_sleep_ends_after_a_while(shop: Shop):
    job = await shop.run("sleep", seconds=0.05)
    assert result(job) == {"slept": 0.05}
    last = job.attempts[-1]
    assert last.ended_at is not None
    assert (last.ended_at - last.started_at).total_seconds() >= 0.05


async def test_fail_fails_as_often_as_it_may_be_tried(shop: Shop):
    job = await shop.run("fail", message="as asked")
    assert job.failure is not None
    assert (job.state, job.attempt, job.failure.code, job.failure.message) == (
        State.FAILED,
        3,
        "job_failed",
        "as asked",
    )


async def test_fail_may_forbid_another_attempt(shop: Shop):
    job = await shop.run("fail", retryable=False)
    assert job.failure is not None
    assert (job.state, job.attempt, job.failure.code) == (State.FAILED, 1, "do_not_retry")


async def test_fail_may_succeed_at_last(shop: Shop):
    assert result(await shop.run("fail", times=2)) == {"attempt": 3}


async def test_fail_may_ask_for_time(shop: Shop):
    job = await shop.run("fail", times=1, retryAfter=0.1)
    first, second = job.attempts
    assert first.ended_at is not None
    assert (second.started_at - first.ended_at).total_seconds() >= 0.1


async def test_progress_tells_of_every_step_and_keeps_a_file(shop: Shop):
    job = await shop.run("progress", steps=3, seconds=0.4)
    assert result(job) == {"steps": 3}
    lines = ["step 1 of 3", "step 2 of 3", "step 3 of 3"]
    assert [line.text for line in await shop.engine.logs(job.id)] == lines
    text = "step 1 of 3\nstep 2 of 3\nstep 3 of 3\n"
    assert await shop.engine.artifacts(job.id) == [Artifact("steps.txt", "text/plain; charset=utf-8", text.encode())]
    seen = [event.job.progress.step for event in await shop.history(job) if event.job and event.job.progress]
    assert [step for step in seen if step][-1] == "step 3 of 3"


@pytest.mark.parametrize(
    ("kind", "args", "pointer"),
    [
        ("sleep", {"seconds": "long"}, "/seconds"),
        ("sleep", {"seconds": 1e9}, ""),
        ("sleep", {"second": 1}, "/second"),
        ("fail", {"times": -1}, ""),
        ("fail", {"retry_after": 1}, "/retry_after"),
        ("progress", {"steps": 2.5}, "/steps"),
        ("progress", {"steps": 0}, ""),
    ],
)
async def test_what_cannot_be_meant_is_refused(shop: Shop, kind: str, args: dict[str, Any], pointer: str):
    with pytest.raises(InvalidRequest) as refused:
        await shop.run(kind, **args)
    assert [where for where, _ in refused.value.errors] == [pointer]
