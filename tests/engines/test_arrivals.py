"""Arrivals against a plain list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jobserver.engines.arrivals import Arrivals


@given(st.integers(0, 1_500), st.sets(st.integers(1, 1_500)), st.none() | st.integers(0, 1_600))
def test_whoever_is_left_is_listed_newest_first_below_any_number(many: int, leave: set[int], below: int | None):
    arrivals = Arrivals()
    for number in range(1, many + 1):
        arrivals.add(number, f"job-{number}")
    for number in leave:
        if number <= many:
            arrivals.remove(number)
    left = [number for number in range(many, 0, -1) if number not in leave and (below is None or number < below)]
    assert list(arrivals.newest_first(below)) == [(number, f"job-{number}") for number in left]


def test_nothing_is_left_of_those_that_all_left():
    arrivals = Arrivals()
    for number in range(1_000):
        arrivals.add(number, str(number))
    for number in range(1_000):
        arrivals.remove(number)
    assert not arrivals
