"""What a million jobs cost: memory, the polls of those who wait, and the moment when all of them expire.

Run it with ``make bench`` or ``python -m tests.bench.crowd [NUMBER]``.
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
from tests.process import Program

POLLS = 2_000
PATIENCE = 1_800


async def main(number: int) -> int:
    with tempfile.TemporaryDirectory() as directory:
        async with Program("-m", "tests.bench.crowd_server", directory=Path(directory)) as server:
            alone = await _polls(server, await _submit(server))
            queued = await _do(server, "fill", number)
            job_id = await _submit(server)
            crowded = await _polls(server, job_id)
            finished = await _do(server, "finish", number)
            expired = await _do(server, "expire", number)
    print(machine(), f"{number:,} jobs.")
    rows = [
        ("poll p50 beside them / alone", f"{crowded[0]:.2f} / {alone[0]:.2f} ms", ""),
        ("poll p99 beside them / alone", f"{crowded[1]:.2f} / {alone[1]:.2f} ms", _goal(crowded[1] / alone[1], 2, "x")),
        ("a queued job, 100 B payload", f"{queued['bytes']:.0f} B", _goal(queued["bytes"], 600, " B")),
        ("longest submit while filling", f"{queued['longest'] * 1e3:.1f} ms", ""),
        ("a finished one, 100 B result, more", f"{finished['bytes']:.0f} B", ""),
        ("all expire, in", f"{expired['seconds']:.1f} s", ""),
        ("longest stall meanwhile", f"{expired['longest'] * 1e3:.1f} ms", _goal(expired["longest"] * 1e3, 30, " ms")),
    ]
    print_rows([("figure", "seen", "goal"), *rows])
    return sum("MISSED" in row[2] for row in rows)


def _goal(seen: float, most: float, unit: str) -> str:
    return f"< {most:g}{unit}: {'met' if seen < most else 'MISSED'}"


async def _submit(server: Program) -> str:
    async with server.session.post("/v1/jobs", json={"kind": "echo", "args": {}}) as response:
        assert response.status == 202, await response.text()
        return str((await response.json())["jobId"])


async def _polls(server: Program, job_id: str) -> tuple[float, float]:
    """(p50, p99) of a poll in milliseconds."""
    times = []
    for _ in range(POLLS):
        began = time.perf_counter()
        async with server.session.get(f"/result/{job_id}") as response:
            await response.read()
            assert response.status == 200
        times.append((time.perf_counter() - began) * 1e3)
    quantiles = statistics.quantiles(times, n=100)
    return quantiles[49], quantiles[98]


async def _do(server: Program, step: str, number: int) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE), server.session.post(f"/bench/{step}/{number}", timeout=None) as response:
        found: dict[str, Any] = await response.json()
        return found


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)))
