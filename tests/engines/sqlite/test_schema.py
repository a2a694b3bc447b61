"""Files of earlier versions: each that was ever released opens for ever."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from jobserver.engines.sqlite import inspection, schema
from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import State
from tests.engines.sqlite.lives import opened, read
from tests.make import START

STORES = Path(__file__).parents[2] / "data" / "store"
VERSIONS = range(1, len(schema.MIGRATIONS) + 1)


def a_file_of(version: int, file: Path) -> Path:
    """As that version left it."""
    with closing(sqlite3.connect(file)) as shell:
        shell.executescript((STORES / f"v{version}.sql").read_text())
    return file


def test_there_is_a_store_of_every_version():
    assert sorted(each.name for each in STORES.glob("*.sql")) == sorted(f"v{version}.sql" for version in VERSIONS)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_store_of_that_version_is_read_in_full(version: int, tmp_path: Path):
    file = a_file_of(version, tmp_path / "jobs.db")
    async with read(file):
        pass
    assert (await asyncio.to_thread(inspection.check, file)).faults == []
    wanted = [json.loads(line) for line in (STORES / f"v{version}.jsonl").read_text().splitlines()]
    faults: list[str] = []
    assert await asyncio.to_thread(lambda: list(inspection.export(file, faults))) == wanted
    assert not faults


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_server_goes_on_with_a_store_of_that_version(version: int, tmp_path: Path):
    file = a_file_of(version, tmp_path / "jobs.db")
    async with opened(file, ManualClock(START)) as engine:
        assert {state for state, number in (await engine.counts()).items() if number} == set(State) - {State.PROCESSING}
        assert (await engine.get("running")).attempts[0].failure is not None
        assert [key.id for key in await engine.keys()] == ["k1", "k2"]
        assert [line.text for line in await engine.logs("done")] == ["first", "half a pair: \udcff", "naïve"]


def test_a_later_migration_is_run_once_and_whole(tmp_path: Path):
    later = (*schema.MIGRATIONS, "ALTER TABLE jobs ADD COLUMN colour TEXT; UPDATE jobs SET colour = 'red'")
    file = a_file_of(1, tmp_path / "jobs.db")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for _ in range(2):
            schema.migrate(connection, later)
            assert schema.version_of(connection) == len(later)
        assert connection.execute("SELECT DISTINCT colour FROM jobs").fetchall() == [("red",)]
        assert schema.differences(connection, len(later), later) == []


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path):
    broken = (*schema.MIGRATIONS, "ALTER TABLE jobs ADD COLUMN colour TEXT; UPDATE nothing SET colour = 'red'")
    file = a_file_of(1, tmp_path / "jobs.db")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(connection, broken)
        connection.execute("ROLLBACK")
        assert schema.version_of(connection) == len(schema.MIGRATIONS)
        assert schema.differences(connection, len(schema.MIGRATIONS)) == []


async def test_what_operators_add_beside_our_tables_is_theirs(tmp_path: Path):
    file = a_file_of(1, tmp_path / "jobs.db")
    with closing(sqlite3.connect(file)) as shell:
        shell.execute("CREATE VIEW waiting AS SELECT id FROM jobs WHERE state = 'queued' ORDER BY line")
    async with opened(file):
        pass
    with closing(sqlite3.connect(file)) as shell:
        assert ("full",) in shell.execute("SELECT * FROM waiting").fetchall()
