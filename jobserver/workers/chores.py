"""The crew's chores, one duty each, for all attempts together: a janitor, a renewer of leases, a listener."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Engine
from jobserver.jobs.event_log import Listener, ListenerTooSlow
from jobserver.jobs.events import EventType, Interest
from jobserver.jobs.model import JobId
from jobserver.jobs.policy import renew_every
from jobserver.workers.attempt import Attempt

_LATE = 1.5
_CANCELLATIONS = Interest(types=frozenset({EventType.CANCELLED}))

Attempts = Mapping[JobId, Attempt]
"""Those that run now, by their job."""


class Leases:
    """The leases of all attempts that run here, renewed together."""

    def __init__(self, attempts: Attempts, clock: Clock, length: timedelta) -> None:
        self.every = renew_every(length)
        self._attempts = attempts
        self._clock = clock
        self._renewed_at = clock.now()

    async def renew(self) -> None:
        """Hold on to every one."""
        self._renewed_at = self._clock.now()
        for attempt in tuple(self._attempts.values()):
            await attempt.renew()

    async def catch_up(self, now: datetime) -> None:
        """Renew them when that is overdue: this process was stopped, its machine slept, or its loop was blocked.

        Then every lease may have ended while its attempt is alive, and nobody but us could have taken it back.
        """
        if now - self._renewed_at > self.every * _LATE:
            await self.renew()


async def janitor(engine: Engine, clock: Clock, interval: timedelta, leases: Leases) -> None:
    """Does what is due, at the time it is due, and looks again after ``interval`` at the latest."""
    while True:
        now = clock.now()
        # Of the very moment up to which leases are taken back next: the process may also be stopped between the two.
        await leases.catch_up(now)
        following = await engine.tick(now)
        if following is not None and following <= now:
            await asyncio.sleep(0)  # more is due than fits one tick: let others have their turn between
        else:
            await engine.wait_due(interval.total_seconds())


async def renewer(leases: Leases) -> None:
    """Holds on to every lease."""
    while True:
        await asyncio.sleep(leases.every.total_seconds())
        await leases.renew()


async def listener(engine: Engine, attempts: Attempts) -> None:
    """Hears of every job that is cancelled and halts those that run here."""
    overrun = True
    while overrun:
        with engine.events(_CANCELLATIONS) as cancellations:
            for attempt in tuple(attempts.values()):
                await attempt.look_again()
            overrun = await _listen(cancellations, attempts)


async def _listen(cancellations: Listener, attempts: Attempts) -> bool:
    """Listen until the log is closed (False) or there was more than could be heard (True)."""
    try:
        async for event in cancellations:
            if event.job is not None and (attempt := attempts.get(event.job.id)) is not None:
                attempt.halt()
    except ListenerTooSlow:
        return True
    return False
