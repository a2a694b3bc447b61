"""What becomes of an attempt, whatever its handler does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.errors import Crashed, DoNotRetry, JobFailed, RetryAfter
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.model import Job, Progress, Result, State
from jobserver.workers.attempt import Attempt
from jobserver.workers.registry import Args, Context, Handler, Run, registry
from tests.make import a_policy, a_spec, until


class Bench:
    """An engine with one leased job, ready to be attempted with a handler of the test's own."""

    def __init__(self) -> None:
        self.clock = SteadyClock()
        self.engine = MemoryEngine(self.clock)
        self.abandoned: set[asyncio.Task[Any]] = set()

    async def run(
        self, handler: Run, *, timeout: float | None = 5, attempts: int = 1, grace: float = 0.05, lease: float = 30
    ) -> Job:
        policy = a_policy(max_attempts=attempts, timeout=timeout)
        job, _ = await self.engine.submit(a_spec(args=b'{"n":2}', policy=policy, created_at=self.clock.now()))
        held = await self.engine.claim(["default"], worker="w", lease=timedelta(seconds=lease), wait=1)
        assert held is not None
        await Attempt(
            held,
            Handler("echo", handler, policy=policy),
            self.engine,
            self.clock,
            grace=grace,
            max_result=1_000,
            abandoned=self.abandoned,
        ).run()
        return await self.engine.get(job.id)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_what_the_handler_returns_is_the_result(bench: Bench):
    async def double(context: Context, args: Args) -> Any:
        return {"n": args["n"] * 2, "attempt": context.attempt, "id": context.job_id, "é": None}

    job = await bench.run(double)
    assert job.state is State.DONE
    assert job.result == Result(b'{"n":4,"attempt":1,"id":"%s","\xc3\xa9":null}' % job.id.encode())


async def test_an_encoded_result_is_kept_as_it_is(bench: Bench):
    async def encoded(_: Context, __: Args) -> Any:
        return Result(b"[1]", b"[]")

    assert (await bench.run(encoded)).result == Result(b"[1]", b"[]")


@pytest.mark.parametrize(
    ("error", "code", "message", "state"),
    [
        (ValueError("bad luck"), "exception", "ValueError: bad luck", State.QUEUED),
        (Crashed("gone"), "crashed", "gone", State.QUEUED),
        (DoNotRetry("never"), "do_not_retry", "never", State.FAILED),
        (RetryAfter(60, "later"), "retry_after", "later", State.SCHEDULED),
    ],
)
async def test_an_error_says_whether_to_try_again(
    bench: Bench, error: Exception, code: str, message: str, state: State
):
    async def fail(_: Context, __: Args) -> Any:
        raise error

    job = await bench.run(fail, attempts=2)
    failure = job.attempts[-1].failure
    assert failure is not None
    assert (job.state, failure.code, failure.message) == (state, code, message)
    assert "in fail" in (failure.traceback or "")


