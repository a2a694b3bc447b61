"""Peers that drip, stall and vanish, from other addresses: how long the server keeps them, and what others notice.

The server is busy meanwhile: jobs talk, and every stream is told.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.attacks.outcome import Outcome
from tests.attacks.processes import files
from tests.make import until
from tests.process import SECRET, Process, Program

WITHIN = 45.0
MOST_MS = 100.0
MOST_MB = 64.0
SPARE = 4
"""Connections and files the server may have more or less than before for reasons of its own."""

_POLLERS = 4
_POLL_EVERY = 0.02
_LOOK_EVERY = 0.5


async def attack(where: Path, dripping: int = 1_000, stalled: int = 500) -> Outcome:
    """``dripping``: connections that owe the rest of a request. ``stalled``: those that do not read the answer."""
    outcome = Outcome("slow_peers")
    modules = "tests.attacks.slow_peers.jobs:large, tests.attacks.slow_peers.jobs:talk"
    server = Process("http://127.0.0.1:9", where, HANDLERS=modules)
    async with server, Program("-m", "tests.bench.bare", directory=where) as other:
        large = await _submit(server, "large", 1)
        await until(lambda: _is_done(server, large))
        quiet = await _submit(server, "talk", 300)
        async with _healthy(server.address, quiet) as healthy, _healthy(other.address, quiet) as elsewhere:
            siege = await _besieged(server, (dripping, stalled, large, quiet))
    p50, p99 = _quantiles(healthy.times)
    beside = _quantiles(elsewhere.times)
    outcome.figures |= {
        "dripping": dripping,
        "stalled": stalled,
        "held at once": siege.held,
        "gone after": "never" if siege.gone is None else f"{siege.gone:.0f} s",
        "healthy polls meanwhile": len(healthy.times),
        "p50 / p99": f"{p50:.1f} / {p99:.1f} ms",
        "of a server beside it that is left alone": f"{beside[0]:.1f} / {beside[1]:.1f} ms",
        "memory grown by": f"{siege.grown:.0f} MB",
        "files more than before": siege.left,
    }
    outcome.expect(siege.held >= (dripping + stalled) * 0.6, f"no more than {siege.held} were held: nothing was tried")
    outcome.expect(siege.gone is not None and siege.gone <= WITHIN, f"some are there after {WITHIN:g} s")
    # On a machine that is busy with other things both are slow.
    outcome.expect(p99 < max(MOST_MS, 3 * beside[1]), f"healthy polls: p99 is {p99:.0f} ms, elsewhere {beside[1]:.0f}")
    outcome.expect(siege.grown < MOST_MB, f"memory has grown by {siege.grown:.0f} MB")
    outcome.expect(siege.left <= SPARE, f"{siege.left} files more are open than before")
    outcome.expect(not healthy.failed, f"healthy requests failed: {healthy.failed[:3]}")
    return outcome


@dataclass
class _Healthy:
    """What clients with good manners notice: milliseconds of each poll."""

    times: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@asynccontextmanager
async def _healthy(url: str, job_id: str) -> AsyncIterator[_Healthy]:
    """Some that keep their connections, and one that opens a new one for every poll."""
    found = _Healthy()

    async def poll(*, keep: bool) -> None:
        connector = aiohttp.TCPConnector(force_close=not keep)
        async with aiohttp.ClientSession(url, headers=SECRET, connector=connector) as session:
            while True:
                began = time.perf_counter()
                try:
                    async with session.get(f"/result/{job_id}") as response:
                        await response.read()
                        if response.status != 200:
                            found.failed.append(f"status {response.status}")
                except aiohttp.ClientError as error:
                    found.failed.append(repr(error))
                found.times.append((time.perf_counter() - began) * 1_000)
                await asyncio.sleep(_POLL_EVERY)  # as clients with good manners do

    tasks = [asyncio.ensure_future(poll(keep=bool(number))) for number in range(_POLLERS)]
    try:
        yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@dataclass
class _Siege:
    """``held``: connections of the crowd, at the most. ``gone``: seconds until all were; None is never.

    ``grown``: MB of private memory, at the most. ``left``: files more than before.
    """

    held: int = 0
    gone: float | None = None
    grown: float = 0.0
    left: int = 0


async def _besieged(server: Process, crowd: tuple[int, int, str, str]) -> _Siege:
    pid, siege = server.process.pid, _Siege()
    open_before, files_before, memory_before = await _open(server), files(pid), _private(pid)
    async with _crowd(server.address, crowd) as ready:
        began: float | None = None
        while siege.gone is None and (began is None or time.monotonic() - began < WITHIN + 15):
            await asyncio.sleep(_LOOK_EVERY)  # how long it takes is the subject
            if began is None and ready.done():
                assert ready.result() == b"ready\n"
                began = time.monotonic()
            now = await _open(server) - open_before
            siege.held, siege.grown = max(siege.held, now), max(siege.grown, _private(pid) - memory_before)
            if began is not None and now <= SPARE:
                siege.gone = time.monotonic() - began
    with suppress(TimeoutError):
        await until(lambda: files(pid) <= files_before + SPARE, within=5)
    siege.left = files(pid) - files_before
    return siege


@asynccontextmanager
async def _crowd(address: str, crowd: tuple[int, int, str, str]) -> AsyncIterator[asyncio.Future[bytes]]:
    """The crowd at work; its first line says that all of it is there."""
    peers = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.attacks.slow_peers.crowd", address, *map(str, crowd)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert peers.stdin is not None
    assert peers.stdout is not None
    ready = asyncio.ensure_future(peers.stdout.readline())
    try:
        yield ready
    finally:
        ready.cancel()
        peers.stdin.close()
        await peers.wait()


async def _open(server: Process) -> int:
    async with server.session.get("/metrics") as response:
        found = re.search(r"^jobserver_connections (\S+)", await response.text(), re.MULTILINE)
    assert found
    return round(float(found[1]))


def _private(pid: int) -> float:
    """MB of memory that is this process's alone."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_\w+: +(\d+) kB", text, re.MULTILINE))) / 1_000


def _quantiles(times: list[float]) -> tuple[float, float]:
    found = statistics.quantiles(times, n=100)
    return found[49], found[98]


async def _submit(server: Process, kind: str, number: int) -> str:
    """The last of so many jobs."""
    for at in range(number):
        args = {"number": at} if number > 1 else {}
        async with server.session.post("/v1/jobs", json={"kind": kind, "args": args}) as response:
            assert response.status == 202, await response.text()
            job_id = str((await response.json())["jobId"])
    return job_id


async def _is_done(server: Process, job_id: str) -> bool:
    async with server.session.get(f"/v1/jobs/{job_id}?fields=status") as response:
        return bool((await response.json())["status"] == "done")
