"""The whole corpus, at full length: it takes half a minute at most."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.malformed.attack import attack
from tests.attacks.malformed.corpus import corpus


@pytest.mark.timeout(180)
async def test_no_malformed_request_is_read_as_two_or_leaves_a_trace(tmp_path: Path):
    assert len(corpus()) >= 300
    outcome = await attack(tmp_path)
    assert outcome.wrong == []
