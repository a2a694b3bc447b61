"""How soon the server answers while it extracts a 20 MB page and 10,000 jobs wait, beside a bare aiohttp handler.

Run it with ``make bench`` or ``python -m tests.bench.latency``. The two servers are asked in turn, so that a noisy
machine is noisy for both; the ratio is the figure to quote.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.report import machine, print_rows
from tests.process import Process, Program

WAITING = 10_000
ROUNDS = 1_000
GOALS = {"submit": 50.0, "poll": 10.0}
HEADING = ("request", "p50 ms", "p99 ms", "bare p50 ms", "bare p99 ms", "ratio p50", "goal")


async def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        where = Path(directory)
        async with (
            Program("-m", "tests.bench.large_page", directory=where) as pages,
            Process(pages.address, where) as ours,
            Program("-m", "tests.bench.bare", directory=where) as bare,
        ):
            jobs = await _fill(ours)
            times = await _measure(ours, bare, jobs[len(jobs) // 2])
            still = (await ours.poll(jobs[-1]))["status"]
    print(machine(), f"{WAITING:,} jobs waiting, a 20 MB page being extracted; the last job was {still} at the end.")
    return _print(times)


async def _fill(server: Process) -> list[str]:
    """Queue the jobs: each of them would be another large page, so that the extraction never pauses."""
    jobs: list[str] = []
    for _ in range(WAITING // 50):
        jobs += await asyncio.gather(*(server.submit("/large") for _ in range(50)))
    return jobs


async def _measure(ours: Process, bare: Program, job_id: str) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"submit": [], "bare submit": [], "poll": [], "bare poll": []}
    for _ in range(ROUNDS):
        for prefix, server in (("", ours), ("bare ", bare)):
            times[f"{prefix}submit"].append(await _time(server, "POST", "/analyze", {"url": ours.page + "/large"}))
            times[f"{prefix}poll"].append(await _time(server, "GET", f"/result/{job_id}", None))
    return times


async def _time(server: Program, method: str, path: str, body: dict[str, str] | None) -> float:
    began = time.perf_counter()
    async with server.session.request(method, path, json=body) as response:
        await response.read()
        assert response.status < 300, response.status
    return (time.perf_counter() - began) * 1_000


def _print(times: dict[str, list[float]]) -> int:
    rows: list[tuple[str, ...]] = [HEADING]
    missed = 0
    for name, goal in GOALS.items():
        p50, p99 = _quantile(times[name], 50), _quantile(times[name], 99)
        bare50, bare99 = _quantile(times[f"bare {name}"], 50), _quantile(times[f"bare {name}"], 99)
        figures = [f"{each:.2f}" for each in (p50, p99, bare50, bare99, p50 / bare50)]
        rows.append((name, *figures, f"p99 < {goal:g}: {'met' if p99 < goal else 'MISSED'}"))
        missed += p99 >= goal
    print_rows(rows)
    return missed


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
