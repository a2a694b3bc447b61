"""The event log: order, resuming, gaps, who hears what, slow listeners."""

from __future__ import annotations

import asyncio

import pytest

from jobserver.jobs import states
from jobserver.jobs.event_log import EventLog, Listener, ListenerTooSlow
from jobserver.jobs.events import EventType, Interest
from jobserver.jobs.model import Job
from tests.make import START, a_spec


def a_job(job_id: str = "job-1", owner: str = "default") -> Job:
    return states.create(a_spec(job_id=job_id, owner=owner), 1)


def of(*names: str) -> Interest:
    return Interest(jobs=frozenset(names))


def write(log: EventLog, *names: str) -> None:
    for name in names:
        log.append(EventType.PROGRESS, START, "default", a_job(name))


def heard(listener: Listener) -> list[int]:
    return [event.seq for event in listener.take()]


async def test_a_listener_resumes_after_the_last_event_it_saw():
    log = EventLog()
    write(log, "a", "b", "a", "b")
    with log.listen(of("b"), after=1) as listener:
        assert [(await anext(listener)).seq for _ in range(2)] == [2, 4]


def test_whoever_resumes_gets_all_that_is_kept_whatever_it_is_interested_in():
    for history in (0, 1, 3, 7, 100):
        log = EventLog(history=history)
        write(log, *"abcabbcab")
        for after in range(11):
            kept = [number for number in range(1, 10) if number > max(after, 9 - history)]
            gap = [] if 9 - history <= after <= 9 else [max(9 - history, 0) if after <= 9 else 9]
            for where, names in ((Interest(), "abc"), (of("a", "c"), "ac"), (of("b"), "b"), (of("d"), "")):
                with log.listen(where, after=after) as listener:
                    mine = [number for number in kept if "abcabbcab"[number - 1] in names]
                    assert heard(listener) == gap + mine, (history, after, names)


def test_events_of_queues_leave_the_history_like_any_other():
    log = EventLog(history=2)
    log.append(EventType.PAUSED, START, "default")
    write(log, "a", "a")
    with log.listen(after=1) as listener:
        assert heard(listener) == [2, 3]


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


def test_a_listener_hears_what_it_is_interested_in_then_and_later():
    log = EventLog()

    def tell() -> None:
        log.append(EventType.QUEUED, START, "mail", a_job("a", owner="ann"))
        log.append(EventType.DONE, START, "video", a_job("b", owner="bob"))
        log.append(EventType.PAUSED, START, "mail")

    expected = {
        Interest(): [1, 2, 3],
        Interest(owner="ann"): [1, 3],
        Interest(queues=frozenset({"mail"})): [1, 3],
        Interest(types=frozenset({EventType.DONE, EventType.PAUSED})): [2, 3],
        Interest(owner="ann", jobs=frozenset({"a", "b"})): [1],
        Interest(jobs=frozenset({"a", "b"}), queues=frozenset({"video"})): [2],
        Interest(jobs=frozenset()): [],
    }
    listeners = {where: log.listen(where) for where in expected}
    tell()
    assert {where: heard(listener) for where, listener in listeners.items()} == expected
    assert {where: heard(log.listen(where, after=0)) for where in expected} == expected


async def test_a_listener_that_is_too_slow_is_cut_off_and_told_where():
    log = EventLog(patience=2)
    with log.listen() as listener:
        write(log, "a", "b", "c", "d")
        assert [(await anext(listener)).seq for _ in range(2)] == [1, 2]
        for read in (listener.take, listener.__anext__):
            with pytest.raises(ListenerTooSlow) as cut:
                await asyncio.wait_for(_called(read), 5)
            assert cut.value.last_seq == 2


async def _called(read: object) -> None:
    answer = read()  # type: ignore[operator]  # one of two ways to read
    if asyncio.iscoroutine(answer):
        await answer


def test_a_listener_says_when_there_is_something_to_take():
    log, notices = EventLog(), 0

    def note() -> None:
        nonlocal notices
        notices += 1

    with log.listen(of("a")) as listener:
        listener.notify = note
        write(log, "a", "b", "a")
        assert (notices, heard(listener), heard(listener)) == (2, [1, 3], [])
        log.close()
        assert (notices, listener.closed) == (3, True)


def test_a_listener_that_leaves_knows_up_to_where_it_heard_everything():
    log = EventLog()
    with log.listen(of("a")) as listener:
        write(log, "a", "b", "b")
        assert (heard(listener), listener.leave()) == ([1], 3)
        write(log, "a")
        assert (heard(listener), listener.closed) == ([], False)


async def test_closing_the_log_ends_who_waits_and_who_listens_to_one_job():
    log = EventLog()
    listeners = [log.listen(), log.listen(of("a"))]
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        reading = [group.create_task(_read_all(listener)) for listener in listeners]
        await asyncio.sleep(0)
        write(log, "a")
        log.close()
    assert [task.result() for task in reading] == [[1], [1]]


async def test_a_listener_that_left_hears_nothing():
    log = EventLog()
    listener = log.listen(of("a", "b"))
    listener.close()
    listener.close()
    write(log, "a")
    assert await _read_all(listener) == []
    assert (log._by_job, log._others) == ({}, {})


def test_what_is_forgotten_leaves_nothing_behind():
    log = EventLog(history=3)
    write(log, *"aabacdda")
    assert {name: [event.seq for event in events] for name, events in log._history_of.items()} == {
        "d": [6, 7],
        "a": [8],
    }


async def _read_all(listener: Listener) -> list[int]:
    return [event.seq async for event in listener]
