from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from jobserver.errors import Crashed, DoNotRetry, JobFailed, ResultTooLarge, RetryAfter, ShuttingDown, UrlRefused
from jobserver.jobs.model import Result
from jobserver.workers.isolate import ProcessPool

JOBS = "tests.workers.isolated_jobs"
PARENT = """
import asyncio, sys
from jobserver.workers.isolate import ProcessPool
asyncio.run(ProcessPool().run(sys.argv[1], None, lambda _, step: print(step, flush=True)))
"""


class Heard:
    """Progress as it comes in; ``first`` is the step of the first."""

    def __init__(self) -> None:
        self.all: list[tuple[float, str]] = []
        self._more = asyncio.Event()

    def __call__(self, fraction: float, step: str) -> None:
        self.all.append((fraction, step))
        self._more.set()

    async def number(self, count: int) -> tuple[float, str]:
        while len(self.all) < count:
            self._more.clear()
            await self._more.wait()
        return self.all[count - 1]

    async def pid(self) -> int:
        return int((await self.number(1))[1])


@pytest.fixture
async def pool() -> AsyncIterator[ProcessPool]:
    pool = ProcessPool()
    yield pool
    await pool.close()


async def run(pool: ProcessPool, job: str, payload: Any = None, heard: Callable[[float, str], None] = print) -> Result:
    return await pool.run(f"{JOBS}:{job}", payload, heard)


async def pid_of(pool: ProcessPool) -> int:
    return int((await run(pool, "pid")).body)


def running(pid: int) -> bool:
    """Whether the process runs. One that is dead, but which its adopted parent has not reaped, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def offspring() -> set[int]:
    """Children of this process, zombies too."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid():
            found.add(int(stat.parent.name))
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def until(check: Callable[[], bool], within: float = 5.0) -> None:
    async with asyncio.timeout(within):
        while not check():  # noqa: ASYNC110 - another process has no event to set
            await asyncio.sleep(0.005)


# -- what comes back


async def test_a_result_and_its_brief_come_back_as_they_were_made(pool: ProcessPool) -> None:
    payload = {"url": "https://example.com/ä", "numbers": [1, 2.5, None]}
    result = await run(pool, "echo", payload)
    assert json.loads(result.body) == payload
    assert result.brief == b"brief"


async def test_a_large_result_arrives_whole_and_never_holds_up_the_loop(pool: ProcessPool) -> None:
    await pid_of(pool)  # its start is no part of the figure
    busiest = 0.0

    async def watch() -> None:
        nonlocal busiest
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            # Processor time of this thread, not wall time: a busy machine is not our stall.
            busiest, before = max(busiest, time.thread_time() - before), time.thread_time()

    async with asyncio.TaskGroup() as tasks:
        watcher = tasks.create_task(watch())
        result = await run(pool, "large", 30_000_000)
        watcher.cancel()
    assert len(result.body) == 30_000_000
    assert set(result.body[::100_000]) == {ord("x")}
    assert busiest < 0.05


async def test_a_result_over_the_limit_is_refused_and_the_next_job_runs() -> None:
    pool = ProcessPool(max_message=1000)
    with pytest.raises(ResultTooLarge, match="1000"):
        await run(pool, "large", 1001)
    assert len((await run(pool, "large", 1000)).body) == 1000
    await pool.close()


async def test_a_child_has_the_path_and_the_directory_of_its_parent_and_yields_to_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    pool = ProcessPool(preload=("colorsys",))
    seen = json.loads((await run(pool, "surroundings")).body)
    await pool.close()
    assert seen["cwd"] == str(tmp_path)
    assert set(sys.path) <= set(seen["path"])
    assert seen["nice"] == min(os.nice(0) + 5, 19)
    assert seen["oom"] == 800
    assert "colorsys" in seen["modules"]


# -- progress


async def test_progress_is_throttled_and_its_last_word_is_never_lost(pool: ProcessPool) -> None:
    heard = Heard()
    started = time.monotonic()
    await run(pool, "steps", 5000, heard)
    assert heard.all[0] == (0.0, "step 0")
    assert heard.all[-1] == (1.0, "done")
    assert len(heard.all) <= 2 + 20 * (time.monotonic() - started)


async def test_progress_held_back_is_heard_while_the_job_goes_on(pool: ProcessPool) -> None:
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run(pool, "two_steps_then_spin", None, heard))
        assert await heard.number(2) == (0.2, "second")
        task.cancel()


async def test_what_a_job_left_behind_does_not_speak_in_the_name_of_the_next(pool: ProcessPool) -> None:
    heard = Heard()
    await run(pool, "gossip")
    await run(pool, "last", 0.2, heard)
    assert not heard.all


# -- errors


