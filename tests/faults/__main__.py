"""All faults at full length, and one table: ``make faults``, or ``python -m tests.faults [NAME …]``."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from tests.faults import tools
from tests.faults.clocks import jumps, jumps_while_down
from tests.faults.crash_points import Leftover, at_every_point
from tests.faults.crashes import crashes
from tests.faults.damage import cut_journals, flipped_bits, torn_tails
from tests.faults.disks import failing_syncs, full_disk, start_on_full_disk, stop_on_full_disk
from tests.faults.memory_limit import memory_limit
from tests.faults.power import power_cuts
from tests.faults.report import Row, show
from tests.faults.rivals import locked, second_server
from tests.faults.stops import poison, polite_stop, standstill
from tests.faults.verdict import Verdict


async def at_every_point_of_a_second_life(where: Path) -> Row:
    """From the restart after a crash on."""
    leftover = Leftover(where / "leftover")
    await leftover.make()
    return await at_every_point(where, "each of them after a crash", begin=leftover.begin)


async def simulated(seeds: int) -> Row:
    """The simulator, in a process of its own: a line of what it says replays what went wrong."""
    row = Row("simulated lives", rounds=seeds)
    command = (sys.executable, "-m", "tests.faults.simulate", "--seeds", str(seeds))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    *found, last = (await process.communicate())[0].decode().splitlines()
    acknowledged = re.search(r"([0-9]+) jobs acknowledged", last)
    row.add(int(acknowledged[1]) if acknowledged else 0, Verdict(wrong=found))
    if process.returncode and not found:
        row.verdict.wrong.append(last)
    return row


class Fault(NamedTuple):
    """``run`` is called with an empty directory. ``missing``: why it cannot be done here, None if it can."""

    name: str
    run: Callable[[Path], Awaitable[Row]]
    missing: Callable[[], str | None] = lambda: None


FAULTS = (
    Fault("kill", lambda where: crashes(where, 1_000)),
    Fault("points", lambda where: at_every_point(where, "each write, sync and send killed"), tools.missing_strace),
    Fault("points-again", at_every_point_of_a_second_life, tools.missing_strace),
    Fault(
        "points-eio",
        lambda where: at_every_point(where, "each write fails (EIO)", what="error=EIO", calls=("pwrite64",)),
        tools.missing_strace,
    ),
    Fault(
        "points-enospc",
        lambda where: at_every_point(where, "each write fails (ENOSPC)", what="error=ENOSPC", calls=("pwrite64",)),
        tools.missing_strace,
    ),
    Fault("fsync", lambda where: failing_syncs(where, 50), tools.missing_strace),
    Fault("full", lambda where: full_disk(where, 20), tools.missing_namespaces),
    Fault("full-start", start_on_full_disk, tools.missing_namespaces),
    Fault("full-stop", stop_on_full_disk, tools.missing_namespaces),
    Fault("second", second_server),
    Fault("locked-2", lambda where: locked(where, 2)),
    Fault("locked-8", lambda where: locked(where, 8)),
    Fault("torn", lambda where: torn_tails(where, 100)),
    Fault("cut", lambda where: cut_journals(where, 200)),
    Fault("flipped", lambda where: flipped_bits(where, 200)),
    Fault("power", lambda where: power_cuts(where, 200), tools.missing_strace),
    Fault("sigterm", polite_stop),
    Fault("sigstop", standstill),
    Fault("poison-kill", poison),
    Fault("poison-exit", lambda where: poison(where, politely=True)),
    Fault("clock-forward", lambda where: jumps(where, 24), tools.missing_faketime),
    Fault("clock-back", lambda where: jumps(where, -24), tools.missing_faketime),
    Fault("clock-forward-down", lambda where: jumps_while_down(where, 24), tools.missing_faketime),
    Fault("clock-back-down", lambda where: jumps_while_down(where, -24), tools.missing_faketime),
    Fault("memory", memory_limit),
    Fault("simulator", lambda _: simulated(10_000)),
)


async def main(names: list[str]) -> int:
    """How many faults did harm, or could not be tried."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        for fault in FAULTS:
            if not names or fault.name in names:
                row = await _tried(fault, Path(directory) / fault.name)
                rows.append(row)
    return show(rows)


async def _tried(fault: Fault, where: Path) -> Row:
    where.mkdir()
    began = time.monotonic()
    row = Row(fault.name)
    try:
        if (reason := fault.missing()) is not None:
            row.verdict.wrong.append(f"not tried: {reason}")
        else:
            row = await fault.run(where)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other faults are tried as well
        traceback.print_exc()
        row.verdict.wrong.append(repr(error))
    told = (
        f"{fault.name}: {time.monotonic() - began:.0f} s, {row.rounds} rounds, {row.acknowledged} jobs, {row.verdict}"
    )
    print(told, file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    sys.exit(min(asyncio.run(main(sys.argv[1:])), 1))
