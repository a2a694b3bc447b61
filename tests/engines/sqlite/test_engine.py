"""The SQLite engine keeps the contract, and after every test its file agrees with all that it said."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.shelf import Limits
from jobserver.engines.sqlite.engine import SqliteEngine
from jobserver.engines.sqlite.file import SqliteFile
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.engine import Engine
from jobserver.jobs.events import Event, EventType
from tests.engine_contract import EngineContract
from tests.service_machine import ServiceMachine

QUICK = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - thousands of writes, and no power cut among them
"""A disk in memory, where there is one."""


def an_engine(file: Path, clock: ManualClock) -> SqliteEngine:
    return SqliteEngine(SqliteFile(file, clock), clock, limits=Limits(jobs=10))


def crashed(file: Path, root: Path) -> Path:
    """The file as a kill of its process now would leave it, in another directory under ``root``."""
    left = Path(tempfile.mkdtemp(dir=root))
    for part in file.parent.glob(f"{file.name}*"):
        shutil.copy(part, left)
    return left / file.name


def all_it_knows(engine: MemoryEngine) -> dict[str, Any]:
    """Everything that must outlive a process, as plain values."""
    shelf, attached = engine._shelf, engine._attached
    jobs = {job_id: shelf.records.get(job_id) for _, job_id in shelf.listing.newest_first()}
    queues = {name: queue for name, queue in shelf._queues.items() if queue.chosen or any(queue.total.values())}
    return {
        "jobs, newest first": list(jobs.items()),
        "who is before whom": {
            (name, priority, turn): [
                job_id for place, job_id in enumerate(lane.ids, lane.head) if place not in lane.holes
            ]
            for name, queue in queues.items()
            for priority, level in queue.order._levels.items()
            for turn, lane in level.lanes.items()
        },
        "positions": {job_id: shelf.position(job_id) for job_id in jobs},
        "counts": {
            (name, owner): shelf.counts(name, owner) for name in queues for owner in (None, *queues[name].counts)
        },
        "running": {name: (queue.processing, queue.ended, +queue.running) for name, queue in queues.items()},
        "settings": {
            (name, field): getattr(queue.settings, field) for name, queue in queues.items() for field in queue.chosen
        },
        "dedup keys": shelf.dedup.all(),
        "by owner": {owner: list(arrivals.oldest_first()) for owner, arrivals in shelf.listing.owners.items()},
        "to be forgotten": {
            lane: {each for each in jobs_of if shelf.records.version(each[0]) == each[1]}
            for lane, jobs_of in shelf.ended._lanes.items()
            if any(shelf.records.version(each[0]) == each[1] for each in jobs_of)
        },
        "deadlines": {each for each in shelf.deadlines._heap if shelf.deadlines._stands(*each)},
        "logs": {job_id: list(attached.lines(job_id, 0, 10_000)) for job_id in jobs},
        "files": {job_id: list(attached.files(job_id)) for job_id in jobs},
        "idempotency keys": engine._idempotency._with_job,
        "keys that outlived their jobs": list(engine._idempotency._orphans.items()),
        "API keys": [key for key in engine._api_keys.values() if not key.configured],
        "bytes": shelf.bytes_kept + engine._forgetting.reserved,
        "arrived": shelf.listing.last,
    }


async def history(engine: Engine) -> list[Event]:
    with engine.events(after=0) as events:
        return events.take()


async def agree(reopened: SqliteEngine, said: list[Event], rescued: SqliteEngine) -> None:
    """What the file says against what the engine knew, whose interrupted jobs are rescued by now."""
    await reopened.open()
    try:
        assert all_it_knows(reopened._memory) == all_it_knows(rescued._memory)
        assert reopened._journal._arrived == rescued._journal._arrived
        assert reopened._journal._line == rescued._journal._line
        told = await history(reopened)
        assert told[: len(said)] == said
        assert [event.seq for event in told] == list(range(1, len(told) + 1))
        assert {event.type for event in told[len(said) :]} <= {EventType.RETRYING, EventType.FAILED, EventType.EXPIRED}
    finally:
        await reopened.close()


class TestSqliteEngine(EngineContract):
    @pytest.fixture
    async def engine(
        self, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[Engine]:
        file = tmp_path / "jobs.db"
        engine = an_engine(file, clock)
        await engine.open()
        yield engine
        monkeypatch.setattr("random.random", lambda: 0.5)
        await engine._journal.safe()  # nobody waits for what is only reported
        said, left = await history(engine), await asyncio.to_thread(crashed, file, tmp_path)
        await engine.close()
        engine._memory.rescue()
        await agree(an_engine(file, clock), said, engine)
        await agree(an_engine(left, clock), said, engine)


class SqliteMachine(ServiceMachine):
    max_attempts = 4

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(dir=QUICK)
        self.file = Path(self.directory.name, "jobs.db")

    def make(self, clock: ManualClock) -> Engine:
        return SqliteEngine(SqliteFile(self.file, clock), clock)

    def reopen(self, engine: Engine, *, crash: bool) -> Engine:
        left = crashed(self.file, Path(self.directory.name)) if crash else self.file
        self.do(engine.close())
        self.file = left
        engine = self.make(self.clock)
        self.do(engine.open())
        return engine

    def teardown(self) -> None:
        super().teardown()
        self.directory.cleanup()


TestLives = pytest.mark.timeout(300)(SqliteMachine.TestCase)
TestLives.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
