"""Visits to one host take turns: so many at once, and so long between two beginnings."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


def _nothing() -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class _Host:
    """``visits``: under way. ``next_at``: when the next may begin. ``timer``: set while the delay is waited for."""

    visits: int = 0
    next_at: float = 0.0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    timer: asyncio.TimerHandle | None = None


class Politeness:
    """Turns for whole visits, in order of arrival, each host by itself.

    ``concurrency``: visits of a host at a time, 0 for any number. ``delay``: seconds between the beginnings of two.
    A host is the one of the URL that was asked for. Where a page redirects to, and what it loads from elsewhere, is
    not counted: it is known only when the visit is under way. A host that is not visited, not waited for and past its
    delay is forgotten.
    """

    def __init__(self, concurrency: int, delay: float) -> None:
        self._concurrency = concurrency
        self._delay = delay
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str, on_wait: Callable[[], None] = _nothing) -> AsyncIterator[None]:
        """A visit to ``host``, begun when its turn has come. ``on_wait``: called once if that is not at once."""
        place = self._hosts.setdefault(host, _Host())
        if place.waiting or not self._is_free(place):
            on_wait()
            await self._wait(host, place)
        else:
            self._begin(place)
        try:
            yield
        finally:
            self._end(host, place)

    async def _wait(self, host: str, place: _Host) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        place.waiting.append(turn)
        self._go_on(host, place)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with suppress(ValueError):  # passed over already
                    place.waiting.remove(turn)
                self._go_on(host, place)
            else:  # it had come in the same moment: the next one gets it
                self._end(host, place)
            raise

    def _is_free(self, place: _Host) -> bool:
        in_time = asyncio.get_running_loop().time() >= place.next_at
        return in_time and (self._concurrency == 0 or place.visits < self._concurrency)

    def _begin(self, place: _Host) -> None:
        place.visits += 1
        place.next_at = asyncio.get_running_loop().time() + self._delay

    def _end(self, host: str, place: _Host) -> None:
        place.visits -= 1
        self._go_on(host, place)

    def _go_on(self, host: str, place: _Host) -> None:
        """Give out the turns that can be, and come again when the delay is over and somebody waits for that."""
        while place.waiting and self._is_free(place):
            turn = place.waiting.popleft()
            if not turn.done():
                self._begin(place)
                turn.set_result(None)
        if place.timer is None and (place.waiting or not place.visits):
            self._come_again(host, place)

    def _come_again(self, host: str, place: _Host) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < place.next_at:
            place.timer = loop.call_at(place.next_at, self._delay_over, host, place)
        elif not place.waiting and self._hosts.get(host) is place:
            del self._hosts[host]

    def _delay_over(self, host: str, place: _Host) -> None:
        place.timer = None
        self._go_on(host, place)
