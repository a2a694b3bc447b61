"""No altered request is let in: a short run of what ``make attacks`` does at full length."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.signatures.attack import attack


@pytest.mark.timeout(240)
async def test_no_altered_request_is_let_in(tmp_path: Path):
    outcome = await attack(tmp_path, forged=500)
    assert outcome.wrong == []
    assert len(outcome.figures) == 14