class Odd(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


class Careless(JobFailed):
    def __init__(self) -> None:
        """Forget to call super."""


@pytest.mark.parametrize(
    "error",
    [RetryAfter(1e15), RetryAfter(float("nan")), RetryAfter(-1), Odd(), Careless(), RuntimeError("file \udcff")],
)
async def test_no_error_a_handler_can_raise_harms_more_than_its_attempt(bench: Bench, error: Exception):
    async def fail(_: Context, __: Args) -> Any:
        raise error

    job = await bench.run(fail, attempts=2)
    assert job.state in {State.QUEUED, State.SCHEDULED}
    failure = job.attempts[0].failure
    assert failure is not None
    failure.message.encode()


@pytest.mark.parametrize(("said", "shown"), [(float("nan"), 0), (-1, 0), (2, 1), (0.5, 0.5)])
async def test_progress_is_always_a_share(bench: Bench, said: float, shown: float):
    async def work(context: Context, _: Args) -> Any:
        context.progress(said, "at \udcff" * 100)

        async def seen() -> bool:
            progress = (await bench.engine.get(context.job_id)).progress
            return progress is not None and progress.step.startswith("at ") and progress.fraction == shown

        await until(seen)

    assert (await bench.run(work)).state is State.DONE


@pytest.mark.parametrize(
    ("value", "code"), [(object(), "do_not_retry"), (float("nan"), "do_not_retry"), ("x" * 2_000, "result_too_large")]
)
async def test_a_result_that_cannot_be_kept_fails_for_good(bench: Bench, value: object, code: str):
    async def make(_: Context, __: Args) -> Any:
        return value

    job = await bench.run(make, attempts=3)
    assert job.state is State.FAILED
    assert job.failure is not None
    assert job.failure.code == code


async def test_a_job_over_its_time_limit_is_stopped_and_may_be_tried_again(bench: Bench):
    stopped = asyncio.Event()

    async def sleep(context: Context, _: Args) -> Any:
        assert context.deadline is not None
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    job = await bench.run(sleep, timeout=0.05, attempts=2)
    assert stopped.is_set()
    assert job.state is State.QUEUED
    failure = job.attempts[0].failure
    assert failure is not None
    assert (failure.code, failure.message) == ("timeout", "The job took longer than 0.05 s.")


async def test_a_handler_that_ignores_its_cancellation_is_abandoned_and_its_result_refused(bench: Bench):
    release = asyncio.Event()

    async def stubborn(_: Context, __: Args) -> Any:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return "late"

    job = await bench.run(stubborn, timeout=0.05)
    assert (job.state, len(bench.abandoned)) == (State.FAILED, 1)
    release.set()
    await until(lambda: not bench.abandoned)
    assert (await bench.engine.get(job.id)).result is None


async def test_a_cancelled_job_stops_its_handler_at_once(bench: Bench):
    stopped = asyncio.Event()

    async def work(context: Context, _: Args) -> Any:
        await bench.engine.cancel(context.job_id, "unwanted")
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    job = await bench.run(work)
    assert (job.state, job.reason, stopped.is_set()) == (State.CANCELLED, "unwanted", True)


async def test_a_handler_that_cancels_itself_has_failed(bench: Bench):
    async def confused(_: Context, __: Args) -> Any:
        raise asyncio.CancelledError

    job = await bench.run(confused)
    assert job.state is State.FAILED


async def test_the_lease_is_renewed_while_the_handler_works(bench: Bench):
    async def work(context: Context, _: Args) -> Any:
        first = (await bench.engine.get(context.job_id)).deadline
        assert first is not None

        async def renewed() -> bool:
            deadline = (await bench.engine.get(context.job_id)).deadline
            return deadline is not None and deadline > first

        await until(renewed)

    assert (await bench.run(work, lease=0.3)).state is State.DONE


async def test_a_handler_whose_lease_was_taken_is_stopped_and_records_nothing(bench: Bench):
    async def work(_: Context, __: Args) -> Any:
        await bench.engine.tick(bench.clock.now() + timedelta(hours=1))
        await asyncio.Event().wait()

    job = await bench.run(work, lease=0.3, attempts=2)
    assert (job.state, job.attempts[0].failure and job.attempts[0].failure.code) == (State.QUEUED, "lease_ended")


async def test_a_result_that_comes_after_the_lease_is_refused(bench: Bench):
    async def work(_: Context, __: Args) -> Any:
        await bench.engine.tick(bench.clock.now() + timedelta(hours=1))
        return "too late"

    job = await bench.run(work, attempts=2)
    assert (job.state, job.result) == (State.QUEUED, None)


async def test_an_engine_in_trouble_is_logged_and_does_not_stop_the_handler(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def broken(*_: object, **__: object) -> None:
        raise OSError("disk gone")

    async def work(context: Context, _: Args) -> Any:
        monkeypatch.setattr(bench.engine, "report", broken)
        context.progress(0.5)
        await until(lambda: "disk gone" in caplog.text)
        return "made"

    assert (await bench.run(work)).state is State.DONE


async def test_progress_can_be_seen_while_the_handler_works(bench: Bench):
    async def work(context: Context, _: Args) -> Any:
        context.progress(7, "too far")

        async def seen() -> bool:
            return (await bench.engine.get(context.job_id)).progress == Progress(1.0, "too far")

        await until(seen)

    assert (await bench.run(work)).state is State.DONE


def test_two_handlers_cannot_claim_one_kind():
    async def nothing(_: Context, __: Args) -> Any:
        return None

    with pytest.raises(ValueError, match="'echo'"):
        registry([Handler("echo", nothing), Handler("echo", nothing)])
