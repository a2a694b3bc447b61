"""What strangers write is data: it runs nothing and asks nobody, wherever it comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.payloads.attack import attack
from tests.attacks.payloads.xss import PAYLOADS


@pytest.mark.browser
@pytest.mark.timeout(300)
async def test_no_payload_runs_and_none_calls_home(tmp_path: Path):
    some = PAYLOADS[::2]
    assert len(set(some)) >= 100
    outcome = await attack(tmp_path, some, packed=16, every_way=False, others=3, controls=6)
    assert outcome.wrong == []
