"""``jobserver store``: a look into the file, beside a server that uses it, and its compaction."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from jobserver.cli import main
from jobserver.engines.sqlite.engine import SqliteEngine
from jobserver.engines.sqlite.file import SqliteFile
from jobserver.jobs.clock import ManualClock
from tests.engines.sqlite.lives import live, opened
from tests.make import START, a_spec


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    clock = ManualClock(START)
    async with opened(tmp_path / "jobs.db", clock) as engine:
        await live(engine, clock)
    return tmp_path / "jobs.db"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["store", *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_a_store_in_order_is_said_to_be(file: Path, capsys: pytest.CaptureFixture[str]):
    status, out, _ = run(capsys, "check", str(file))
    assert status == 0
    assert "schema 1" in out
    assert "jobs: 1 cancelled, 1 done, 1 failed, 1 processing, 7 queued, 2 scheduled\n" in out
    assert "idempotency keys: 1, queues: 1, api keys: 2" in out
    assert out.endswith("It is in order.\n")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE jobs SET owner = 'x' WHERE number = 2", "fault: jobs, row 2: it is not what was written"),
        ("DELETE FROM jobs WHERE number = 2", "fault: logs: there is something of 1 jobs that are missing"),
        ("DELETE FROM events WHERE seq = 3", "where"),
        ("UPDATE marks SET jobs = 1", "fault: marks, row 1"),
        ("UPDATE logs SET text = CAST(x'ff' AS TEXT) WHERE line = 1", "fault: logs, row 2"),
    ],
)
def test_every_fault_has_a_line(file: Path, capsys: pytest.CaptureFixture[str], statement: str, fault: str):
    with closing(sqlite3.connect(file, isolation_level=None)) as shell:
        shell.execute(statement)
    status, out, _ = run(capsys, "check", str(file))
    assert status == 1
    assert fault in out
    assert out.endswith("It is damaged.\n")


def test_a_damaged_log_is_a_fault(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    shell = sqlite3.connect(file, isolation_level=None)
    for number in range(5):
        shell.execute(f"CREATE TABLE t{number} (a)")
    log = file.with_name("jobs.db-wal")
    content = bytearray(log.read_bytes())
    shell.close()
    content[200] ^= 1
    log.write_bytes(content)
    status, out, _ = run(capsys, "check", str(file))
    assert (status, "jobs.db-wal: what was written after some place" in out) == (1, True)


def test_every_job_is_exported_as_a_line(file: Path, capsys: pytest.CaptureFixture[str]):
    status, out, _ = run(capsys, "export", f"sqlite://{file}")
    jobs = {job["jobId"]: job for job in map(json.loads, out.splitlines())}
    assert status == 0
    assert jobs["done"]["result"] == {"long": [1, 2, 3]}
    assert [line["text"] for line in jobs["done"]["logs"]] == ["first", "half a pair: \udcff", "naïve"]
    assert jobs["failed"]["error"] == {"code": "broken", "message": "it broke: \udcff", "traceback": "Traceback …"}
    assert jobs["again"]["attempts"][0]["endedAt"] == "2026-01-01T00:00:03.000Z"
    assert jobs["later"]["tags"] == ["päge", "x"]
    assert len(jobs["full"]["args"]["text"]) == 3_000


def test_what_cannot_be_exported_is_named_beside_what_can(file: Path, capsys: pytest.CaptureFixture[str]):
    with closing(sqlite3.connect(file, isolation_level=None)) as shell:
        shell.execute("UPDATE arguments SET body = x'00' WHERE number = 2")
    status, out, err = run(capsys, "export", str(file))
    assert status == 1
    assert "done" not in {json.loads(line)["jobId"] for line in out.splitlines()}
    assert "jobserver: jobs, row 2: its arguments" in err


async def test_a_running_server_is_looked_at_and_not_compacted(file: Path):
    engine = SqliteEngine(SqliteFile(file, ManualClock(START)), ManualClock(START))
    await engine.open()
    await engine.submit(a_spec(job_id="just now"))
    ran = {}
    for action in ("check", "export", "compact"):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jobserver", "store", action, str(file)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, err = await process.communicate()
        ran[action] = process.returncode, out.decode(), err.decode()
    await engine.submit(a_spec(job_id="afterwards"))
    await engine.close()
    assert ran["check"][0] == 0, ran["check"]
    assert '"jobId":"just now"' in ran["export"][1]
    assert ran["compact"][0] == 1
    assert "is in use by another server" in ran["compact"][2]


def test_compacting_gives_back_what_forgotten_jobs_took(file: Path, capsys: pytest.CaptureFixture[str]):
    with closing(sqlite3.connect(file, isolation_level=None)) as shell:
        shell.execute("CREATE TABLE large AS SELECT randomblob(2000000)")
        shell.execute("DROP TABLE large")
    status, out, _ = run(capsys, "compact", str(file))
    before, after = (int(word) for word in out.split() if word.isdigit())
    assert status == 0
    assert before > 2_000_000
    assert after < 200_000
    assert run(capsys, "check", str(file))[0] == 0


@pytest.mark.parametrize("action", ["check", "export", "compact"])
def test_what_is_no_store_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str):
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign, isolation_level=None)) as shell:
        shell.execute("CREATE TABLE jobs (id)")
    text = tmp_path / "text"
    text.write_text("no database, which is said in more than a hundred bytes" * 3)
    for file, what in (
        (foreign, "of another program"),
        (text, "not a SQLite file"),
        (tmp_path / "no", "does not exist"),
    ):
        status, out, err = run(capsys, action, str(file))
        assert (status, out) == (1, "")
        assert what in err
        assert err.startswith("jobserver: ")


def test_the_file_is_that_of_the_setting_unless_one_is_named(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    assert "Name the file" in run(capsys, "check")[2]
    assert "names no store" in run(capsys, "check", "sqlite:")[2]
    monkeypatch.setenv("STORE", f"sqlite://{file}")
    assert run(capsys, "check")[0] == 0
