"""What the server has done so far, and how long it took: for estimates and for those who watch."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

from jobserver.jobs.histogram import Histogram
from jobserver.jobs.model import Job, State

_WEIGHT = 0.2
"""Each run counts for a fifth of the mean, so that about the last ten decide."""

_MINUTE = 60.0


class Stats:
    """Counters that only grow, and a moving mean of run times per kind. Gone with the process.

    ``submitted``, ``started``, ``retried``: (queue, kind) → jobs, attempts begun, attempts that will be tried again.
    ``ended``: (queue, kind, state) → jobs. ``waits``: (queue, kind) → seconds from created, or last due, to started.
    ``runs``: (queue, kind) → seconds of an attempt, however it ended. ``stalls``: times the event loop stood still.
    """

    def __init__(self) -> None:
        self.submitted: Counter[tuple[str, str]] = Counter()
        self.started: Counter[tuple[str, str]] = Counter()
        self.retried: Counter[tuple[str, str]] = Counter()
        self.ended: Counter[tuple[str, str, State]] = Counter()
        self.waits: defaultdict[tuple[str, str], Histogram] = defaultdict(Histogram)
        self.runs: defaultdict[tuple[str, str], Histogram] = defaultdict(Histogram)
        self.stalls = 0
        self._means: dict[str, float] = {}
        self._rates: defaultdict[tuple[str, State], _LastMinute] = defaultdict(_LastMinute)

    def note_submitted(self, job: Job) -> None:
        """A new job was accepted."""
        self.submitted[job.spec.queue, job.spec.kind] += 1

    def note_started(self, job: Job, waited: float) -> None:
        """An attempt begins; ``waited``: seconds since the job was created or last due."""
        where = job.spec.queue, job.spec.kind
        self.started[where] += 1
        self.waits[where].observe(waited)

    def note_ended(self, job: Job, state: State, ran: float) -> None:
        """An attempt took ``ran`` seconds and left its job in ``state``; ``job`` is as it was while it ran."""
        where = job.spec.queue, job.spec.kind
        self.runs[where].observe(ran)
        if state is State.CANCELLED:
            return  # whoever cancelled it has said so
        if state.ended:
            self.ended[*where, state] += 1
            self._rates[job.spec.queue, state].count(job.attempts[-1].started_at.timestamp() + ran)
        else:
            self.retried[where] += 1
        if state is State.DONE:
            self.observe(job.spec.kind, ran)

    def note_cancelled(self, job: Job) -> None:
        """A job was cancelled, whatever it was doing."""
        self.ended[job.spec.queue, job.spec.kind, State.CANCELLED] += 1

    def note_stall(self) -> None:
        """The event loop stands still."""
        self.stalls += 1

    def observe(self, kind: str, seconds: float) -> None:
        """Count a run of ``kind`` that took ``seconds``."""
        mean = self._means.get(kind, seconds)
        self._means[kind] = mean + _WEIGHT * (seconds - mean)

    def mean(self, kind: str) -> float | None:
        """Seconds one run takes lately, or None before the first."""
        return self._means.get(kind)

    def rate(self, queue: str, now: datetime) -> tuple[float, float]:
        """(done, failed for good) in the last minute, counted by when they ended."""
        return self._rate(queue, State.DONE, now), self._rate(queue, State.FAILED, now)

    def eta(self, kind: str, ahead: int, concurrency: int) -> float | None:
        """Seconds until a job with ``ahead`` before it ends, once one of ``concurrency`` is free; None: unknown.

        ``concurrency`` 0 is no limit.

        >>> stats = Stats()
        >>> stats.observe("analyze", 3.0)
        >>> stats.eta("analyze", ahead=4, concurrency=2)
        9.0
        """
        mean = self._means.get(kind)
        return None if mean is None else mean * (ahead // concurrency + 1 if concurrency else 1)

    def _rate(self, queue: str, state: State, now: datetime) -> float:
        last = self._rates.get((queue, state))
        return 0.0 if last is None else last.rate(now.timestamp())


class _LastMinute:
    """About how many there were in the last sixty seconds, from the counts of two clock minutes.

    The earlier minute counts for the share of it that is not over sixty seconds ago: exact for an even flow, never off
    by more than that minute's number, and two integers however many there are.
    """

    __slots__ = ("_before", "_current", "_minute")

    def __init__(self) -> None:
        self._minute = 0
        self._before = 0
        self._current = 0

    def count(self, at: float) -> None:
        """One more, at that second."""
        self._turn_to(int(at // _MINUTE))
        self._current += 1

    def rate(self, now: float) -> float:
        """How many in the minute up to that second."""
        self._turn_to(int(now // _MINUTE))
        return self._current + self._before * (1 - now % _MINUTE / _MINUTE)

    def _turn_to(self, minute: int) -> None:
        if minute > self._minute:
            self._before = self._current if minute == self._minute + 1 else 0
            self._current = 0
            self._minute = minute
