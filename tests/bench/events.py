"""Events a second to 1,000 listeners, how late they come, and what an idle listener takes; beside the naive way.

Run it with ``python -m tests.bench.events``. The naive way, on the same server in the same run, is one encoding, one
write and one wait for each event and listener. The listeners are a process of their own on the other core.
"""

from __future__ import annotations

import asyncio
import re
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.bench.report import machine, print_rows
from tests.make import until
from tests.process import Program

LISTENERS = 1_000
TIMED = 20
"""Listeners whose events are looked at one by one: more would measure this process."""
WAYS = {"jobserver": ("/v1/events?after=0", 20_000), "naive": ("/naive", 500)}
"""Way → address, events to send."""
RATE, SECONDS = 20, 10
HEADING = ("way", "listeners", "deliveries/s", "events/s", "server µs each", "p50 ms", "p99 ms", "kB per idle listener")


class Ear(asyncio.Protocol):
    """Counts events as they come; ``late`` are their delays in ms, where they are looked at."""

    def __init__(self, path: str, *, timed: bool) -> None:
        self.path = path
        self.timed = timed
        self.heard = 0
        self.late: list[float] = []
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(f"GET {self.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self.open = True
        self.heard += data.count(b"event: job.progress")
        if self.timed:
            now = time.monotonic()
            self.late += [(now - float(made)) * 1_000 for made in re.findall(rb'"step":"([\d.]+)"', data)]


async def main() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2 * LISTENERS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * LISTENERS), hard))
    print(machine())
    rows: list[tuple[str, ...]] = [HEADING]
    for way, (path, events) in WAYS.items():
        with tempfile.TemporaryDirectory() as directory:
            async with Program("-m", "tests.bench.events_server", directory=Path(directory)) as server:
                rows.append((way, *await _measure(server, path, events)))
    print_rows(rows)
    print(f"Delays at {RATE} events/s, so {RATE * LISTENERS:,} deliveries/s.")
    return 0


async def _measure(server: Program, path: str, events: int) -> tuple[str, ...]:
    before = _resident(server)
    ears = await _listen(server, path)
    idle = (_resident(server) - before) / LISTENERS
    await _make(server, ears, bursts=1, size=20)
    made = await _make(server, ears, bursts=events // 100, size=100)
    for ear in ears:
        ear.late.clear()
    await _make(server, ears, bursts=RATE * SECONDS, size=1, pause=1 / RATE)
    late = statistics.quantiles((delay for ear in ears for delay in ear.late), n=100)
    for ear in ears:
        ear.transport.abort()
    each = made["cpu"] / (events * LISTENERS) * 1e6
    figures = (events * LISTENERS / made["seconds"], events / made["seconds"])
    return (
        f"{LISTENERS:,}",
        *(f"{each:,.0f}" for each in figures),
        f"{each:.2f}",
        *(f"{late[percent - 1]:.1f}" for percent in (50, 99)),
        f"{idle:.1f}",
    )


async def _listen(server: Program, path: str) -> list[Ear]:
    address = urlsplit(server.address)
    loop = asyncio.get_running_loop()
    ears: list[Ear] = []
    for number in range(LISTENERS):
        _, ear = await loop.create_connection(
            lambda number=number: Ear(path, timed=number % (LISTENERS // TIMED) == 0),  # type: ignore[misc]  # a default argument binds it
            address.hostname or "",
            address.port or 0,
        )
        ears.append(ear)
    await until(lambda: all(ear.open for ear in ears), within=60)
    return ears


async def _make(server: Program, ears: list[Ear], *, bursts: int, size: int, pause: float = 0) -> dict[str, Any]:
    """Let the server make events, until every listener has heard all of them."""
    goal = ears[0].heard + bursts * size
    query = f"/make?bursts={bursts}&size={size}&pause={pause}"
    async with server.session.get(query) as response:
        assert response.status == 200, await response.text()
        made: dict[str, Any] = await response.json()
    await until(lambda: all(ear.heard == goal for ear in ears), within=120)
    return made


def _resident(server: Program) -> float:
    """Memory of the server in kB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return float(status.split("VmRSS:")[1].split()[0])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
