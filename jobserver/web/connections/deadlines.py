"""Who keeps us waiting, and since when: one look a second for all connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

_log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
_AT_ONCE = 20
"""Connections that are closed in one turn of the loop: a thousand at once would make everybody else wait."""

T = TypeVar("T")


class Deadlines(Generic[T]):
    """Those who wait for something that may take ``within`` seconds, in the order in which they began to.

    Beginning and ending is one step in a dictionary each: no timers.
    """

    def __init__(self, within: float) -> None:
        self.within = within
        self._due: dict[T, float] = {}

    def __len__(self) -> int:
        return len(self._due)

    def begin(self, one: T, now: float) -> None:
        """From now on."""
        self._due.pop(one, None)
        self._due[one] = now + self.within

    def end(self, one: T) -> None:
        """It waits no more."""
        self._due.pop(one, None)

    def late(self, now: float) -> Iterator[T]:
        """Those whose time is up, each once; it may begin anew meanwhile."""
        while self._due:
            one = next(iter(self._due))
            if self._due[one] > now:
                return
            del self._due[one]
            yield one


async def keep(deadlines: Deadlines[T], act: Callable[[T], None]) -> None:
    """Call ``act`` with whoever is late, for ever: whoever starts it ends it."""
    loop = asyncio.get_running_loop()
    every = min(_LOOK_EVERY, deadlines.within / 2)
    while True:
        await asyncio.sleep(every)
        for number, one in enumerate(deadlines.late(loop.time()), 1):
            try:
                act(one)
            except Exception:  # noqa: BLE001 - the deadlines of all others must be kept
                _log.exception("A connection could not be closed.")
            if not number % _AT_ONCE:
                await asyncio.sleep(0)
