"""Signatures that have been used: a timestamped one changes something once."""

from __future__ import annotations

from typing import NamedTuple

_SECONDS = 60
"""Signatures that expire in the same minute are forgotten together."""


class Use(NamedTuple):
    """What is kept of a signature that has been used. ``mark``: half of its MAC. ``until``: unix time of its end."""

    mark: bytes
    until: float


class Replays:
    """Which signatures have been used, for as long as they could be used again; `now` is an argument everywhere.

    They stand by the minute in which they expire, so that none is ever searched for. ``most``: how many are kept, about
    100 bytes each. Beyond that the minute that ends first is forgotten early rather than memory grow: it takes more
    than 3,000 right signatures a second to come to that.
    """

    __slots__ = ("_count", "_minutes", "_most")

    def __init__(self, most: int = 1_000_000) -> None:
        self._most = most
        self._minutes: dict[int, set[bytes]] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many are remembered."""
        return self._count

    def take(self, use: Use, now: float) -> bool:
        """Note that a signature is used; False where it has been. ``now``: unix seconds that never go back."""
        minute = int(use.until // _SECONDS)
        used = self._minutes.get(minute)
        if used is None:
            self._forget_before(int(now // _SECONDS))
            used = self._minutes[minute] = set()
        elif use.mark in used:
            return False
        if self._count >= self._most:
            self._forget(min(self._minutes))
            used = self._minutes.setdefault(minute, set())
        used.add(use.mark)
        self._count += 1
        return True

    def give_back(self, use: Use) -> None:
        """The signature was not needed: it may be used again. Of no effect on one that is not remembered."""
        used = self._minutes.get(int(use.until // _SECONDS), set())
        if use.mark in used:
            used.remove(use.mark)
            self._count -= 1

    def _forget_before(self, minute: int) -> None:
        for past in [each for each in self._minutes if each < minute]:
            self._forget(past)

    def _forget(self, minute: int) -> None:
        self._count -= len(self._minutes.pop(minute))
