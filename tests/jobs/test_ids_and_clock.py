"""Ids cannot be guessed and time does not jump."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest

from jobserver.jobs.clock import ManualClock, SteadyClock
from jobserver.jobs.ids import new_job_id, new_token
from tests.make import START


def test_an_id_names_its_time_and_twenty_random_characters():
    job_id = new_job_id(START)
    assert re.fullmatch(r"job-1767225600000-[0-9a-z]{20}", job_id)
    assert len({new_job_id(START) for _ in range(5_000)}) == 5_000


def test_every_character_is_as_likely_as_any_other():
    letters = "".join(new_job_id(START)[-20:] for _ in range(5_000))
    counts = [letters.count(each) for each in "0123456789abcdefghijklmnopqrstuvwxyz"]
    assert min(counts) > 0.85 * len(letters) / 36
    assert max(counts) < 1.15 * len(letters) / 36


def test_tokens_differ():
    assert new_token() != new_token()


def test_the_clock_ignores_a_host_whose_time_is_set(monkeypatch: pytest.MonkeyPatch):
    clock = SteadyClock()
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    assert timedelta(0) <= clock.now() - before < timedelta(seconds=10)


def test_a_manual_clock_moves_when_told():
    clock = ManualClock(START)
    assert clock.advance(5) == clock.now() == START + timedelta(seconds=5)
