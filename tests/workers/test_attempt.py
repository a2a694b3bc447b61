"""What becomes of an attempt, whatever its handler does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from jobserver.engines.memory import MemoryEngine
from jobserver.errors import ArtifactTooLarge, Crashed, DoNotRetry, JobFailed, RetryAfter
from jobserver.jobs.clock import SteadyClock
from jobserver.jobs.model import Artifact, Job, Lease, Progress, Result, State
from jobserver.jobs.stats import Stats
from jobserver.workers.crew import Crew, CrewSettings
from jobserver.workers.registry import Args, Context, Handler, Run, registry
from tests.make import a_policy, a_spec, until


class Bench:
    """An engine with one job and a crew that attempts it once, with a handler of the test's own."""

    def __init__(self) -> None:
        self.clock = SteadyClock()
        self.engine = MemoryEngine(self.clock)
        self.crew: Crew | None = None

    async def run(
        self,
        handler: Run,
        *,
        timeout: float | None = 5,
        total_timeout: float | None = None,
        attempts: int = 1,
        delay: float = 0,
        grace: float = 0.05,
        lease: float = 30,
    ) -> Job:
        policy = a_policy(max_attempts=attempts, timeout=timeout, total_timeout=total_timeout, delay=delay)
        job, _ = await self.engine.submit(a_spec(args=b'{"n":2}', policy=policy, created_at=self.clock.now()))
        settings = CrewSettings(lease=timedelta(seconds=lease), stop_grace=grace, max_result=1_000)
        self.crew = Crew(self.engine, registry([Handler("echo", handler)]), self.clock, Stats(), settings)
        await self.crew.start()

        async def begun() -> bool:
            return (await self.engine.get(job.id)).state is not State.QUEUED

        await until(begun)
        await asyncio.sleep(0)
        self.crew.quiesce()
        await until(lambda: self.crew is not None and not self.crew.running)
        return await self.engine.get(job.id)

    @property
    def abandoned(self) -> int:
        return 0 if self.crew is None else self.crew.abandoned


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    if bench.crew is not None:
        await bench.crew.drain(0)


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


class Untold(JobFailed):
    @property
    def retryable(self) -> bool:  # type: ignore[override]  # what a careless handler's author writes
        raise ValueError("no answer")


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


@pytest.mark.parametrize(
    ("said", "shown"), [(float("nan"), 0), (-1, 0), (2, 1), (0.5, 0.5), (Decimal("0.5"), 0.5), (True, 1)]
)
async def test_progress_is_always_a_share(bench: Bench, said: float, shown: float):
    async def work(context: Context, _: Args) -> Any:
        context.progress(said, "at \udcff" * 100)

        async def seen() -> bool:
            progress = (await bench.engine.get(context.job_id)).progress
            if progress is None or not progress.step.startswith("at "):
                return False
            return progress.fraction == shown and type(progress.fraction) is float

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
    assert (job.state, bench.abandoned) == (State.FAILED, 1)
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


async def test_a_lease_outlasts_a_renewal_that_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    renew, tried = bench.engine.renew, asyncio.Event()

    async def fail_once(lease: Lease) -> str | None:
        if not tried.is_set():
            tried.set()
            raise OSError("no answer")
        return await renew(lease)

    monkeypatch.setattr(bench.engine, "renew", fail_once)

    async def work(_: Context, __: Args) -> Any:
        await tried.wait()

    assert (await bench.run(work, lease=0.6)).state is State.DONE


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


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        BaseExceptionGroup("both", [SystemExit(1), ValueError("x")]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_exit_raised_by_a_handler_fails_its_attempt_and_no_more(bench: Bench, error: BaseException):
    async def leave(_: Context, __: Args) -> Any:
        raise error

    job = await bench.run(leave)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "exception")
    assert type(error).__name__ in job.failure.message


async def test_an_error_that_cannot_even_be_told_fails_its_attempt_and_no_more(bench: Bench):
    async def fail(_: Context, __: Args) -> Any:
        raise Untold

    job = await bench.run(fail)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "exception")


async def test_a_handler_knows_its_job(bench: Bench):
    async def tell(context: Context, _: Args) -> Any:
        assert context.deadline is not None
        left = (context.deadline - bench.clock.now()).total_seconds()
        return [context.owner, context.attempt, 4 < left <= 5, context.cancelled, context.traceparent]

    job = await bench.run(tell)
    assert job.result == Result(b'["default",1,true,false,null]')


async def test_lines_and_files_are_kept_in_the_order_they_came(bench: Bench):
    async def work(context: Context, _: Args) -> Any:
        context.log("one\ntwo")
        context.artifact("notes.txt", "first", "text/plain")
        context.log("three")
        context.artifact("notes.txt", b"second", "text/plain")
        context.artifact("raw", b"\0")

    job = await bench.run(work)
    assert [line.text for line in await bench.engine.logs(job.id)] == ["one", "two", "three"]
    assert await bench.engine.artifacts(job.id) == [
        Artifact("notes.txt", "text/plain", b"second"),
        Artifact("raw", "application/octet-stream", b"\0"),
    ]


