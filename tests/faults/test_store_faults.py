"""Disks that are full, files that others hold or that were damaged: the server waits, says so, or refuses by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.crash_points import recorded
from tests.faults.damage import cut_journals, flipped_bits, torn_tails
from tests.faults.disks import failing_syncs, full_disk, start_on_full_disk, stop_on_full_disk
from tests.faults.memory_limit import memory_limit
from tests.faults.report import Row
from tests.faults.rivals import locked, second_server


def harmless(row: Row) -> None:
    assert not row.verdict, row.verdict
    assert row.acknowledged > 0


@pytest.mark.tool("namespaces")
async def test_a_full_disk_refuses_new_work_is_read_on_and_recovers_by_itself(tmp_path: Path):
    harmless(await full_disk(tmp_path, 2))


@pytest.mark.tool("namespaces")
async def test_a_server_starts_on_a_full_disk_and_goes_on_when_it_has_grown(tmp_path: Path):
    harmless(await start_on_full_disk(tmp_path))


@pytest.mark.tool("namespaces")
async def test_a_stop_in_good_order_is_as_quick_on_a_full_disk(tmp_path: Path):
    harmless(await stop_on_full_disk(tmp_path))


@pytest.mark.tool("strace")
async def test_after_a_failed_sync_nothing_is_acknowledged_and_the_next_process_has_all_that_was(tmp_path: Path):
    syncs = [point for point in await recorded(tmp_path / "whole") if point.call == "fdatasync"]
    harmless(await failing_syncs(tmp_path, 3, first=len(syncs) - 4))


async def test_a_second_server_on_the_same_file_is_refused_and_the_first_goes_on(tmp_path: Path):
    harmless(await second_server(tmp_path))


@pytest.mark.parametrize("seconds", [2, 8])
async def test_a_file_that_somebody_locks_is_waited_for_so_long_and_no_longer(tmp_path: Path, seconds: float):
    harmless(await locked(tmp_path, seconds))


async def test_the_torn_end_of_a_journal_costs_nobody_a_job(tmp_path: Path):
    harmless(await torn_tails(tmp_path, 6))


async def test_a_journal_that_was_cut_shows_a_state_that_once_was_or_is_refused(tmp_path: Path):
    harmless(await cut_journals(tmp_path, 10))


async def test_a_flipped_bit_in_the_file_is_harmless_or_the_file_is_refused_by_name(tmp_path: Path):
    harmless(await flipped_bits(tmp_path, 10))


async def test_when_memory_is_used_up_the_oldest_results_go_and_then_new_work_is_refused(tmp_path: Path):
    harmless(await memory_limit(tmp_path))
