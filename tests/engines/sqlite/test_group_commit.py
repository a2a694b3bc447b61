"""What gathers while the disk is busy is written together, and nobody hears of it before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from jobserver.engines.idempotency import Entry
from jobserver.engines.sqlite import group_commit
from jobserver.engines.sqlite.batch import Batch, Marks, QueueTerms
from jobserver.engines.sqlite.group_commit import GroupCommit
from jobserver.errors import StoreBroken, StoreUnavailable
from jobserver.jobs import states
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.event_log import EventLog
from jobserver.jobs.events import EventType
from jobserver.jobs.model import Artifact, Job, LogLine, QueueSettings, State
from tests.make import START, a_spec, a_success, until
from tests.scripted_store import ScriptedStore

FULL = StoreUnavailable("The disk is full.")


def a_job(number: int = 1, job_id: str | None = None) -> Job:
    return states.create(a_spec(job_id=job_id or f"job-{number}"), number)


class Desk:
    """A journal at work, with what it writes to and tells."""

    def __init__(self) -> None:
        self.store = ScriptedStore()
        self.log = EventLog()
        self.clock = ManualClock(START)
        self.broke = 0
        self.journal = GroupCommit(self.store, self.log, self.clock, broken=self._broken)
        self.journal.begin(Marks(START, 0, 0))
        self.working = asyncio.ensure_future(self.journal.work())

    def _broken(self) -> None:
        self.broke += 1

    def submit(self, job: Job) -> asyncio.Future[None]:
        """A new job is noted and announced; the future ends when it is safe."""
        self.journal.job(None, job)
        self.journal.event(EventType.QUEUED, START, "default", job)
        return asyncio.ensure_future(self.journal.safe())


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    desk.journal.close()
    desk.working.cancel()
    await asyncio.wait({desk.working})


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk in trouble is tried again soon."""
    monkeypatch.setattr(group_commit, "TRY_AGAIN", 0.02)


async def told(what: asyncio.Future[None]) -> Exception | None:
    await asyncio.wait({what})
    return what.exception()  # type: ignore[return-value] # no test cancels it


async def test_nothing_to_write_is_safe_at_once(desk: Desk):
    await desk.journal.safe()
    assert desk.store.tried == 0


async def test_it_is_safe_when_it_is_written_and_not_before(desk: Desk):
    with desk.store.held():
        safe = desk.submit(a_job())
        await desk.store.begun()
        assert not safe.done()
        assert desk.log.last_seq == 0
    await safe
    assert [list(batch.jobs) for batch in desk.store.written] == [[1]]
    assert desk.log.last_seq == 1


async def test_what_comes_while_the_disk_is_busy_is_written_together(desk: Desk):
    with desk.store.held():
        safe = [desk.submit(a_job(1))]
        await desk.store.begun()
        safe += [desk.submit(a_job(number)) for number in range(2, 50)]
    await asyncio.gather(*safe)
    assert [len(batch.jobs) for batch in desk.store.written] == [1, 48]
    assert desk.store.written[1].marks == Marks(START, arrived=49, line=49)


async def test_whoever_asks_while_all_of_it_is_being_written_waits_for_that(desk: Desk):
    with desk.store.held():
        desk.submit(a_job())
        await desk.store.begun()
        safe = asyncio.ensure_future(desk.journal.safe())
        await asyncio.sleep(0)
        assert not safe.done()
    await safe


async def test_events_are_told_in_order_after_the_write_that_they_tell_of(desk: Desk):
    heard = desk.log.listen()
    with desk.store.held():
        desk.submit(a_job(1))
        await desk.store.begun()
        safe = desk.submit(a_job(2))
        assert heard.take() == []
    await safe
    assert [(event.seq, event.job and event.job.id) for event in heard.take()] == [(1, "job-1"), (2, "job-2")]
    assert desk.store.numbers == [1, 2]


