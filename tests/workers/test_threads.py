"""Plain functions run beside the loop, and one that blocks for ever is left behind."""

from __future__ import annotations

import asyncio
import threading
from typing import NoReturn

import pytest

from jobserver.workers.threads import in_thread
from tests.make import until


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
async def test_whatever_a_thread_raises_is_raised_to_who_waits(error: BaseException):
    def fail() -> NoReturn:
        raise error

    with pytest.raises(type(error)) as raised:
        await in_thread(fail, "t")
    assert raised.value is error


async def test_the_thread_has_the_jobs_name():
    assert await in_thread(lambda: threading.current_thread().name, "job 7") == "job 7"


async def test_a_cancellation_waits_for_the_thread_and_a_second_one_does_not():
    gate = threading.Event()
    task = asyncio.ensure_future(in_thread(gate.wait, "t"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=0.02)
    assert not task.done()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    gate.set()


async def test_a_thread_that_ends_after_a_cancellation_still_says_how():
    gate = threading.Event()
    task = asyncio.ensure_future(in_thread(gate.wait, "t"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await task is True


async def test_a_thread_may_outlive_the_loop():
    gate = threading.Event()

    async def leave() -> None:
        task = asyncio.ensure_future(in_thread(gate.wait, "outlives"))
        await asyncio.sleep(0)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)

    await asyncio.to_thread(asyncio.run, leave())
    gate.set()
    await until(lambda: not any(thread.name == "outlives" for thread in threading.enumerate()))
