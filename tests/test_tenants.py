"""A hostile tenant is not felt by the others: a short form of ``tests/bench/tenants.py``, on a real server process."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.bench.hostile import ADDRESS
from tests.bench.tenants import LIMITS, middle, rows, tenants

NOISE = 15.0
"""Milliseconds a busy machine adds to the slowest polls of any window; an attack without limits adds ten times that."""


async def test_a_flood_of_everything_does_not_keep_another_tenants_polls_waiting(tmp_path: Path):
    with socket.socket() as probe:
        try:
            probe.bind((ADDRESS, 0))
        except OSError:
            pytest.skip("loopback has one address here")
    async with tenants(tmp_path, **LIMITS) as both:
        found = await both.measure(3, 1.5)
    figures = rows(found, "limits on")
    assert middle(found.attacked, 50) <= 2 * middle(found.quiet, 50) + 2, figures
    assert middle(found.attacked, 99) <= 2 * middle(found.quiet, 99) + NOISE, figures
