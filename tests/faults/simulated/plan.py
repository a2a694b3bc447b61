"""What a seed decides before anything happens."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

LEASE = 30.0

CRASH, STOP, LEAP, FULL_DISK, SLOW_DISK, FSYNC_FAILS = "crash", "stop", "leap", "full disk", "slow disk", "fsync fails"
HANG_UP, CANCEL_HANDLER, HEAL, LOOK = "hang up", "cancel a handler", "heal", "look"
FLAKY_DISK, STALL = "flaky disk", "stall"

_FAULTS = (
    *(CRASH, CRASH, CRASH, STOP, STOP, LEAP, FULL_DISK, FULL_DISK, SLOW_DISK, FLAKY_DISK, FLAKY_DISK, FSYNC_FAILS),
    *(HANG_UP, HANG_UP, HANG_UP, CANCEL_HANDLER, HEAL, HEAL, HEAL, LOOK, LOOK, LOOK),
)

_OF_THE_DISK = (
    FULL_DISK,
    FULL_DISK,
    SLOW_DISK,
    FLAKY_DISK,
    FLAKY_DISK,
    FLAKY_DISK,
    HEAL,
    HEAL,
    HANG_UP,
    HANG_UP,
    LOOK,
    CRASH,
)
_OF_THE_SERVER = (CRASH, CRASH, STOP, STOP, STOP, CANCEL_HANDLER, HANG_UP, LOOK)
_STALLS = (SLOW_DISK, SLOW_DISK, STALL, STALL, STALL, STALL, HEAL)
_KINDS = (_FAULTS, _FAULTS, _OF_THE_DISK, _OF_THE_DISK, _OF_THE_SERVER, _STALLS)


@dataclass(frozen=True)
class Plan:
    """``clients`` and how many things each does; ``faults``: (turns of the loop after the one before, what happens).

    ``keep``: seconds an ended job is kept. ``pace``: mean seconds between two things a client does. ``real``: the disk
    is a real SQLite file in memory, written and read by the package's own code. ``patience``: mean seconds after which
    impatient clients hang up, None: all have time. ``wire``: mean seconds
    that a request is on its way. The others are settings.
    """

    clients: int
    deeds: int
    pace: float
    faults: tuple[tuple[int, str], ...]
    keep: float
    key_keep: float
    keep_count: int | None
    history: int
    jobs: int
    total_bytes: int
    grace: float
    real: bool
    poison: bool
    patience: float | None
    wire: float | None


def plan_of(chance: Random, *, real: bool | None) -> Plan:
    """The plan that such luck makes."""
    mean = chance.choice((30, 100, 300))
    kinds = chance.choice(_KINDS)
    faults = [(1 + int(chance.expovariate(1 / mean)), chance.choice(kinds)) for _ in range(chance.randrange(16))]
    choice = chance.random() < 0.3
    return Plan(
        clients=chance.randrange(1, 6),
        deeds=chance.randrange(4, 26),
        pace=chance.choice((0.01, 0.2, 1, 5)),
        faults=tuple(faults),
        keep=chance.choice((3_600, 3_600, 20, 2)),
        key_keep=chance.choice((86_400, 86_400, 30)),
        keep_count=chance.choice((None, None, None, 3)),
        history=chance.choice((10_000, 10_000, 10_000, 40)),
        jobs=chance.choice((1_000, 1_000, 12)),
        total_bytes=chance.choice((10_000_000, 10_000_000, 10_000_000, 20_000)),
        grace=chance.choice((0, 1, 25)),
        real=choice if real is None else real,
        poison=chance.random() < 0.2,
        patience=chance.choice((None, 0.01, 0.5)),
        wire=chance.choice((None, None, 0.02, 2)),
    )
