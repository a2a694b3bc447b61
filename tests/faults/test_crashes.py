"""The server is killed, again and again, at any moment and at each of its writes: nothing acknowledged is ever lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.crash_points import Leftover, at_points, recorded, spread
from tests.faults.crashes import crashes
from tests.faults.power import power_cuts

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "200" if os.environ.get("CI") else "20"))
POINTS = int(os.environ.get("FAULT_POINTS", "16" if os.environ.get("CI") else "8"))
SEED = os.environ.get("FAULT_SEED", "1")


@pytest.mark.timeout(60 + 4 * ROUNDS)
async def test_whatever_moment_it_is_killed_at_all_that_was_acknowledged_ends(tmp_path: Path):
    row = await crashes(tmp_path, ROUNDS, seed=SEED)
    assert not row.verdict, row.verdict
    assert (row.rounds, row.acknowledged > ROUNDS) == (ROUNDS, True)


async def test_the_harness_sees_that_a_server_without_a_disk_loses_its_jobs(tmp_path: Path):
    row = await crashes(tmp_path, 3, seed=SEED, STORE="memory")
    assert len(row.verdict.lost) == row.acknowledged > 0


@pytest.mark.tool("strace")
@pytest.mark.timeout(60 + 6 * POINTS)
async def test_whatever_write_it_is_killed_at_all_that_was_acknowledged_ends(tmp_path: Path):
    points = spread(await recorded(tmp_path / "whole"), POINTS)
    row = await at_points(tmp_path, points, "killed")
    assert not row.verdict, row.verdict
    assert row.rounds >= 0.8 * len(points)  # the last ones are not reached in every life


@pytest.mark.tool("strace")
@pytest.mark.timeout(60 + 6 * POINTS)
async def test_whatever_write_it_is_killed_at_while_it_recovers_all_that_was_acknowledged_ends(tmp_path: Path):
    leftover = Leftover(tmp_path / "leftover")
    await leftover.make()
    points = spread(await recorded(tmp_path / "whole", leftover.begin), POINTS // 2)
    row = await at_points(tmp_path, points, "again", leftover.begin)
    assert not row.verdict, row.verdict


@pytest.mark.tool("strace")
@pytest.mark.timeout(60 + 6 * POINTS)
async def test_a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged(tmp_path: Path):
    row = await power_cuts(tmp_path, POINTS // 2, seed=int(SEED))
    assert not row.verdict, row.verdict
    assert row.acknowledged > 0


@pytest.mark.tool("strace")
@pytest.mark.timeout(60 + 6 * POINTS)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
async def test_whatever_write_fails_all_that_was_acknowledged_ends(tmp_path: Path, error: str):
    points = await recorded(tmp_path / "whole")
    writes = [point._replace(what=f"error={error}") for point in points if point.call == "pwrite64"]
    row = await at_points(tmp_path, spread(writes, POINTS // 2), error)
    assert not row.verdict, row.verdict
