"""What befalls a server while it works."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Protocol

from tests.faults.simulated import plan as of
from tests.faults.simulated.disk import FLAKY, FULL, SLOW, Disk
from tests.faults.simulated.ledger import Ledger
from tests.faults.simulated.loop import VirtualLoop
from tests.faults.simulated.records import check_positions
from tests.faults.simulated.server import Server

_OF_THE_DISK = {of.FULL_DISK: FULL, of.SLOW_DISK: SLOW, of.FLAKY_DISK: FLAKY}


_IMPATIENT = 0.2
_AT_ONCE = 0.3


class Victims(Protocol):
    """What can be struck."""

    loop: VirtualLoop
    disk: Disk
    ledger: Ledger
    leapt: float
    """Seconds in which nobody could do anything."""

    @property
    def server(self) -> Server | None:
        """The one there is now."""

    def tell(self, text: str) -> None:
        """A line of the trace."""

    def crash(self) -> None:
        """The server is killed, now."""

    def check_idle(self, server: Server) -> None:
        """One that has written all it knows is like its disk."""


class Fate:
    """Strikes between two turns of the loop, as planned: (turns after the one before, what happens)."""

    def __init__(self, plan: of.Plan, chance: Random) -> None:
        self._plan = plan
        self._faults = deque(plan.faults)
        self._next = self._faults[0][0] if self._faults else 0
        self._chance = chance
        self._stalls = False
        self._over = False

    def patience(self) -> float | None:
        """Seconds after which a client hangs up, or None."""
        mean = self._plan.patience
        impatient = mean is not None and self._chance.random() < _IMPATIENT
        return self._chance.expovariate(1 / mean) if impatient and mean is not None else None

    def on_the_wire(self) -> float | None:
        """Seconds until what a client asks arrives, or None: at once, as everything does in the end."""
        mean = None if self._over else self._plan.wire
        return None if mean is None or self._chance.random() < _AT_ONCE else self._chance.expovariate(1 / mean)

    def end(self) -> None:
        """No more of it."""
        self._over = True
        self._faults.clear()
        self._stalls = False

    def turned(self, world: Victims) -> None:
        """The loop begins another turn."""
        if self._stalls and world.disk.writing is not None:
            self._stalls = False
            self._leap(world, 12)
        if not self._faults or world.loop.turns < self._next:
            return
        _, fault = self._faults.popleft()
        self._next = world.loop.turns + (self._faults[0][0] if self._faults else 0)
        world.tell(f"fault: {fault}")
        server = world.server
        if fault == of.CRASH:
            world.crash()
        elif fault == of.LEAP:
            self._leap(world, 4 * of.LEASE)
        elif fault == of.STALL:  # as soon as something is being written
            self._stalls = True
        elif fault in _OF_THE_DISK or fault == of.HEAL:
            world.disk.trouble = _OF_THE_DISK.get(fault)
        elif fault == of.FSYNC_FAILS:
            world.disk.breaks = True
        elif server is not None:
            self._strike(fault, server, world)

    def _leap(self, world: Victims, longest: float) -> None:
        seconds = self._chance.uniform(0, longest)
        world.leapt += seconds
        world.ledger.leaps += 1
        world.loop.leap(seconds)

    def _strike(self, fault: str, server: Server, world: Victims) -> None:
        if fault == of.STOP and not server.stopping.done():
            server.stopping.set_result(None)
        elif fault == of.HANG_UP and server.calls:
            self._chance.choice(list(server.calls)).cancel()
        elif fault == of.CANCEL_HANDLER:
            handlers = [each for each in server.life.tasks if not each.done() and each.get_name().startswith("job ")]
            if handlers:
                self._chance.choice(handlers).cancel()
        elif fault == of.LOOK and server.up:
            check_positions(server.engine._memory)
            world.check_idle(server)
