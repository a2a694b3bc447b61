"""What it costs that jobs survive their server: submits by HTTP, a start with a million jobs, the file, its compaction.

Run it with ``make bench`` or ``python -m tests.bench.durable [NUMBER]``; the NUMBER of jobs in the file is a million
unless given, and 0 leaves that part out. Three servers are asked in turn: jobs in memory, group commit, and one commit
for each job. The file is on the disk of the temporary directory.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from jobserver.tuning import loop_factory
from tests.bench.durable_server import PAYLOAD
from tests.bench.load import a_request, load
from tests.bench.report import machine, print_rows
from tests.process import SECRET, Program

KINDS = ("memory", "group", "single")
CLIENTS = (1, 32, 256)
ROUNDS = 3
SECONDS = 2.0
GOAL = 0.5
STALL = 50.0
START_WITHIN = 10.0
PATIENCE = 1_800
JOB = {"kind": "echo", "args": PAYLOAD}
SUBMIT = a_request("POST", "/v1/jobs", json.dumps(JOB).encode(), headers=SECRET)


class Seen(NamedTuple):
    """Of one round: submits a second, the server's processor time for each (µs), p50 and p99 (ms)."""

    rate: float
    cpu: float
    p50: float
    p99: float


async def main(number: int) -> int:
    print(machine(), "With the extra fast (uvloop, orjson)." if loop_factory() else "On asyncio's own loop.")
    with tempfile.TemporaryDirectory() as directory:
        missed = _print_submits(await _submits(Path(directory)))
        if number:
            missed += await _many(Path(directory), number)
    return missed


# --- submits


async def _submits(directory: Path) -> dict[tuple[int, str], list[Seen]]:
    seen: dict[tuple[int, str], list[Seen]] = {}
    async with AsyncExitStack() as running:
        servers = {kind: await running.enter_async_context(_server(kind, directory)) for kind in KINDS}
        for server in servers.values():
            await load(server.address, SUBMIT, b"HTTP/1.1 202", clients=32, seconds=0.5)  # warm
        for _ in range(ROUNDS):
            for clients in CLIENTS:
                for kind, server in servers.items():
                    seen.setdefault((clients, kind), []).append(await _round(server, clients))
    return seen


def _server(kind: str, directory: Path, name: str = "") -> Program:
    file = directory / f"{name or kind}.db"
    return Program("-m", "tests.bench.durable_server", kind, str(file), directory=directory)


async def _round(server: Program, clients: int) -> Seen:
    cpu, began = server.cpu_seconds(), time.perf_counter()
    times = await load(server.address, SUBMIT, b"HTTP/1.1 202", clients=clients, seconds=SECONDS)
    took, cpu = time.perf_counter() - began, server.cpu_seconds() - cpu
    quantiles = statistics.quantiles(times, n=100)
    return Seen(len(times) / took, cpu / len(times) * 1e6, quantiles[49] * 1e3, quantiles[98] * 1e3)


def _print_submits(seen: dict[tuple[int, str], list[Seen]]) -> int:
    heading = (
        "clients",
        "store",
        "submits/s",
        "of memory's",
        "µs of CPU each",
        "p50 ms",
        "p99 ms",
        "added p50 / p99",
        "goal",
    )
    rows: list[tuple[str, ...]] = [heading]
    missed = 0
    for clients in CLIENTS:
        memory = _best(seen[clients, "memory"])
        for kind in KINDS:
            it = _best(seen[clients, kind])
            share = it.rate / memory.rate
            judged = (clients, kind) == (32, "group")
            missed += judged and share < GOAL
            goal = f">= {GOAL:g}: {'met' if share >= GOAL else 'MISSED'}" if judged else ""
            added = f"{it.p50 - memory.p50:+.2f} / {it.p99 - memory.p99:+.2f}"
            figures = (
                f"{it.rate:,.0f}",
                f"{share:.2f}",
                f"{it.cpu:.0f}",
                f"{it.p50:.2f}",
                f"{it.p99:.2f}",
                added,
                goal,
            )
            rows.append((str(clients), kind, *figures))
    print_rows(rows)
    return missed


