"""How often somebody may come, and how much they may hold: arithmetic and bounded tables, no clock."""

from __future__ import annotations

import math
from typing import NamedTuple

WINDOW = 60.0
"""Seconds that a rate is counted over."""


class Taken(NamedTuple):
    """What a caller has after it asked once more.

    ``wait``: 0 when it may go on, else seconds after which it may. ``left``: requests it may make at once from here.
    ``full_in``: seconds until it may make all of them again.
    """

    wait: float
    left: int
    full_in: float


class RateLimiter:
    """Requests a minute, of each of many callers: the generic cell rate algorithm (ITU-T I.371), in O(1).

    A caller may make a minute's requests at once, and gets new ones evenly as time passes. What is refused is not
    counted, so that whoever slows down is let in again at once.

    Of a caller one number is kept: the time at which everything it took is paid back, a minute from now at most. Two
    tables take turns: whoever did not come for a whole turn, a minute or longer, owes nothing and goes with the older
    table. So nothing is ever searched. ``callers``: how many a table holds; when more come within a minute it turns
    early, and forgets what the quiet ones owe rather than grow.
    """

    __slots__ = ("_callers", "_now", "_then", "_turned")

    def __init__(self, callers: int = 50_000) -> None:
        self._callers = callers
        self._now: dict[str, float] = {}
        self._then: dict[str, float] = {}
        self._turned = -math.inf

    def __len__(self) -> int:
        """How many callers are remembered."""
        return len(self._now) + len(self._then)

    def take(self, caller: str, per_minute: float, now: float) -> Taken:
        """Count one request, unless it must wait. ``per_minute``: at least 1. ``now``: seconds that never go back."""
        if now - self._turned >= WINDOW or len(self._now) >= self._callers:
            self._then, self._now, self._turned = self._now, {}, now
        paid = self._now.get(caller) or self._then.get(caller, now)
        owed = max(paid - now, 0.0)
        each = WINDOW / per_minute
        wait = owed + each - WINDOW
        if wait > 1e-6:
            return Taken(wait, 0, owed)
        owed += each
        self._now[caller] = now + owed
        return Taken(0.0, int((WINDOW - owed) / each + 1e-6), owed)


class Holdings:
    """Something scarce that many hold for a while: ``total`` of it, of which each may hold ``share``."""

    __slots__ = ("_held", "_share", "_sum", "_total")

    def __init__(self, total: float, share: float) -> None:
        self._total = total
        self._share = share
        self._sum = 0.0
        self._held: dict[str, float] = {}

    def take(self, holder: str, amount: float = 1) -> bool:
        """Hold ``amount`` more; False, and nothing changes, when that is more than there is for this holder."""
        held = self._held.get(holder, 0) + amount
        if held > self._share or self._sum + amount > self._total:
            return False
        self._held[holder] = held
        self._sum += amount
        return True

    def give(self, holder: str, amount: float = 1) -> None:
        """Let go of ``amount`` that was taken."""
        left = self._held[holder] - amount
        self._sum -= amount
        if left > 0:
            self._held[holder] = left
        else:
            del self._held[holder]

    def of(self, holder: str) -> float:
        """How much a holder has."""
        return self._held.get(holder, 0)
