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
    ``keep``: how long it stays readable after its end.
    """

    max_attempts: int = 1
    timeout: timedelta | None = timedelta(minutes=5)
    backoff: Backoff = field(default_factory=Backoff)
    keep: timedelta = timedelta(hours=1)


def renew_every(lease: timedelta) -> timedelta:
    """How often a worker renews its lease: two renewals may be lost before the third is too late."""
    return lease / 3


class RunTimes:
    """A moving mean of run times per kind, for estimates.

    Each run counts for a fifth, so that about the last ten decide.
    """

    _WEIGHT = 0.2

    def __init__(self) -> None:
        self._means: dict[str, float] = {}

    def observe(self, kind: str, seconds: float) -> None:
        """Count a run of ``kind`` that took ``seconds``."""
        mean = self._means.get(kind, seconds)
        self._means[kind] = mean + self._WEIGHT * (seconds - mean)

    def mean(self, kind: str) -> float | None:
        """Seconds one run takes lately, or None before the first."""
        return self._means.get(kind)

    def eta(self, kind: str, ahead: int, concurrency: int) -> float | None:
        """Seconds until a job with ``ahead`` before it ends, once a worker of ``concurrency`` is free; None: unknown.

        >>> times = RunTimes()
        >>> times.observe("analyze", 3.0)
        >>> times.eta("analyze", ahead=4, concurrency=2)
        9.0
        """
        mean = self._means.get(kind)
        return None if mean is None else mean * (ahead // concurrency + 1)