def _best(rounds: list[Seen]) -> Seen:
    """The round that the machine disturbed least."""
    return max(rounds)


# --- a file with very many jobs


async def _many(directory: Path, number: int) -> int:
    """All of them wait; then four in five end and are forgotten, and the file is made shorter."""
    async with _server("group", directory, "many") as server:
        filled = await _do(server, "fill", number)
    size = sum(part.stat().st_size for part in directory.glob("many.db*"))
    empty = await _start(directory, "empty")
    full = await _start(directory, "many")
    async with _server("group", directory, "many") as server:
        finished = await _do(server, "finish", number * 4 // 5)
    most = await _start(directory, "many")
    async with _server("group", directory, "many") as server:
        alone = await _polls(server, asyncio.ensure_future(asyncio.sleep(20)))
        expiring = asyncio.ensure_future(_forget(server))
        beside = await _polls(server, expiring)
    after = sum(part.stat().st_size for part in directory.glob("many.db*"))
    rows = [
        ("figure", "seen", "goal"),
        ("jobs in the file", f"{number:,}", ""),
        (
            "submitted / finished, 2,000 at once",
            f"{number / filled:,.0f} / {number * 0.8 / finished:,.0f} a second",
            "",
        ),
        ("the file", f"{size / 1e6:,.0f} MB, {size / number:.0f} B a job", ""),
        ("start-up with an empty file", f"{empty:.2f} s", ""),
        ("start-up with all of them waiting", f"{full:.2f} s", _goal(full, START_WITHIN, "s")),
        ("start-up when four in five have ended", f"{most:.2f} s", ""),
        ("polls with nothing else going on: p99.9 / longest", _told(alone), ""),
        ("polls while those that ended are forgotten, and ten seconds more", _told(beside), _stalls(beside, alone)),
        ("that takes", f"{await expiring:.1f} s", ""),
        ("the file after it", f"{after / 1e6:,.0f} MB", ""),
    ]
    print_rows(rows)
    return sum("MISSED" in row[2] for row in rows)


async def _forget(server: Program) -> float:
    """Seconds it took; the file is made shorter after that."""
    took = await _do(server, "expire", 0)
    await asyncio.sleep(10)
    return took


def _told(polls: list[float]) -> str:
    return f"{statistics.quantiles(polls, n=1_000)[998]:.1f} / {max(polls):.1f} ms of {len(polls):,}"


def _stalls(beside: list[float], alone: list[float]) -> str:
    """A machine on which polls stall by themselves cannot say."""
    if max(beside) < STALL:
        return f"< {STALL:g} ms: met"
    return f"< {STALL:g} ms: {'MISSED' if max(alone) < STALL else 'not on this machine, even alone'}"


def _goal(seen: float, most: float, unit: str) -> str:
    return f"< {most:g} {unit}: {'met' if seen < most else 'MISSED'}"


async def _do(server: Program, step: str, number: int) -> float:
    """Seconds it took."""
    async with asyncio.timeout(PATIENCE), server.session.post(f"/bench/{step}/{number}", timeout=None) as response:
        return float((await response.json())["seconds"])


async def _start(directory: Path, name: str) -> float:
    """Seconds from the start of the process until it listens."""
    began = time.perf_counter()
    async with _server("group", directory, name) as server:
        took = time.perf_counter() - began
        server.process.terminate()
        await server.stopped()
    return took


async def _polls(server: Program, meanwhile: asyncio.Future[float] | asyncio.Future[None]) -> list[float]:
    """Milliseconds that each of many polls took."""
    async with server.session.post("/v1/jobs", json=JOB) as response:
        job_id = (await response.json())["jobId"]
    poll = a_request("GET", f"/v1/jobs/{job_id}", headers=SECRET)
    seen: list[float] = []
    while not meanwhile.done():
        seen += await load(server.address, poll, b"HTTP/1.1 200", clients=1, seconds=0.5)
    return [each * 1e3 for each in seen]


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        sys.exit(runner.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)))
