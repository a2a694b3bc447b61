"""The siege at full length: it takes as long with fewer, since it is deadlines that are waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.slow_peers.attack import attack


@pytest.mark.timeout(180)
async def test_peers_that_drip_stall_or_vanish_are_gone_in_time_and_nobody_else_notices(tmp_path: Path):
    outcome = await attack(tmp_path)
    assert outcome.wrong == []
