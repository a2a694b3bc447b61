"""How often something took how long, in fixed steps: what a monitoring system makes percentiles of."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0)
"""Seconds, from a poll to a job that waits for an hour."""

FINE_STEPS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0)
"""Seconds, from a request answered at once to one that is held open."""


class Histogram:
    """Counts of observations up to each of ``steps``, and their ``sum``; both only grow."""

    __slots__ = ("_counts", "steps", "sum")

    def __init__(self, steps: tuple[float, ...] = STEPS) -> None:
        self.steps = steps
        self.sum = 0.0
        self._counts = [0] * (len(steps) + 1)

    def observe(self, value: float) -> None:
        """Count one; less than nothing counts as nothing."""
        value = max(value, 0.0)
        self._counts[bisect_left(self.steps, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many were observed."""
        return sum(self._counts)

    def up_to(self) -> Iterator[tuple[float, int]]:
        """(step, observations no greater) for each step; the last step is infinity.

        >>> waits = Histogram((1.0, 5.0))
        >>> waits.observe(1.0)
        >>> waits.observe(7.0)
        >>> list(waits.up_to())
        [(1.0, 1), (5.0, 1), (inf, 2)]
        """
        return zip((*self.steps, float("inf")), accumulate(self._counts), strict=True)
