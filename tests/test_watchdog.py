"""The watchdog in the test's own process; a real server's is seen in `test_durable_server`."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Iterator

import pytest

from jobserver import handler, open_jobs, watchdog
from jobserver.jobs.stats import Stats
from jobserver.logs import JsonLines
from jobserver.watchdog import Watchdog
from tests.make import until


@handler("nothing")
async def nothing() -> None:
    """Nothing."""


@pytest.fixture
def stats(monkeypatch: pytest.MonkeyPatch) -> Stats:
    for name, seconds in (("_EVERY", 0.05), ("_GLANCE", 0.02), ("_PATIENCE", 0.2)):
        monkeypatch.setattr(watchdog, name, seconds)
    return Stats()


@pytest.fixture
def dog(stats: Stats) -> Iterator[Watchdog]:
    dog = Watchdog(stats.note_stall)
    yield dog
    dog.stop()


def _watching() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "watchdog"}


async def test_a_loop_that_stands_still_is_told_of_once_with_its_stack_and_how_long(
    dog: Watchdog, stats: Stats, caplog: pytest.LogCaptureFixture
):
    dog.start()
    await asyncio.sleep(0.1)
    time.sleep(0.8)  # noqa: ASYNC251 - here it blocks
    await until(lambda: len(caplog.records) == 2)
    blocked, over = caplog.records
    assert (blocked.levelno, over.levelno, stats.stalls) == (logging.ERROR, logging.WARNING, 1)
    assert "here it blocks" in (blocked.stack_info or "")
    assert over.getMessage().startswith("The event loop turns again after at least 0.")
    line = json.loads(JsonLines().format(blocked))
    assert "here it blocks" in line["stack"]


async def test_what_lets_no_thread_run_is_told_of_when_it_is_over(
    dog: Watchdog, stats: Stats, caplog: pytest.LogCaptureFixture
):
    dog.start()
    await asyncio.sleep(0.1)
    numbers = 40_000_000
    while not stats.stalls:
        sum(range(numbers))  # in C, without letting go of the interpreter: soon for longer than it has patience
        await asyncio.sleep(0.3)
        numbers *= 2
    assert "by something that let no other thread run" in caplog.text


async def test_a_loop_that_turns_is_never_spoken_of(dog: Watchdog, stats: Stats, caplog: pytest.LogCaptureFixture):
    dog.start()
    for _ in range(20):
        time.sleep(0.02)  # noqa: ASYNC251 - busy, but not for long
        await asyncio.sleep(0)
    assert (stats.stalls, caplog.text) == (0, "")


async def test_it_ends_with_what_it_watches():
    before = _watching()
    async with open_jobs([nothing]):
        (thread,) = _watching() - before
    await until(lambda: not thread.is_alive())


def test_it_ends_with_a_loop_that_was_closed_without_a_word(dog: Watchdog):
    async def watched() -> None:
        dog.start()
        await asyncio.sleep(0)

    before = _watching()
    asyncio.run(watched())
    (thread,) = _watching() - before
    thread.join(5)
    assert not thread.is_alive()


class Frozen(threading.Event):
    """What waits for it is stopped meanwhile, with all of the process: it wakes late, time and again."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.times += 1
        time.sleep((timeout or 0) + 0.1)
        return self.times > 12


def test_moments_in_which_it_was_stopped_itself_are_not_held_against_the_loop(dog: Watchdog, stats: Stats):
    assert dog._in_time(Frozen())
    assert stats.stalls == 0