async def test_an_error_comes_back_as_its_own_class_with_what_it_carried(pool: ProcessPool) -> None:
    with pytest.raises(UrlRefused, match=r"URL not allowed\.") as refused:
        await run(pool, "wrong", "refused")
    assert (refused.value.stage, refused.value.url) == ("address", "http://10.0.0.1/")
    with pytest.raises(RetryAfter, match="Busy") as later:
        await run(pool, "wrong", "later")
    assert later.value.seconds == 30
    with pytest.raises(DoNotRetry):
        await run(pool, "wrong", "never")


@pytest.mark.parametrize(
    ("which", "code", "retryable", "message"),
    [
        ("invalid", "invalid_request", True, "Not like this."),
        ("unknown", "too_salty", False, "Too salty."),
        ("value", "exception", True, "ValueError: a very odd value"),
    ],
)
async def test_an_error_of_no_known_class_is_a_failed_job_with_the_same_code(
    pool: ProcessPool, which: str, code: str, retryable: bool, message: str
) -> None:
    with pytest.raises(JobFailed) as failed:
        await run(pool, "wrong", which)
    error = failed.value
    assert (type(error), error.code, error.retryable, error.message) == (JobFailed, code, retryable, message)


async def test_an_error_brings_the_traceback_of_the_child_and_leaves_the_child_alive(pool: ProcessPool) -> None:
    before = await pid_of(pool)
    with pytest.raises(JobFailed) as failed:
        await run(pool, "wrong", "value")
    assert "isolated_jobs.py" in failed.value.__notes__[0]
    with pytest.raises(JobFailed) as failed:
        await run(pool, "wrong", "long")
    assert len(failed.value.message) == 2000
    assert await pid_of(pool) == before


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no.such.module:f", "ModuleNotFoundError"),
        (f"{JOBS}:no_such_function", "AttributeError"),
        (f"{JOBS}:not_a_result", "returned dict, not a Result"),
    ],
)
async def test_a_target_that_cannot_be_used_fails_with_a_reason(pool: ProcessPool, target: str, message: str) -> None:
    with pytest.raises(JobFailed, match=message):
        await pool.run(target, None, print)


async def test_a_module_that_cannot_be_preloaded_fails_the_job_and_leaves_no_process() -> None:
    pool = ProcessPool(preload=("no.such.module",))
    before = offspring()
    with pytest.raises(JobFailed, match="ModuleNotFoundError"):
        await run(pool, "pid")
    assert offspring() == before
    await pool.close()


# -- death


@pytest.mark.parametrize(
    ("job", "payload", "sentence"),
    [
        ("leave", None, r"The process that ran the job exited with code 3\."),
        ("leave_at_once", None, r"exited with code 4\."),
        ("kill_itself", signal.SIGKILL, r"was killed by signal 9\."),
        ("segfault", None, r"was killed by signal 11\."),
        ("orphan", None, r"exited with code 5\."),
    ],
)
async def test_a_death_is_told_and_a_fresh_child_takes_the_next_job(
    pool: ProcessPool, job: str, payload: Any, sentence: str
) -> None:
    before = await pid_of(pool)
    with pytest.raises(Crashed, match=sentence):
        await run(pool, job, payload)
    assert not exists(before)
    assert await pid_of(pool) != before


async def test_a_child_that_died_while_idle_is_replaced(pool: ProcessPool) -> None:
    before = await pid_of(pool)
    os.kill(before, signal.SIGKILL)
    await until(lambda: not pool._children)
    assert await pid_of(pool) != before


async def test_the_stop_signals_are_left_to_the_server(pool: ProcessPool) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        assert json.loads((await run(pool, "kill_itself", number)).body) == "still here"


async def test_processes_that_a_dead_job_started_die_with_it(pool: ProcessPool) -> None:
    heard = Heard()
    with pytest.raises(Crashed):
        await run(pool, "orphan", None, heard)
    grandchild = await heard.pid()
    await until(lambda: not running(grandchild))


# -- cancellation


@pytest.mark.parametrize("job", ["spin", "hold_the_gil"])
async def test_a_cancelled_job_is_gone_within_a_second(pool: ProcessPool, job: str) -> None:
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run(pool, job, None, heard))
        pid = await heard.pid()
        task.cancel()
        cancelled = time.monotonic()
        await asyncio.wait({task})
    assert task.cancelled()
    assert time.monotonic() - cancelled < 1
    assert not exists(pid)
    assert await pid_of(pool) != pid


async def test_processes_that_a_cancelled_job_started_are_killed(pool: ProcessPool) -> None:
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run(pool, "family", None, heard))
        grandchild = await heard.pid()
        assert running(grandchild)
        task.cancel()
    await until(lambda: not running(grandchild))


async def test_a_job_cancelled_while_its_child_starts_leaves_nothing(pool: ProcessPool) -> None:
    processes, files = offspring(), descriptors()
    for turns in range(12):
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(run(pool, "pid"))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
    assert offspring() == processes
    assert descriptors() == files