async def test_a_batch_that_could_not_be_written_goes_with_the_next(desk: Desk, at_once: None):
    heard = desk.log.listen()
    desk.store.trouble = FULL
    with desk.store.held():
        first = desk.submit(a_job(1))
        await desk.store.begun()
        second = desk.submit(a_job(2))
    for each in (first, second):
        assert isinstance(await told(each), StoreUnavailable)
    assert heard.take() == []
    desk.store.trouble = None
    await until(lambda: desk.store.written)
    assert [list(batch.jobs) for batch in desk.store.written] == [[1, 2]]
    assert [event.seq for event in heard.take()] == desk.store.numbers == [1, 2]


async def test_everybody_who_waits_is_told_of_the_trouble_at_once_and_by_an_error_of_his_own(desk: Desk):
    desk.store.trouble = FULL
    errors = await asyncio.gather(*(desk.submit(a_job(number)) for number in (1, 2)), return_exceptions=True)
    assert [str(error) for error in errors] == ["The disk is full."] * 2
    assert errors[0] is not errors[1]
    with pytest.raises(StoreUnavailable, match="full"):
        desk.journal.check()


async def test_a_disk_in_trouble_is_tried_even_when_there_is_nothing_to_write(
    desk: Desk, at_once: None, caplog: pytest.LogCaptureFixture
):
    desk.store.trouble = FULL
    job = a_job()
    await told(desk.submit(job))
    assert desk.journal.withdraw(job)
    desk.store.trouble = None
    assert await desk.journal.until_writable(10)
    assert [bool(batch) for batch in desk.store.written] == [False]
    desk.journal.check()
    said = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == ["The store cannot be written to: The disk is full.", "The store can be written to again."]


async def test_whoever_waits_for_the_disk_to_recover_gives_up_in_time(desk: Desk):
    desk.store.trouble = FULL
    await told(desk.submit(a_job()))
    assert not await desk.journal.until_writable(0.01)


