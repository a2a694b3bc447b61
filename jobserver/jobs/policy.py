"""How often, how long, how soon again: the rules of a kind of job, as pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a failed job waits before its next attempt.

    ``delay``: before the second attempt. ``factor``: each later wait is so many times the one before; 1 is fixed.
    ``longest``: no wait exceeds it. ``jitter``: 0 to 1, the share of the wait that chance may take away.
    """

    delay: timedelta = timedelta(0)
    factor: float = 2.0
    longest: timedelta = timedelta(hours=1)
    jitter: float = 0.0

    def wait(self, attempt: int, chance: float = 0.0) -> timedelta:
        """The wait after attempt number ``attempt`` (1 is the first) failed; ``chance`` is a random number from 0 to 1.

        >>> Backoff(delay=timedelta(seconds=2)).wait(3)
        datetime.timedelta(seconds=8)
        >>> Backoff(delay=timedelta(seconds=2), jitter=0.5).wait(1, chance=1.0)
        datetime.timedelta(seconds=1)
        """
        try:
            seconds = self.delay.total_seconds() * self.factor ** (attempt - 1)
        except OverflowError:
            seconds = self.longest.total_seconds()
        return timedelta(seconds=min(seconds, self.longest.total_seconds()) * (1 - self.jitter * chance))


@dataclass(frozen=True, slots=True)
class Policy:
    """The terms on which a job is run; all jobs of a kind usually share one.

    ``max_attempts``: how often it is tried in all. ``timeout``: limit of one attempt; None is no limit.
    ``total_timeout``: limit of all its attempts and the waits between, from the start of the first; None is no limit.
    ``per_key``: jobs that share its concurrency key run at most so many at a time.
    """

    max_attempts: int = 1
    timeout: timedelta | None = timedelta(minutes=5)
    backoff: Backoff = field(default_factory=Backoff)
    total_timeout: timedelta | None = None
    per_key: int = 1


def renew_every(lease: timedelta) -> timedelta:
    """How often a worker renews its lease: two renewals may be lost before the third is too late."""
    return lease / 3
