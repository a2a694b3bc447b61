"""How soon work that is cancelled or out of time has really stopped, in each of the three styles.

Run it with ``make bench`` or ``python -m tests.bench.stopping``. The work leaves a sign of life about every
millisecond; its last one is the figure, not what the server says.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.report import machine, print_rows
from tests.bench.stopping_handlers import LIMIT, SIGN
from tests.make import until
from tests.process import Process

ROUNDS = 20
QUIET = 0.2
"""Seconds without a sign of life that mean it has stopped."""


async def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        where = Path(directory)
        async with Process("http://127.0.0.1:9", where, HANDLERS="tests.bench.stopping_handlers") as server:
            rows = [await _measure(server, style, where / style) for style in ("async", "thread", "isolated")]
    print(machine(), f"{ROUNDS} jobs of each style, ms.")
    print_rows([("style", "cancelled p50", "longest", f"out of its {LIMIT:g} s p50", "longest"), *rows])
    return 0


async def _measure(server: Process, style: str, mark: Path) -> tuple[str, ...]:
    cancelled = [await _cancel(server, style, mark.with_suffix(f".c{count}")) for count in range(ROUNDS)]
    late = [await _run_out(server, style, mark.with_suffix(f".t{count}")) for count in range(ROUNDS)]
    figures = (statistics.median(cancelled), max(cancelled), statistics.median(late), max(late))
    return style, *(f"{each * 1e3:.1f}" for each in figures)


async def _cancel(server: Process, style: str, mark: Path) -> float:
    """Seconds from asking for the end to the last sign of life."""
    job_id = await _start(server, style, mark)
    asked = time.monotonic()
    async with server.session.post(f"/v1/jobs/{job_id}/cancel") as response:
        assert response.status == 200, await response.text()
    return await _last_sign(mark) - asked


async def _run_out(server: Process, style: str, mark: Path) -> float:
    """Seconds between the end of its time and the last sign of life."""
    began = time.monotonic()
    await _start(server, style, mark)
    return await _last_sign(mark) - began - LIMIT


async def _start(server: Process, style: str, mark: Path) -> str:
    async with server.session.post("/v1/jobs", json={"kind": style, "args": {"mark": str(mark)}}) as response:
        assert response.status == 202, await response.text()
        job_id = str((await response.json())["jobId"])

    async def running() -> bool:
        return bool((await _read(server, job_id))["status"] == "processing" and (style == "async" or is_there(mark)))

    await until(running)
    return job_id


async def _read(server: Process, job_id: str) -> dict[str, Any]:
    async with server.session.get(f"/v1/jobs/{job_id}") as response:
        job: dict[str, Any] = await response.json()
        return job


def is_there(mark: Path) -> bool:
    return mark.exists() and mark.stat().st_size == SIGN.size


async def _last_sign(mark: Path) -> float:
    """The last sign of life, once there was none for a while."""
    last = 0.0
    while not last or time.monotonic() - last < QUIET:
        await asyncio.sleep(QUIET / 10)
        if is_there(mark):
            last = SIGN.unpack(mark.read_bytes())[0]
    return last


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
