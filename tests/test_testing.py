"""What people test their own handlers with."""

from __future__ import annotations

import asyncio
import time
import unittest
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from jobserver import Backoff, Context, DoNotRetry, InvalidRequest, Submission, handler
from jobserver.jobs.model import Progress, State
from jobserver.testing import LocalServer, RecordingContext, run_inline
from jobserver.workers.registry import Handler


@handler("greet", max_attempts=3, backoff=Backoff(timedelta(hours=1)))
async def greet(context: Context, args: dict[str, Any]) -> dict[str, Any]:
    context.progress(0.5, "Greeting")
    context.log("one\ntwo")
    context.artifact("card.txt", "dear")
    if context.attempt <= args.get("fails", 0):
        raise ConnectionError("nobody in")
    return {"hello": args["name"]}


@handler("sum")
def add(args: dict[str, Any]) -> Any:
    return args["a"] + args["b"]


async def test_a_handler_is_run_and_what_it_says_is_kept():
    context = RecordingContext()
    assert await run_inline(greet, {"name": "Ada"}, context) == {"hello": "Ada"}
    assert context.steps == [Progress(0.5, "Greeting")]
    assert context.lines == ["one", "two"]
    assert context.files == {"card.txt": b"dear"}


async def test_what_a_handler_raises_is_raised():
    with pytest.raises(ConnectionError, match="nobody in"):
        await run_inline(greet, {"name": "Ada", "fails": 1})
    assert await run_inline(greet, {"name": "Ada", "fails": 1}, RecordingContext(attempt=2)) == {"hello": "Ada"}


def test_a_plain_function_is_run_as_well_and_from_a_plain_test():
    assert asyncio.run(run_inline(add, {"a": 1, "b": 2})) == 3


async def test_arguments_are_checked_as_by_the_server():
    def check(args: dict[str, Any]) -> dict[str, Any]:
        if "name" not in args:
            raise InvalidRequest("Who?", pointer="/name")
        return args | {"polite": True}

    async def run(_: Context, args: dict[str, Any]) -> Any:
        return args

    made = Handler("polite", run, validate=check)
    assert await run_inline(made, {"name": "Ada"}) == {"name": "Ada", "polite": True}
    with pytest.raises(InvalidRequest, match="Who"):
        await run_inline(made)


async def test_a_result_is_what_a_client_would_read():
    async def run(_: Context, args: dict[str, Any]) -> Any:
        return {1: (2, 3)} if args else object()

    made = Handler("odd", run)
    assert await run_inline(made, {"x": 1}) == {"1": [2, 3]}
    with pytest.raises(DoNotRetry, match="what JSON cannot express"):
        await run_inline(made)


async def test_a_scheduled_job_runs_when_the_clock_is_moved_and_not_before():
    async with LocalServer([add]) as server:
        job = await server.client.submit("sum", {"a": 1, "b": 2}, delay=timedelta(days=30))
        await server.advance(timedelta(days=30) - timedelta(seconds=1))
        assert (await server.client.get(job.id)).status is State.SCHEDULED
        began = time.monotonic()
        await server.advance(1)
        assert await server.client.result(job.id, within=10) == 3
        assert time.monotonic() - began < 10


async def test_a_retry_waits_for_the_clock():
    async with LocalServer([greet]) as server:
        job = await server.client.submit("greet", {"name": "Ada", "fails": 1})
        async for event in server.client.events(job.id):
            if event.data.get("status") == "scheduled":
                break
        await server.advance(3600)
        assert await server.client.result(job.id, within=10) == {"hello": "Ada"}


async def test_a_job_that_runs_while_time_leaps_stays_with_its_worker():
    gate = asyncio.Event()

    async def run(_: Context, args: dict[str, Any]) -> Any:
        await gate.wait()
        return "kept on"

    async with LocalServer([Handler("slow", run)]) as server:
        job = await server.client.submit("slow")
        async for event in server.client.events(job.id):
            if event.data.get("status") == "processing":
                break
        await server.advance(timedelta(days=2))
        gate.set()
        job = await server.client.wait(job.id, within=10)
        assert (job.result, job.members["attempt"]) == ("kept on", 1)


async def test_what_falls_due_is_done_in_its_order_and_at_its_own_time():
    seen: list[tuple[str, float]] = []

    async def run(_: Context, args: dict[str, Any]) -> Any:
        seen.append((args["name"], (server.clock.now() - began).total_seconds()))

    async with LocalServer([Handler("note", run)], inline=True) as server:
        began = server.clock.now()
        for name, delay in (("late", 300), ("soon", 100), ("later", 900)):
            await server.client.submit("note", {"name": name}, delay=delay)
        await server.advance(500)
        assert seen == [("soon", 100), ("late", 300)]
        assert server.clock.now() - began == timedelta(seconds=500)


async def test_inline_a_submit_returns_when_its_job_has_ended_retries_and_all():
    async with LocalServer([greet, add], inline=True) as server:
        job = await server.client.submit("greet", {"name": "Ada", "fails": 2})
        assert (job.status, job.members["attempt"], job.result) == ("done", 3, {"hello": "Ada"})
        failed = await server.client.submit("greet", {"name": "Ada", "fails": 3})
        assert failed.status is State.FAILED
        standing, created = await server.jobs.submit(Submission("sum", {"a": 1, "b": 2}, owner="me"))
        assert (standing.job.state, created) == (State.DONE, True)


async def test_inline_a_delayed_job_stays_scheduled_until_the_clock_is_moved():
    async with LocalServer([add], inline=True) as server:
        job = await server.client.submit("sum", {"a": 1, "b": 2}, delay=60)
        assert job.status is State.SCHEDULED
        await server.advance(60)
        assert (await server.client.get(job.id)).result == 3


async def test_other_clients_can_be_used_and_settings_given():
    async with LocalServer([add], cliq_secret="testsecret", max_queue=1) as server, aiohttp.ClientSession() as session:
        headers = {"x-cliq-signature": "testsecret"}
        for delay, status in ((60, 202), (0, 503)):
            body = {"kind": "sum", "args": {"a": 1, "b": 1}, "delay": delay}
            async with session.post(f"{server.url}/v1/jobs", json=body, headers=headers) as response:
                assert response.status == status


async def test_a_server_ends_with_its_block():
    before = asyncio.all_tasks()
    async with LocalServer([add]) as server:
        await server.client.submit("sum", {"a": 1, "b": 2}, delay=60)
    assert asyncio.all_tasks() == before


class OfUnittest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.server = await self.enterAsyncContext(LocalServer([add], inline=True))

    async def test_it_works_under_unittest(self) -> None:
        job = await self.server.client.submit("sum", {"a": 2, "b": 2})
        self.assertEqual(job.result, 4)  # noqa: PT009 - the other way of testing is what is tested
