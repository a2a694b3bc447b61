"""Back-off and estimates as arithmetic."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobserver.jobs.policy import Backoff, RunTimes


@pytest.mark.parametrize(
    ("backoff", "attempt", "seconds"),
    [
        (Backoff(), 1, 0),
        (Backoff(delay=timedelta(seconds=1)), 1, 1),
        (Backoff(delay=timedelta(seconds=1)), 4, 8),
        (Backoff(delay=timedelta(seconds=1), factor=1), 9, 1),
        (Backoff(delay=timedelta(seconds=1), longest=timedelta(seconds=5)), 20, 5),
        (Backoff(delay=timedelta(seconds=1)), 100_000, 3600),
    ],
)
def test_waits_grow_by_the_factor_up_to_the_longest(backoff: Backoff, attempt: int, seconds: float):
    assert backoff.wait(attempt) == timedelta(seconds=seconds)


def test_chance_takes_away_no_more_than_the_jitter():
    backoff = Backoff(delay=timedelta(seconds=10), jitter=0.3)
    assert [backoff.wait(1, chance).total_seconds() for chance in (0, 0.5, 1)] == [10, 8.5, 7]


def test_estimates_follow_how_long_runs_take_lately():
    times = RunTimes()
    assert times.mean("x") is None
    assert times.eta("x", 3, 1) is None
    times.observe("x", 10)
    assert times.eta("x", ahead=0, concurrency=1) == 10
    assert times.eta("x", ahead=3, concurrency=2) == 20
    for _ in range(50):
        times.observe("x", 1)
    assert times.mean("x") == pytest.approx(1, abs=0.01)
