"""Requests per second of the server's own processor time, beside a bare aiohttp handler.

Run it with ``make bench`` or ``python -m tests.bench.cpu``. Processor time is what survives a noisy machine: the load
comes from another process and waiting costs nothing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from jobserver.tuning import loop_factory
from tests.bench.report import machine, print_rows
from tests.process import Pages, Process, Program

ROUNDS = 5
REQUESTS = 2_000
CLIENTS = 8
GOAL = 0.8


async def main() -> int:
    spent: dict[str, list[float]] = {}
    pages = Pages()
    await pages.server.start_server()
    with tempfile.TemporaryDirectory() as directory:
        where = Path(directory)
        ours = Process(pages.address, where, ANALYZE_TIMEOUT="3600", MAX_QUEUE="1000000")
        async with ours, Program("-m", "tests.bench.bare", directory=where) as bare:
            await ours.submit("/slow")  # it never ends, so that running jobs is no part of the figures
            await pages.visited.wait()
            job_id = await ours.submit("/page")
            for _ in range(ROUNDS):
                for name, server in (("", ours), ("bare ", bare)):
                    spent.setdefault(f"{name}submit", []).append(await _cost(server, "POST", "/analyze", ours.page))
                    spent.setdefault(f"{name}poll", []).append(await _cost(server, "GET", f"/result/{job_id}", None))
    pages.gate.set()
    await pages.server.close()
    print(machine(), "Ours with the extra fast (uvloop, orjson)." if loop_factory() else "Ours on asyncio's own loop.")
    return _print(spent)


async def _cost(server: Program, method: str, path: str, page: str | None) -> float:
    """Microseconds of processor time one request takes."""
    before = server.cpu_seconds()
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(_ask(server, method, path, page))
    return (server.cpu_seconds() - before) / REQUESTS * 1_000_000


async def _ask(server: Program, method: str, path: str, page: str | None) -> None:
    body = None if page is None else {"url": f"{page}/page"}
    for _ in range(REQUESTS // CLIENTS):
        async with server.session.request(method, path, json=body) as response:
            await response.read()
            assert response.status < 300, response.status


def _print(spent: dict[str, list[float]]) -> int:
    rows: list[tuple[str, ...]] = [("request", "µs", "bare µs", "share of bare's requests", "goal")]
    missed = 0
    for name in ("submit", "poll"):
        ours, bare = min(spent[name]), min(spent[f"bare {name}"])
        share = bare / ours
        missed += share < GOAL
        verdict = "met" if share >= GOAL else "MISSED"
        rows.append((name, f"{ours:.0f}", f"{bare:.0f}", f"{share:.2f}", f">= {GOAL:g}: {verdict}"))
    print_rows(rows)
    return missed


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
