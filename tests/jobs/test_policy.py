"""Back-off as arithmetic."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobserver.jobs.policy import Backoff


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
