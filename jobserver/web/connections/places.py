"""How many connections are open, and whether there is room for one more."""

from __future__ import annotations

from collections import Counter

from jobserver.auth.addresses import household, is_trusted
from jobserver.web.connections.limits import ConnectionLimits

NOBODY = ""
"""Whoever has no limit of its own: a trusted proxy, and whoever reaches a unix socket."""


class Places:
    """The places of a server. ``open``: those that are taken."""

    open: int

    def __init__(self, limits: ConnectionLimits) -> None:
        self.open = 0
        self._limits = limits
        self._of_one: Counter[str] = Counter()

    def holder(self, peer: str | None) -> str:
        """Who a connection is counted for; ``peer`` is None for a unix socket."""
        if peer is None or is_trusted(peer, self._limits.trusted):
            return NOBODY
        return household(peer)

    def full(self, holder: str) -> str:
        """``total`` or ``address``, which of both limits is reached; empty where there is room."""
        if self.open >= self._limits.most:
            return "total"
        if holder != NOBODY and self._of_one[holder] >= self._limits.most_per_address:
            return "address"
        return ""

    def take(self, holder: str) -> None:
        """One more connection."""
        self.open += 1
        self._of_one[holder] += 1

    def give(self, holder: str) -> None:
        """One less."""
        self.open -= 1
        self._of_one[holder] -= 1
        if not self._of_one[holder]:
            del self._of_one[holder]
