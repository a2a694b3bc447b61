"""All attacks at full length, and what they counted: ``make attacks``, or ``python -m tests.attacks [NAME …]``."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

from tests.attacks.outcome import Outcome, show

ATTACKS = (
    "urls",
    "canary",
    "guests",
    "signatures",
    "leaks",
    "malformed",
    "slow_peers",
    "payloads",
)
"""Rooms of this folder; ``attack(where)`` in the ``attack`` of each is called with an empty directory."""

Attack = Callable[[Path], Awaitable[Outcome]]


async def _one(name: str, where: Path) -> Outcome:
    attack: Attack = import_module(f"tests.attacks.{name}.attack").attack
    try:
        return await attack(where)
    except Exception as error:  # noqa: BLE001 - the others are worth trying all the same
        traceback.print_exc()
        return Outcome(name, wrong=[f"it could not be tried: {error!r}"])


async def main(names: list[str]) -> int:
    """Try the attacks of these names, all of them without any; how many were not held off."""
    if unknown := set(names) - set(ATTACKS):
        sys.exit(f"There is no {', '.join(sorted(unknown))}: the attacks are {', '.join(ATTACKS)}.")
    outcomes = []
    for name in names or ATTACKS:
        with tempfile.TemporaryDirectory(prefix=f"attack-{name}-") as where:
            outcomes.append(await _one(name, Path(where)))
    return show(outcomes)


if __name__ == "__main__":
    sys.exit(bool(asyncio.run(main(sys.argv[1:]))))
