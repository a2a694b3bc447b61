"""Handlers that run in child processes are handlers like any other, and whatever they do, the crew goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.events import Event, Interest
from jobserver.jobs.model import Artifact, Job, Progress, State
from jobserver.jobs.stats import Stats
from jobserver.workers.crew import Crew, CrewSettings
from jobserver.workers.loading import load
from jobserver.workers.registry import registry
from tests.make import a_spec, until

pytestmark = pytest.mark.timeout(120)


class Shop:
    """A crew that knows every handler that misbehaves."""

    def __init__(self) -> None:
        self.clock = SteadyClock()
        self.engine = MemoryEngine(self.clock)
        self.kinds = registry(load(["tests.workers.misbehaving_jobs"]))
        self.crew = Crew(self.engine, self.kinds, self.clock, Stats(), CrewSettings(stop_grace=0.2))

    async def begin(self, kind: str, **args: Any) -> str:
        spec = a_spec(kind=kind, args=json.dumps(args).encode(), policy=self.kinds[kind].policy)
        return (await self.engine.submit(spec))[0].id

    async def ended(self, job_id: str) -> Job:
        with self.engine.events(Interest(jobs=frozenset({job_id}))) as events:
            while not (job := await self.engine.get(job_id)).state.ended:
                await anext(events)
            return job

    async def run(self, kind: str, **args: Any) -> Job:
        return await self.ended(await self.begin(kind, **args))

    async def lines(self, job_id: str) -> list[str]:
        return [line.text for line in await self.engine.logs(job_id, limit=100_000)]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop()
    await shop.crew.start()
    yield shop
    await shop.crew.drain(0)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_it_has_its_context_and_its_arguments_as_any_other(shop: Shop):
    job = await shop.run("talk", text="ä")
    assert job.result is not None, job
    assert json.loads(job.result.body) == [{"text": "ä"}, job.id, "default", 1, False, False]
    assert await shop.lines(job.id) == ["one", "two", "three"]
    assert await shop.engine.artifacts(job.id) == [
        Artifact("word.txt", "text/plain", "ä".encode()),
        Artifact("raw", "application/octet-stream", bytes(range(256))),
    ]
    told: list[Event] = []
    with shop.engine.events(Interest(jobs=frozenset({job.id})), after=0) as events:
        while not told or not told[-1].terminal:
            told.append(await anext(events))
    assert Progress(0.5, "half") in [event.job.progress for event in told if event.job]


async def test_it_may_be_async_and_may_refuse_another_attempt(shop: Shop):
    job = await shop.run("talk-async", text="x")
    assert (job.state, job.result and job.result.body) == (State.DONE, b'"x"')
    refused = await shop.run("refuse", text="never")
    assert refused.failure is not None
    assert (refused.state, refused.failure.code, refused.attempt) == (State.FAILED, "do_not_retry", 1)
    misnamed = await shop.run("misname")
    assert misnamed.failure is not None
    assert "cannot be a file's name" in misnamed.failure.message


@pytest.mark.parametrize(
    ("kind", "code", "abandoned"),
    [
        ("swallow", "timeout", 1),
        ("block-thread", "timeout", 1),
        ("block-process", "timeout", 0),
        ("spin-process", "timeout", 0),
        ("exit-loop", "exception", 0),
        ("exit-thread", "exception", 0),
        ("exit-process", "crashed", 0),
        ("exit-at-once", "crashed", 0),
    ],
)
async def test_a_handler_that_misbehaves_fails_its_attempt_and_no_more(
    shop: Shop, kind: str, code: str, abandoned: int
):
    job = await shop.run(kind)
    assert job.failure is not None
    assert (job.state, job.failure.code, shop.crew.abandoned) == (State.FAILED, code, abandoned)
    assert (await shop.run("talk-async")).state is State.DONE


async def test_a_cancelled_job_has_its_process_killed(shop: Shop):
    job_id = await shop.begin("block-process")
    (pid,) = map(int, await until(lambda: shop.lines(job_id)))
    assert running(pid)
    await shop.engine.cancel(job_id, "unwanted")
    await until(lambda: not running(pid))


async def test_a_process_left_behind_dies_when_its_job_is_over(shop: Shop):
    job = await shop.run("leak")
    assert job.result is not None
    pid = int(job.result.body)
    await until(lambda: not running(pid))
    first, second = [(await shop.run("reap")).result for _ in range(2)]
    assert first == second  # a process that has ended is no reason for a new child


async def test_two_printed_gigabytes_are_dropped_and_the_loop_lives(shop: Shop, caplog: pytest.LogCaptureFixture):
    job_id = await shop.begin("print")
    longest = 0.0
    loop = asyncio.get_running_loop()
    while not (await shop.engine.get(job_id)).state.ended:
        before = loop.time()
        await asyncio.sleep(0.01)
        longest = max(longest, loop.time() - before)
    assert (await shop.engine.get(job_id)).state is State.DONE
    assert len([record for record in caplog.records if "a line that" in record.getMessage()]) <= 101
    assert longest < 1


async def test_a_flood_of_lines_is_cut_and_says_so(shop: Shop):
    job = await shop.run("log")
    assert job.state is State.DONE
    lines = await shop.lines(job.id)
    assert any("lines were dropped: too many at once" in line for line in lines)
    assert len(lines) < 20_000