async def test_a_disk_that_hangs_is_trouble_until_it_answers(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(group_commit, "PATIENCE", 0.01)
    with desk.store.held():
        first = desk.submit(a_job(1))
        await desk.store.begun()
        second = desk.submit(a_job(2))
        for each in (first, second):
            assert str(await told(each)) == "The disk is too slow."
        assert not await desk.journal.until_writable(0)
    assert await desk.journal.until_writable(10)
    await desk.journal.safe()
    assert [list(batch.jobs) for batch in desk.store.written] == [[1], [2]]


async def test_patience_begins_anew_with_every_batch(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(group_commit, "PATIENCE", 0.2)
    for number in range(1, 6):
        with desk.store.held():
            safe = desk.submit(a_job(number))
            await desk.store.begun()
            later = desk.submit(a_job(100 + number))
            await asyncio.sleep(0.06)
        await asyncio.gather(safe, later)


async def test_after_a_failure_that_nobody_understands_nothing_is_ever_safe_again(desk: Desk):
    desk.store.trouble = StoreBroken("fsync failed")
    assert isinstance(await told(desk.submit(a_job())), StoreBroken)
    assert desk.broke == 1
    desk.store.trouble = None
    assert isinstance(await told(desk.submit(a_job(2))), StoreBroken)
    await asyncio.wait({desk.working})
    assert (desk.store.tried, desk.store.written, desk.log.last_seq) == (1, [], 0)


async def test_a_mistake_of_ours_ends_in_a_broken_store_and_not_in_silence(
    desk: Desk, caplog: pytest.LogCaptureFixture
):
    desk.store.trouble = ZeroDivisionError("what did you expect")
    assert isinstance(await told(desk.submit(a_job())), StoreBroken)
    assert desk.broke == 1
    assert "what did you expect" in caplog.text


async def test_whoever_stops_waiting_is_no_trouble_to_the_others(desk: Desk):
    with desk.store.held():
        impatient, patient = desk.submit(a_job(1)), desk.submit(a_job(2))
        await desk.store.begun()
        impatient.cancel()
    await patient
    assert desk.store.states == {"job-1": State.QUEUED, "job-2": State.QUEUED}


async def test_close_writes_what_there_is_and_ends(desk: Desk):
    with desk.store.held():
        desk.submit(a_job(1))
        await desk.store.begun()
        desk.submit(a_job(2))
        desk.journal.close()
    await desk.working
    assert len(desk.store.states) == 2


# --- how a job stood on disk


async def test_a_job_is_seen_as_it_last_was_on_disk(desk: Desk):
    queued = a_job()
    started = states.start(queued, token="t", worker="w", now=START, lease=timedelta(seconds=30))
    done = states.succeed(started, a_success().result, now=START, keep=timedelta(hours=1))
    with desk.store.held():
        desk.submit(queued)
        await desk.store.begun()
        desk.journal.job(queued, started)
        assert desk.journal.settled(started, "job-1") is None
    await desk.journal.safe()
    assert desk.journal.settled(started, "job-1") == started
    with desk.store.held():
        desk.journal.job(started, done)
        await desk.store.begun()
        desk.journal.job(done, None)
        assert desk.journal.settled(None, "job-1") == started
    await desk.journal.safe()
    assert desk.journal.settled(None, "job-1") is None


async def test_between_two_writes_a_job_is_seen_as_the_first_left_it(desk: Desk):
    queued = a_job()
    started = states.start(queued, token="t", worker="w", now=START, lease=timedelta(seconds=30))
    seen: list[Job | None] = []
    heard = desk.log.listen()
    heard.notify = lambda: seen.append(desk.journal.settled(started, "job-1"))
    with desk.store.held():
        desk.submit(queued)
        await desk.store.begun()
        desk.journal.job(queued, started)
        desk.journal.event(EventType.STARTED, START, "default", started)
    await desk.journal.safe()
    assert seen == [queued, started]


async def test_lines_and_files_are_not_settled_before_they_are_written(desk: Desk):
    job = a_job()
    await desk.submit(job)
    notes: list[Callable[[], None]] = [
        lambda: desk.journal.line(job, LogLine(0, START, "x")),
        lambda: desk.journal.file(job, Artifact("a", "text/plain", b"x")),
    ]
    for note in notes:
        assert not desk.journal.unsettled(job)
        with desk.store.held():
            note()
            assert desk.journal.unsettled(job)
            await desk.store.begun()
            assert desk.journal.unsettled(job)
            assert not desk.journal.unsettled(a_job(2))
        await desk.journal.safe()


# --- what never was


async def test_a_job_that_was_not_written_can_be_withdrawn_and_leaves_no_hole(desk: Desk, at_once: None):
    heard = desk.log.listen()
    desk.store.trouble = FULL
    jobs = [a_job(number) for number in (1, 2, 3)]
    asked = [desk.submit(job) for job in jobs]
    desk.journal.line(jobs[1], LogLine(0, START, "x"))
    desk.journal.file(jobs[1], Artifact("a", "text/plain", b"x"))
    assert [type(await told(each)) for each in asked] == [StoreUnavailable] * 3
    assert desk.journal.withdraw(jobs[1])
    assert desk.journal.settled(None, "job-2") is None
    desk.store.trouble = None
    await until(lambda: desk.store.written)
    (batch,) = desk.store.written
    assert (list(batch.jobs), list(batch.lines), batch.new, batch.logs, batch.files) == ([1, 3], [1, 3], {1, 3}, [], [])
    assert [(event.seq, event.job and event.job.id) for event in heard.take()] == [(1, "job-1"), (2, "job-3")]


async def test_a_job_that_is_being_written_or_was_cannot_be_withdrawn(desk: Desk):
    job = a_job()
    with desk.store.held():
        safe = desk.submit(job)
        await desk.store.begun()
        assert not desk.journal.withdraw(job)
    await safe
    assert not desk.journal.withdraw(job)
    desk.journal.job(job, states.cancel(job, "x", now=START, keep=timedelta(hours=1)))
    assert not desk.journal.withdraw(job)


async def test_keys_are_known_that_are_answered_with_a_job_that_is_not_safe(desk: Desk):
    job = a_job()
    with desk.store.held():
        desk.journal.job(None, job)
        desk.journal.idempotency(("ann", "a"), Entry(job, b"", START))
        await desk.store.begun()
        desk.journal.idempotency(("ann", "b"), Entry(job, b"", START))
        desk.journal.idempotency(("ann", "c"), Entry(a_job(2), b"", START))
        desk.journal.idempotency(("ann", "d"), None)
        assert desk.journal.keys_answered_with("job-1") == [("ann", "a"), ("ann", "b")]
    await desk.journal.safe()
    assert desk.journal.keys_answered_with("job-1") == []


# --- lines, and what a long trouble costs


async def test_places_in_line_say_who_goes_first(desk: Desk):
    first, second, third = (a_job(number) for number in (1, 2, 3))
    for job in (first, second):
        desk.journal.job(None, job)
    desk.journal.job(None, third, in_front=True)
    await desk.journal.safe()
    lines = desk.store.written[0].lines
    assert sorted(lines, key=lines.__getitem__) == [3, 1, 2]


async def test_while_nothing_can_be_written_nobody_hears_of_progress_and_lines(desk: Desk, at_once: None):
    heard = desk.log.listen()
    job = a_job()
    desk.store.trouble = FULL
    await told(desk.submit(job))
    for _ in range(10):
        desk.journal.event(EventType.PROGRESS, START, "default", job)
        desk.journal.event(EventType.LOG, START, "default", job, "x")
    desk.journal.event(EventType.CANCELLED, START, "default", job)
    desk.store.trouble = None
    assert await desk.journal.until_writable(10)
    desk.journal.event(EventType.LOG, START, "default", job, "y")
    await desk.journal.safe()
    assert [event.type for event in heard.take()] == [EventType.QUEUED, EventType.CANCELLED, EventType.LOG]


def test_of_two_batches_the_later_word_counts():
    queued, other = a_job(1), a_job(2)
    started = states.start(queued, token="t", worker="w", now=START, lease=timedelta(seconds=30))
    earlier, later = Batch(), Batch()
    earlier.change(None, queued, 1)
    earlier.change(None, other, 2)
    earlier.queues["default"] = QueueTerms(QueueSettings(paused=True), frozenset({"paused"}))
    later.change(queued, started, None)
    later.change(other, None, None)
    both = later.follow(earlier)
    assert both.jobs == {1: started, 2: None}
    assert (both.lines, both.new) == ({}, {1, 2})
    assert both.before == {"job-1": None, "job-2": None}
    assert list(both.queues) == ["default"]


def test_a_batch_that_waits_for_days_keeps_the_end_of_every_log_and_one_file_of_a_name():
    first, second = a_job(1), a_job(2)
    batch = Batch()
    for round_ in range(5):
        later = Batch()
        for place in range(300):
            later.logs.append((first.number, LogLine(round_ * 300 + place, START, "x")))
        later.logs.append((second.number, LogLine(round_, START, "y")))
        for name in ("a", "b"):
            later.files.append((first.number, Artifact(name, "text/plain", b"%d" % round_)))
        batch = later.follow(batch)
    assert [line.number for number, line in batch.logs if number == 1] == list(range(500, 1_500))
    assert [line.number for number, line in batch.logs if number == 2] == [0, 1, 2, 3, 4]
    assert [(file.name, file.body) for _, file in batch.files] == [("a", b"4"), ("b", b"4")]


def test_a_result_is_written_once():
    queued = a_job()
    started = states.start(queued, token="t", worker="w", now=START, lease=timedelta(seconds=30))
    done = states.succeed(started, a_success().result, now=START, keep=timedelta(hours=1))
    batch = Batch()
    batch.change(started, done, None)
    assert batch.ended == {1}
    following = Batch()
    following.change(done, None, None)
    assert following.ended == set()


def test_a_key_that_is_kept_anew_after_a_failed_write_is_the_youngest_again():
    earlier, later = Batch(), Batch()
    earlier.idempotency = {("ann", "one"): None, ("ann", "two"): None}
    later.idempotency = {("ann", "one"): None}
    assert list(later.follow(earlier).idempotency) == [("ann", "two"), ("ann", "one")]
