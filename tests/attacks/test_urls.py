from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.urls.attack import attack


@pytest.mark.timeout(180)
async def test_no_door_leads_to_a_bad_url_and_every_good_one_passes(tmp_path: Path) -> None:
    outcome = await attack(tmp_path)
    assert outcome.wrong == []
