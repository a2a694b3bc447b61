from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.guests.attack import attack
from tests.attacks.guests.pages import KIND

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_guests_that_misbehave_leave_nothing_behind(tmp_path: Path):
    outcome = await attack(tmp_path, jobs=len(KIND), time_limit=12)
    assert outcome.wrong == []