@pytest.mark.parametrize("job", ["spin", "hold_the_gil", "family"])
async def test_children_and_theirs_die_when_the_server_is_killed(job: str) -> None:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, f"{JOBS}:{job}"),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert server.stdout is not None
    pid = int(await server.stdout.readline())
    assert running(pid)
    server.kill()
    await server.wait()
    await until(lambda: not running(pid), within=2)


# -- what it prints


async def test_a_flood_of_output_is_harmless_and_its_beginning_is_logged(
    pool: ProcessPool, caplog: pytest.LogCaptureFixture
) -> None:
    assert json.loads((await run(pool, "shout", 100)).body) == "done"
    assert "a line that is not very long" in caplog.text
    assert len(caplog.records) <= 102
    assert max(len(record.getMessage()) for record in caplog.records) < 1100


async def test_each_job_may_print_anew_and_a_crash_is_traced(
    pool: ProcessPool, caplog: pytest.LogCaptureFixture
) -> None:
    await run(pool, "shout", 1)
    await run(pool, "whisper", "psst")
    with pytest.raises(Crashed):
        await run(pool, "segfault")
    assert "psst" in caplog.text
    assert "Fatal Python error: Segmentation fault" in caplog.text


# -- how long a child lives


async def test_a_child_stays_for_the_next_job_and_is_recycled_after_enough() -> None:
    pool = ProcessPool(recycle_after=2)
    first, second, third, fourth = [await pid_of(pool) for _ in range(4)]
    assert first == second != third == fourth
    assert not exists(first)
    await pool.close()


async def test_an_unused_child_is_closed() -> None:
    pool = ProcessPool(idle=0.01)
    first = await pid_of(pool)
    await until(lambda: not exists(first))
    assert await pid_of(pool) != first
    await pool.close()


async def test_a_child_about_to_be_closed_takes_no_job() -> None:
    pool = ProcessPool(idle=0)
    for _ in range(3):
        await run(pool, "echo")
        for _ in range(2):  # the timer's turn, then ours
            await asyncio.sleep(0)
    await pool.close()


async def test_a_job_may_last_longer_than_a_child_may_idle() -> None:
    pool = ProcessPool(idle=0.1)
    await run(pool, "echo")
    await run(pool, "last", 0.3)
    await pool.close()


async def test_fifty_jobs_leave_no_descriptor_and_no_process_behind() -> None:
    processes, files = offspring(), descriptors()
    pool = ProcessPool(recycle_after=10)
    for _ in range(50):
        await run(pool, "echo")
    await pool.close()
    assert offspring() == processes
    assert descriptors() == files


# -- many at once, and the end


async def test_two_jobs_run_at_once_in_a_pool_of_two_and_a_third_waits(tmp_path: Path) -> None:
    pool = ProcessPool(size=2)
    hears = [Heard() for _ in range(3)]
    signal_to_end = tmp_path / "end"
    async with asyncio.TaskGroup() as tasks:
        runs = [tasks.create_task(run(pool, "wait_for_file", str(signal_to_end), heard)) for heard in hears]
        first, second = await hears[0].pid(), await hears[1].pid()
        assert first != second
        assert not hears[2].all
        signal_to_end.touch()
    assert {int(done.result().body) for done in runs} == {first, second}
    await pool.close()


async def test_callers_are_served_in_order_of_arrival(pool: ProcessPool) -> None:
    order: list[int] = []

    async def call(number: int) -> None:
        await run(pool, "echo")
        order.append(number)

    await asyncio.gather(*map(call, range(10)))
    assert order == list(range(10))


async def test_closing_ends_what_runs_and_what_waits_and_may_be_done_twice() -> None:
    pool = ProcessPool()
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        ends = tasks.create_task(
            asyncio.wait_for(
                asyncio.gather(run(pool, "spin", None, heard), run(pool, "pid"), return_exceptions=True), timeout=10
            )
        )
        pid = await heard.pid()
        await asyncio.gather(pool.close(), pool.close())
        assert not exists(pid)
    assert [type(end) for end in ends.result()] == [ShuttingDown, ShuttingDown]
    await pool.close()
    with pytest.raises(ShuttingDown):
        await run(pool, "pid")


@pytest.mark.parametrize("turns", range(6))
async def test_closing_while_a_child_starts_leaves_nothing(turns: int) -> None:
    processes, files = offspring(), descriptors()
    pool = ProcessPool()
    async with asyncio.TaskGroup() as tasks:
        ends = tasks.create_task(asyncio.wait({tasks.create_task(attempt(pool))}))
        for _ in range(turns):
            await asyncio.sleep(0)
        await pool.close()
        await ends
    assert offspring() == processes
    assert descriptors() == files


async def attempt(pool: ProcessPool) -> None:
    with pytest.raises(ShuttingDown):
        await run(pool, "pid")
