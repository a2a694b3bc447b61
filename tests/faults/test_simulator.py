"""Hundreds of lives of the server, each with its own clients, faults and luck, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SEEDS = os.environ.get("SIMULATOR_SEEDS", "500")

MISTAKES = {
    "a job is acknowledged before it is on disk": (
        "from jobserver.engines.sqlite.group_commit import GroupCommit",
        "async def at_once(self): pass",
        "GroupCommit.safe = at_once",
    ),
    "what could not be written is not tried again": (
        "from jobserver.engines.sqlite.batch import Batch",
        "Batch.follow = lambda self, earlier: self",
    ),
    "nobody rescues what a dead process was working on": (
        "from jobserver.engines.memory import MemoryEngine",
        "MemoryEngine.rescue = lambda self: None",
    ),
    "a submit that was refused leaves its job behind": (
        "from jobserver.engines.sqlite.engine import SqliteEngine",
        "SqliteEngine._take_back = lambda self, job: None",
    ),
}


def run(*arguments: str, first: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own: its loop is another one than that of the tests."""
    program = "\n".join(
        ["import sys", *first, "from tests.faults.simulate import main", "sys.exit(main(sys.argv[1:]))"]
    )
    command = [sys.executable, "-c", program, *arguments]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.timeout(1_800)
def test_whatever_happens_every_promise_is_kept():
    told = run("--seeds", SEEDS, "--processes", "1")
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{SEEDS} seeds" in told.stdout


def test_a_seed_has_the_same_life_every_time():
    one, other = (run("--seed", "7", "--trace").stdout for _ in range(2))
    assert one == other
    assert "Everything held." in one
    assert len(one.splitlines()) > 100


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_and_the_line_that_replays_it_is_printed(mistake: str):
    told = run("--seeds", "60", "--processes", "1", "--plain", first=MISTAKES[mistake])
    assert told.returncode == 1, told.stdout + told.stderr
    line = next(each for each in told.stdout.splitlines() if each.startswith("python -m tests.faults.simulate --seed"))
    again = run("--plain", "--seed", line.split()[4], first=MISTAKES[mistake])
    assert again.returncode == 1
    assert "WRONG" in again.stdout