async def test_what_a_handler_says_can_be_read_while_it_works(bench: Bench):
    async def work(context: Context, _: Args) -> Any:
        context.log("begun")
        context.artifact("early", b"1")

        async def seen() -> bool:
            return bool(await bench.engine.artifacts(context.job_id) and await bench.engine.logs(context.job_id))

        await until(seen)

    assert (await bench.run(work)).state is State.DONE


async def test_what_a_failed_or_late_handler_said_is_kept(bench: Bench):
    async def work(context: Context, _: Args) -> Any:
        context.log("before the end")
        await asyncio.Event().wait()

    job = await bench.run(work, timeout=0.02)
    assert job.state is State.FAILED
    assert [line.text for line in await bench.engine.logs(job.id)] == ["before the end"]


@pytest.mark.parametrize("name", ["", "a/b", "a\nb", "x" * 256, ".", "..", "\udcff"])
async def test_a_file_that_cannot_be_named_so_is_the_handlers_mistake(bench: Bench, name: str):
    async def work(context: Context, _: Args) -> Any:
        context.artifact(name, b"")

    job = await bench.run(work)
    assert job.failure is not None
    assert "cannot be a file's name" in job.failure.message


@pytest.mark.parametrize("content_type", ["", "text", "text/", "text/plain\r\nX: y", "text/plain; x=é"])
async def test_a_content_type_that_is_none_is_the_handlers_mistake(bench: Bench, content_type: str):
    async def work(context: Context, _: Args) -> Any:
        context.artifact("name", b"", content_type)

    job = await bench.run(work)
    assert job.failure is not None
    assert "is no content type" in job.failure.message


async def test_a_file_there_is_no_room_for_fails_the_attempt(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    async def full(*_: object, artifact: Artifact | None = None, **__: object) -> None:
        if artifact is not None:
            raise ArtifactTooLarge

    async def work(context: Context, _: Args) -> Any:
        monkeypatch.setattr(bench.engine, "report", full)
        context.artifact("large", b"x")
        return "made"

    job = await bench.run(work, attempts=2)
    assert job.failure is not None
    assert (job.state, job.failure.code) == (State.FAILED, "artifact_too_large")


async def test_a_file_that_the_job_can_do_without_costs_it_a_line_of_the_log_at_most(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    report = bench.engine.report

    async def full(*about: Any, artifact: Artifact | None = None, **more: Any) -> None:
        if artifact is not None and artifact.name == "large":
            raise ArtifactTooLarge("No room.")
        await report(*about, artifact=artifact, **more)

    async def work(context: Context, _: Args) -> Any:
        monkeypatch.setattr(bench.engine, "report", full)
        context.artifact("large", b"x", required=False)
        context.artifact("small", b"x", required=False)
        return "made"

    job = await bench.run(work)
    assert (job.state, job.result) == (State.DONE, Result(b'"made"'))
    assert [each.name for each in await bench.engine.artifacts(job.id)] == ["small"]
    assert [line.text for line in await bench.engine.logs(job.id)] == ["large was not kept. No room."]


async def test_a_flood_of_lines_is_cut_and_says_so(bench: Bench):
    async def work(context: Context, _: Args) -> Any:
        for number in range(5_000):
            context.log(f"{number} " + "x" * 5_000)

    job = await bench.run(work)
    lines = await bench.engine.logs(job.id, limit=10_000)
    assert lines[-1].text == "(4000 lines were dropped: too many at once)"
    assert max(len(line.text) for line in lines) == 2_000


async def test_a_thread_may_say_as_much_as_the_loop(bench: Bench):
    async def work(context: Context, _: Args) -> Any:
        def talk() -> None:
            context.progress(0.5, "half")
            context.log("from a thread")
            context.artifact("a", b"b")

        await asyncio.to_thread(talk)

        async def seen() -> bool:
            return (await bench.engine.get(context.job_id)).progress == Progress(0.5, "half")

        await until(seen)

    job = await bench.run(work)
    assert [line.text for line in await bench.engine.logs(job.id)] == ["from a thread"]
    assert len(await bench.engine.artifacts(job.id)) == 1


async def test_the_time_of_all_attempts_together_has_an_end(bench: Bench):
    async def sleep(_: Context, __: Args) -> Any:
        await asyncio.Event().wait()

    job = await bench.run(sleep, timeout=None, total_timeout=0.05, attempts=9)
    assert job.failure is not None
    assert (job.state, job.failure.message) == (
        State.FAILED,
        "The job's attempts took longer than 0.05 s in all.",
    )


async def test_a_handler_sees_that_it_is_cancelled(bench: Bench):
    seen = []

    async def work(context: Context, _: Args) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(context.cancelled)

    await bench.run(work, timeout=0.02)
    assert seen == [True]


async def test_a_job_cancelled_and_forgotten_while_it_was_handed_over_is_never_begun(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    begun = []

    async def work(context: Context, _: Args) -> Any:
        begun.append(context.job_id)

    claim = bench.engine.claim

    async def slow_claim(*args: Any, **named: Any) -> Any:
        lease = await claim(*args, **named)
        if lease is not None:
            await bench.engine.cancel(lease.job.id, "unwanted")
            await asyncio.sleep(0)  # the news is out before the worker has the lease
        return lease

    monkeypatch.setattr(bench.engine, "claim", slow_claim)
    assert (await bench.run(work)).state is State.CANCELLED
    assert not begun
