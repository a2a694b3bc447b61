"""Stops in good order, standstills, jobs that kill their server, and clocks that jump."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.clocks import jumps, jumps_while_down
from tests.faults.report import Row
from tests.faults.stops import poison, polite_stop, standstill


def harmless(row: Row) -> None:
    assert not row.verdict, row.verdict
    assert row.acknowledged > 0


async def test_a_polite_stop_ends_streams_at_once_keeps_every_attempt_and_the_order_of_those_who_wait(tmp_path: Path):
    harmless(await polite_stop(tmp_path))


async def test_a_server_that_stood_still_for_three_leases_goes_on_with_what_it_was_doing(tmp_path: Path):
    harmless(await standstill(tmp_path))


@pytest.mark.parametrize("politely", [False, True], ids=["SIGKILL", "os._exit"])
async def test_a_job_that_kills_its_server_three_times_is_given_up(tmp_path: Path, politely: bool):
    harmless(await poison(tmp_path, politely=politely))


@pytest.mark.tool("faketime")
@pytest.mark.parametrize("hours", [24, -24])
async def test_a_clock_that_is_set_by_a_day_changes_nothing(tmp_path: Path, hours: float):
    harmless(await jumps(tmp_path, hours))


@pytest.mark.tool("faketime")
@pytest.mark.parametrize("hours", [24, -24])
async def test_a_clock_that_was_set_while_the_server_was_down_removes_nothing_unfinished(tmp_path: Path, hours: float):
    harmless(await jumps_while_down(tmp_path, hours))
