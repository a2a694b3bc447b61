"""How long it takes from the first byte of a submit until the client has the result, at 200 jobs a second.

Run it with ``make bench`` or ``python -m tests.bench.done``. Requests are sent on time whether or not the ones before
have been answered, so that a server that falls behind shows it.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.report import machine, print_rows
from tests.process import Process

RATE = 200
SECONDS = 15
GOAL = 20.0


async def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        async with Process("http://127.0.0.1:9", Path(directory), CONCURRENCY="8", DEMO="true") as server:
            await _send(server, RATE)  # until every connection is there
            times = await _send(server, RATE * SECONDS)
    quantiles = statistics.quantiles(times, n=100)
    p50, p99 = quantiles[49], quantiles[98]
    print(machine(), f"{RATE} jobs a second for {SECONDS} s.")
    verdict = "met" if p99 < GOAL else "MISSED"
    print_rows(
        [
            ("submit to done", "p50 ms", "p99 ms", "goal"),
            ("echo", f"{p50:.2f}", f"{p99:.2f}", f"p99 < {GOAL:g}: {verdict}"),
        ]
    )
    return int(p99 >= GOAL)


async def _send(server: Process, many: int) -> list[float]:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        asked = []
        for number in range(many):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            asked.append(group.create_task(_one(server, began + number / RATE)))
    return [each.result() for each in asked]


async def _one(server: Process, due: float) -> float:
    """Milliseconds from when the request was to be sent until its job's result is there."""
    body = {"kind": "echo", "args": {"n": 1}}
    async with server.session.post("/v1/jobs", params={"wait": "10"}, json=body) as response:
        job = await response.json()
        assert job["status"] == "done", job
    return (time.perf_counter() - due) * 1_000


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
