from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.canary.attack import attack

pytestmark = [pytest.mark.browser, pytest.mark.tool("networks"), pytest.mark.timeout(180)]


async def test_no_way_out_of_a_page_leads_to_a_private_address(tmp_path: Path):
    outcome = await attack(tmp_path)
    assert outcome.wrong == []
