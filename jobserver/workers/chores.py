"""The crew's chores, one duty each, for all attempts together: a janitor, a renewer of leases, a listener."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Engine
from jobserver.jobs.event_log import Listener, ListenerTooSlow
from jobserver.jobs.events import EventType, Interest
from jobserver.jobs.model import JobId
from jobserver.jobs.policy import renew_every
from jobserver.workers.attempt import Attempt

_CANCELLATIONS = Interest(types=frozenset({EventType.CANCELLED}))

Attempts = Mapping[JobId, Attempt]
"""Those that run now, by their job."""


async def janitor(engine: Engine, clock: Clock, interval: timedelta) -> None:
    """Does what is due, at the time it is due, and looks again after ``interval`` at the latest."""
    while True:
        now = clock.now()
        following = await engine.tick(now)
        if following is not None and following <= now:
            await asyncio.sleep(0)  # more is due than fits one tick: let others have their turn between
        else:
            await engine.wait_due(interval.total_seconds())


async def renewer(attempts: Attempts, lease: timedelta) -> None:
    """Holds on to every lease."""
    while True:
        await asyncio.sleep(renew_every(lease).total_seconds())
        for attempt in tuple(attempts.values()):
            await attempt.renew()


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
