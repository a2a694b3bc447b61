"""No secret turns up anywhere: the same that ``make attacks`` does."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.attacks.leaks.attack import attack
from tests.attacks.leaks.canaries import dresses


@pytest.mark.timeout(240)
async def test_no_secret_turns_up_anywhere(tmp_path: Path):
    outcome = await attack(tmp_path)
    assert outcome.wrong == []
    assert len(outcome.figures) == 2


@pytest.mark.parametrize("start", [0, 1, 2, 3, 4, 5])
def test_a_secret_is_known_again_in_whatever_it_is_encoded_with(start: int):
    around = b"x" * start + b"correct horse battery staple" + b"yz"
    found = [needle for dress, needle in dresses("correct horse battery staple").items() if "base64" in dress]
    assert sum(needle in base64.b64encode(around) for needle in found) == 1
