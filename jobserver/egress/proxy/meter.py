"""What one page may use up, and how much of it is gone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProxyLimits:
    """Bounds of one proxy; times in seconds.

    ``max_bytes``: all that is received, from the browser and from the servers, heads included. ``max_connections``: at
    once; more wait. ``max_connections_in_all``: after these none is taken. ``head_bytes``: of a request's or an
    answer's head. ``head_time``: from a connection to the end of its request's head. ``connect_time``: until a server
    took the connection. ``idle_time``: without a byte in either direction; also how long an answer's head may take.
    """

    max_bytes: int = 32_000_000
    max_connections: int = 64
    max_connections_in_all: int = 2_000
    head_bytes: int = 32_768
    head_time: float = 30.0
    connect_time: float = 10.0
    idle_time: float = 30.0


class Exhausted(Exception):
    """The page has used up its bytes."""


class Meter:
    """Counts bytes. ``used``: those so far. ``exceeded``: set when they are more than ``max_bytes``."""

    def __init__(self, max_bytes: int) -> None:
        self.used = 0
        self.exceeded = asyncio.Event()
        self._max_bytes = max_bytes

    def count(self, size: int) -> None:
        """``size`` more. Raises Exhausted when that is too much, and ever after."""
        self.used += size
        if self.used > self._max_bytes:
            self.exceeded.set()
            raise Exhausted
