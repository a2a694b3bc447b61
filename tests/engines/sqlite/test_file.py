"""The SQLite file itself: what it keeps, whom it refuses, and what it says when the disk will not have it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobserver.engines.sqlite import opening
from jobserver.engines.sqlite.engine import SqliteEngine
from jobserver.engines.sqlite.file import SqliteFile
from jobserver.errors import StoreUnavailable, UnusableStore
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import Filter, State
from tests.engines.sqlite.lives import an_engine, live, opened, read, said
from tests.make import LEASE, START, a_spec, a_success, until


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


async def in_its_thread(engine: SqliteEngine, statement: str) -> Any:
    """As if SQLite were told by the server itself."""
    store = engine._store
    assert isinstance(store, SqliteFile)
    connection = store._connection
    assert connection is not None
    return await store._thread.run(lambda: connection.execute(statement).fetchall())


async def test_everything_is_there_again_after_a_restart(file: Path):
    clock = ManualClock(START)
    async with opened(file, clock) as engine:
        await live(engine, clock)
        before = await said(engine)
    async with read(file, clock) as again:
        after = await said(again)
    assert {job.state for job in before["jobs"]} == set(State)
    for what, kept in before.items():
        assert after[what] == kept, what


async def test_a_request_is_answered_with_its_first_job_after_a_restart_even_when_that_is_forgotten(file: Path):
    clock = ManualClock(START)
    async with opened(file, clock) as engine:
        await live(engine, clock)
    async with opened(file, clock) as engine:
        for key in ("done", "expiring", "forgotten"):
            job, created = await engine.submit(a_spec(key=f"k-{key}"))
            assert (job.id, created) == (key, False)
        _, created = await engine.submit(a_spec(owner="acme", queue="mail", dedup_key="d1"))
        assert not created


async def test_jobs_stand_in_line_as_they_stood_whatever_moved_them(file: Path):
    clock = ManualClock(START)
    async with opened(file, clock) as engine:
        for number in range(6):
            await engine.submit(a_spec(job_id=f"j{number}", priority=number % 2))
        await engine.cancel("j0", "to be retried")
        await engine.retry("j0")
        lease = await engine.claim(["default"], worker="w", lease=LEASE, wait=0)
        assert lease is not None
        assert lease.job.id == "j1"
    async with opened(file, clock) as engine:  # what was running has failed, since it had one attempt
        ids = [await engine.claim(["default"], worker="w", lease=LEASE, wait=0) for _ in range(5)]
        assert [each.job.id for each in ids if each] == ["j3", "j5", "j2", "j4", "j0"]


async def test_numbers_of_jobs_and_events_go_on_where_they_stood(file: Path):
    clock = ManualClock(START)
    async with opened(file, clock) as engine:
        await engine.submit(a_spec(job_id="one"))
        await engine.cancel("one", "x")
        await engine.remove("one")
        told = (await engine.kept()).events
    async with opened(file, clock) as engine:
        job, _ = await engine.submit(a_spec(job_id="two"))
        assert job.number == 2
        assert [event.seq for event in engine.events(after=told).take()] == [told + 1]


async def test_no_more_events_are_kept_than_are_wanted_and_a_few(file: Path):
    async with opened(file, history=50) as engine:
        for _ in range(12):
            await asyncio.gather(*(engine.submit(a_spec()) for _ in range(100)))
    with sqlite3.connect(file) as shell:
        (number,) = shell.execute("SELECT count(*) FROM events").fetchone()
        assert 50 <= number <= 1_051
    shell.close()
    async with opened(file, history=10) as engine:
        assert (await engine.kept()).events == 1_200


async def test_of_a_long_log_the_last_lines_are_kept(file: Path):
    async with opened(file) as engine:
        await engine.submit(a_spec(job_id="chatty"))
        lease = await engine.claim(["default"], worker="w", lease=LEASE, wait=0)
        assert lease is not None
        for number in range(1_300):
            await engine.report(lease, log=f"line {number}")
        await engine.finish(lease, a_success())
    with sqlite3.connect(file) as shell:
        assert shell.execute("SELECT count(*), min(line) FROM logs").fetchone() == (1_000, 300)
    shell.close()


async def test_nothing_of_a_forgotten_job_is_left_in_the_file(file: Path):
    clock = ManualClock(START)
    async with opened(file, clock) as engine:
        await live(engine, clock)
        for job in (await engine.page(Filter(), limit=100)).jobs:
            if not job.state.ended:
                await engine.cancel(job.id, "x")
            await engine.remove(job.id)
    with sqlite3.connect(file) as shell:
        left = shell.execute(
            "SELECT 'jobs' FROM jobs UNION ALL SELECT 'arguments' FROM arguments"
            " UNION ALL SELECT 'results' FROM results UNION ALL SELECT 'logs' FROM logs"
            " UNION ALL SELECT 'files' FROM files"
        ).fetchall()
        assert left == []
    shell.close()


async def test_a_second_server_is_refused_and_told_who_has_the_file(file: Path):
    async with opened(file) as engine:
        with pytest.raises(UnusableStore, match=rf"jobs\.db is in use by another server \(process {os.getpid()}, boot"):
            await an_engine(file, ManualClock(START)).open()
        await engine.submit(a_spec())  # the first one is none the worse
    async with opened(file) as engine:
        assert (await engine.counts())[State.QUEUED] == 1


def _text(file: Path) -> None:
    file.write_text("a shopping list, which is longer than a hundred bytes: " + "milk, eggs, bread, " * 10)


def _of_another_program(file: Path) -> None:
    with sqlite3.connect(file) as shell:
        shell.execute("CREATE TABLE jobs (id)")
    shell.close()


def _a_log_alone(file: Path) -> None:
    file.with_name("jobs.db-wal").touch()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda file: file.mkdir(), "is a directory"),
        (lambda file: file.touch(), "is empty"),
        (lambda file: file.write_bytes(b"SQLite format 3\0"), "is not a SQLite file"),
        (_text, "is not a SQLite file"),
        (_of_another_program, "is a SQLite file of another program"),
        (_a_log_alone, "is missing, but .*jobs.db-wal"),
    ],
)
async def test_what_is_no_store_of_ours_is_refused_and_left_as_it_is(
    file: Path, make: Callable[[Path], Any], what: str
):
    make(file)
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(UnusableStore, match=rf"jobs\.db {what}"):
        await an_engine(file, ManualClock(START)).open()
    assert (file.read_bytes() if file.is_file() else None) == before


async def test_a_directory_that_does_not_exist_is_not_made(tmp_path: Path):
    with pytest.raises(UnusableStore, match=r"does not exist\. Make it first"):
        await an_engine(tmp_path / "no" / "jobs.db", ManualClock(START)).open()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
@pytest.mark.parametrize("mode", [0o000, 0o400])
async def test_a_file_that_may_not_be_read_and_written_is_refused(file: Path, mode: int):
    async with opened(file):
        pass
    file.chmod(mode)
    with pytest.raises(UnusableStore, match="Look at its permissions"):
        await an_engine(file, ManualClock(START)).open()


async def test_a_file_of_a_newer_version_is_refused(file: Path):
    async with opened(file) as engine:
        await engine.submit(a_spec())
    with sqlite3.connect(file) as shell:
        shell.execute("PRAGMA user_version = 99")
    shell.close()
    with pytest.raises(UnusableStore, match=r"written by a newer jobserver \(schema 99"):
        await an_engine(file, ManualClock(START)).open()


async def test_a_store_whose_making_was_cut_short_is_made_anew(file: Path):
    file.with_name("jobs.db.new").write_text("half of it")
    async with opened(file) as engine:
        await engine.submit(a_spec())
    assert sorted(each.name for each in file.parent.iterdir()) == ["jobs.db", "jobs.db.lock"]


async def test_others_may_not_read_it(file: Path):
    async with opened(file):
        assert file.stat().st_mode & 0o077 == 0


async def test_a_full_disk_refuses_whole_batches_and_recovers_by_itself(file: Path):
    clock = ManualClock(START)
    async with opened(file, clock) as engine:
        await engine.submit(a_spec(job_id="before"))
        ((pages,),) = await in_its_thread(engine, "PRAGMA page_count")
        await in_its_thread(engine, f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnavailable, match="The disk is full"):
            await engine.submit(a_spec(job_id="refused", args=b'"' + bytes(100_000) + b'"'))
        assert (await engine.get("before")).state is State.QUEUED
        await in_its_thread(engine, "PRAGMA max_page_count = 1000000")
        await until(lambda: engine._journal.trouble is None)
        await engine.submit(a_spec(job_id="after"))
    async with read(file, clock) as again:
        assert [job.id for job in (await again.page(Filter())).jobs] == ["after", "before"]


async def test_another_program_that_writes_is_waited_for_and_then_named(file: Path):
    async with opened(file) as engine:
        await in_its_thread(engine, "PRAGMA busy_timeout = 50")
        shell = sqlite3.connect(file, isolation_level=None)
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked by another program"):
            await engine.submit(a_spec())
        shell.execute("ROLLBACK")
        shell.close()
        await until(lambda: engine._journal.trouble is None)
        await engine.submit(a_spec(job_id="after"))
    async with read(file) as again:
        assert [job.id for job in (await again.page(Filter())).jobs] == ["after"]


async def test_a_reader_beside_the_server_stops_nothing(file: Path):
    async with opened(file) as engine:
        shell = sqlite3.connect(f"file:{file}?mode=ro", uri=True, isolation_level=None)
        shell.execute("BEGIN")
        assert shell.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
        await engine.submit(a_spec())
        assert shell.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
        shell.execute("COMMIT")
        assert shell.execute("SELECT state, kind FROM jobs").fetchall() == [("queued", "echo")]
        shell.close()


async def test_a_file_that_was_moved_away_is_written_to_no_more_until_it_is_back(file: Path):
    async with opened(file) as engine:
        await engine.submit(a_spec(job_id="before"))
        file.rename(file.with_name("elsewhere"))
        with pytest.raises(StoreUnavailable, match="is not there any more"):
            await engine.submit(a_spec(job_id="refused"))
        file.with_name("elsewhere").rename(file)
        await until(lambda: engine._journal.trouble is None)
        await engine.submit(a_spec(job_id="after"))
    async with read(file) as again:
        assert [job.id for job in (await again.page(Filter())).jobs] == ["after", "before"]


async def test_what_many_forgotten_jobs_took_is_given_back_while_nothing_is_to_be_done(file: Path):
    clock = ManualClock(START)
    async with opened(file, clock) as engine:
        specs = [a_spec(args=b'"' + b"x" * 8_000 + b'"') for _ in range(1_500)]
        await asyncio.gather(*(engine.submit(spec) for spec in specs))
        await asyncio.gather(*(engine.cancel(spec.id, "x") for spec in specs))
        await in_its_thread(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
        large = file.stat().st_size
        await asyncio.gather(*(engine.remove(spec.id) for spec in specs))

        async def has_shrunk() -> bool:
            await in_its_thread(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
            return file.stat().st_size < large / 2

        await until(has_shrunk)
        await engine.submit(a_spec(job_id="after"))
    async with read(file, clock) as again:
        assert [job.id for job in (await again.page(Filter())).jobs] == ["after"]


async def test_rows_that_were_deleted_by_others_are_missed(file: Path):
    async with opened(file) as engine:
        for number in range(3):
            await engine.submit(a_spec(job_id=f"j{number}"))
    with sqlite3.connect(file) as shell:
        shell.execute("DELETE FROM jobs WHERE id = 'j1'")
    shell.close()
    with pytest.raises(UnusableStore, match="there are 2 jobs up to number 3 in it, where 3 should be"):
        await an_engine(file, ManualClock(START)).open()


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE jobs SET priority = 7 WHERE number = 2", "jobs, row 2: it is not what was written"),
        ("UPDATE arguments SET body = x'00' WHERE number = 2", "jobs, row 2: its arguments"),
        ("DELETE FROM arguments WHERE number = 2", "jobs, row 2: its arguments"),
        ("UPDATE results SET brief = NULL", "its result"),
        ("DELETE FROM results", "it has no result"),
        ("UPDATE logs SET text = 'x'", "logs, row"),
        ("UPDATE files SET name = 'x' WHERE place = 1", "files, row"),
        ("UPDATE idempotency_keys SET key = 'x'", "idempotency_keys, row"),
        ("UPDATE queues SET chosen = '{}'", "queues, row mail"),
        ("UPDATE api_keys SET scopes = '[]' WHERE place = 1", "api_keys, row k1"),
        ("UPDATE events SET error = 'x' WHERE seq = 3", "events, row 3"),
        ("DELETE FROM events WHERE seq = 3", "events between 2 and 4 are missing"),
        ("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", "the last event in it is"),
        ("UPDATE marks SET arrived = 2", "marks, row 1"),
        ("DELETE FROM marks", "marks is missing"),
        ("ALTER TABLE jobs RENAME COLUMN kind TO sort", "jobs is not the table it was"),
        ("DROP TABLE files", "files is not the table it was"),
        ("PRAGMA user_version = 0", "its schema says 0"),
    ],
)
async def test_a_row_that_is_not_what_was_written_is_refused_by_name(file: Path, statement: str, what: str):
    clock = ManualClock(START)
    async with opened(file, clock) as engine:
        await live(engine, clock)
    with sqlite3.connect(file) as shell:
        shell.execute(statement)
    shell.close()
    with pytest.raises(UnusableStore, match=f"is damaged: .*{what}"):
        await an_engine(file, clock).open()
    async with asyncio.timeout(5):  # the lock was let go
        with pytest.raises(UnusableStore, match="is damaged"):
            await an_engine(file, clock).open()


async def test_a_look_at_a_disk_that_hangs_keeps_no_process_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    looking, goes_on = threading.Event(), threading.Event()

    def hanging(_: Path) -> int:
        looking.set()
        goes_on.wait()
        return 0

    monkeypatch.setattr(opening, "whole_size_of", hanging)
    before, store = set(threading.enumerate()), SqliteFile(tmp_path / "jobs.db")
    look = asyncio.ensure_future(store.size())
    await until(looking.is_set)
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)
    goes_on.set()
    assert await look == 0
    await store.close()
