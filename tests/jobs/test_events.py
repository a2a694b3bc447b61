"""The event log: order, resuming, gaps, slow listeners."""

from __future__ import annotations

import asyncio

import pytest

from jobserver.jobs import states
from jobserver.jobs.events import EventLog, EventType, Listener, ListenerTooSlow
from jobserver.jobs.model import Job
from tests.make import START, a_spec


def a_job(job_id: str = "job-1") -> Job:
    return states.create(a_spec(job_id=job_id), 1)


def write(log: EventLog, *names: str) -> None:
    for name in names:
        log.append(EventType.PROGRESS, START, "default", a_job(name))


async def test_a_listener_resumes_after_the_last_event_it_saw():
    log = EventLog()
    write(log, "a", "b", "a", "b")
    with log.listen(after=1, job_id="b") as listener:
        assert [(await anext(listener)).seq for _ in range(2)] == [2, 4]


async def test_history_that_is_gone_is_told_as_a_gap():
    log = EventLog(history=2)
    write(log, "a", "a", "a", "a")
    with log.listen(after=1) as listener:
        assert [(await anext(listener)).type for _ in range(3)] == ["gap", "job.progress", "job.progress"]


async def test_a_number_from_before_a_restart_is_a_gap():
    log = EventLog()
    with log.listen(after=77) as listener:
        assert (await anext(listener)).type is EventType.GAP


async def test_nothing_is_missing_when_everything_was_seen():
    log = EventLog(history=2)
    write(log, "a", "a", "a")
    with log.listen(after=3) as listener:
        write(log, "a")
        assert (await anext(listener)).seq == 4


async def test_a_listener_that_is_too_slow_is_cut_off_and_told_where():
    log = EventLog(patience=2)
    with log.listen() as listener:
        write(log, "a", "b", "c", "d")
        assert [(await anext(listener)).seq for _ in range(2)] == [1, 2]
        with pytest.raises(ListenerTooSlow) as cut:
            await anext(listener)
        assert cut.value.last_seq == 2


async def test_closing_the_log_ends_who_waits_and_who_listens_to_one_job():
    log = EventLog()
    listeners = [log.listen(), log.listen(job_id="a")]
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        reading = [group.create_task(_read_all(listener)) for listener in listeners]
        await asyncio.sleep(0)
        write(log, "a")
        log.close()
    assert [task.result() for task in reading] == [[1], [1]]


async def test_a_listener_that_left_hears_nothing():
    log = EventLog()
    listener = log.listen(job_id="a")
    listener.close()
    listener.close()
    write(log, "a")
    assert await _read_all(listener) == []


async def _read_all(listener: Listener) -> list[int]:
    return [event.seq async for event in listener]
