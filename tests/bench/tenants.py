"""How soon one tenant's polls are answered while another floods, sends huge and endless bodies and opens streams.

Run it with ``python -m tests.bench.tenants``. Quiet and attacked windows take turns, so that a noisy machine is noisy
for both; of each window the p99 is taken, and the medians are compared. The first attack is shown apart: the hostile
tenant opens its connections then, and has a whole minute's requests to spend.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.report import machine, print_rows
from tests.process import Process

GOAL = 2.0
LIMITS = {"RATE_LIMIT": "3000", "KEY_RATE_LIMIT": "3000", "MAX_QUEUE": "1000000"}
EVERY = 0.03
"""Seconds between two polls: 2,000 a minute, within the rate."""


SETTLES = 1.0
"""Seconds in which hundreds of connections come or go: the first attack shows what that is like."""


@dataclass
class Windows:
    """Milliseconds of each poll, window by window."""

    quiet: list[list[float]] = field(default_factory=list)
    attacked: list[list[float]] = field(default_factory=list)
    first: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How much longer the slowest polls take under attack."""
        return middle(self.attacked, 99) / middle(self.quiet, 99)


class Tenants:
    """A polite tenant and a hostile one, on one server."""

    def __init__(self, server: Process, hostile: asyncio.subprocess.Process, key: dict[str, str], job_id: str) -> None:
        self._server = server
        self._hostile = hostile
        self._key = key
        self._path = f"/v1/jobs/{job_id}"

    async def measure(self, windows: int, seconds: float) -> Windows:
        """Poll through ``windows`` quiet and as many attacked windows, after a first attack."""
        found = Windows()
        await self.polls(1)  # connections are made, code is warm
        await self._tell("on")
        found.first = await self.polls(seconds)
        await self._tell("off")
        for _ in range(windows):
            await asyncio.sleep(SETTLES)
            found.quiet.append(await self.polls(seconds))
            await self._tell("on")
            await asyncio.sleep(SETTLES)
            found.attacked.append(await self.polls(seconds))
            await self._tell("off")
        return found

    async def polls(self, seconds: float) -> list[float]:
        """Poll at a steady pace; a poll that is late does not put off the next one."""
        loop = asyncio.get_running_loop()
        times: list[float] = []
        async with asyncio.TaskGroup() as group:
            until = loop.time() + seconds
            while loop.time() < until:
                group.create_task(self._poll(times))
                await asyncio.sleep(EVERY)
        return times

    async def _poll(self, times: list[float]) -> None:
        began = time.perf_counter()
        async with self._server.session.get(self._path, headers=self._key) as response:
            await response.read()
            assert response.status == 200, response.status
        times.append((time.perf_counter() - began) * 1_000)

    async def _tell(self, word: str) -> None:
        assert self._hostile.stdin is not None
        self._hostile.stdin.write(f"{word}\n".encode())
        await self._hear(word)

    async def _hear(self, word: str) -> None:
        assert self._hostile.stdout is not None
        async with asyncio.timeout(30):
            while (line := (await self._hostile.stdout.readline()).decode().strip()) != word:
                assert line, "the hostile tenant has died"


@asynccontextmanager
async def tenants(directory: Path, **settings: str) -> AsyncIterator[Tenants]:
    """A server of its own with two tenants, each with a key and a job that waits."""
    async with Process("http://127.0.0.1:9", directory, **settings) as server:
        polite, job_id = await _tenant(server, "polite")
        token, other = await _tenant(server, "hostile")
        hostile = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.bench.hostile", server.address, token, other),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            server.session.headers.pop("x-cliq-signature")
            yield Tenants(server, hostile, {"Authorization": f"Bearer {polite}"}, job_id)
        finally:
            hostile.kill()
            await hostile.wait()


async def _tenant(server: Process, owner: str) -> tuple[str, str]:
    asked = {"owner": owner, "scopes": ["submit", "read", "cancel"]}
    async with server.session.post("/v1/keys", json=asked) as response:
        token = str((await response.json())["token"])
    job = {"kind": "analyze", "args": {"url": "http://127.0.0.1:9/"}, "delay": 3600}
    # A signature would count before the key.
    headers = {"Authorization": f"Bearer {token}"}
    signature = server.session.headers.pop("x-cliq-signature")
    async with server.session.post("/v1/jobs", json=job, headers=headers) as response:
        assert response.status == 202, await response.text()
        made = await response.json()
    server.session.headers["x-cliq-signature"] = signature
    return token, str(made["jobId"])


def middle(windows: list[list[float]], percent: int) -> float:
    """The median of the windows' percentiles."""
    return statistics.median(statistics.quantiles(each, n=100)[percent - 1] for each in windows)


def rows(found: Windows, name: str) -> list[tuple[str, ...]]:
    """The figures, a row for each kind of window."""
    kinds = {"quiet": found.quiet, "attacked": found.attacked, "first attack": [found.first]}
    return [
        (f"{name}: {kind}", f"{middle(each, 50):.2f}", f"{middle(each, 99):.2f}", f"{sum(map(len, each))}")
        for kind, each in kinds.items()
    ]


async def main() -> int:
    print(machine())
    table: list[tuple[str, ...]] = [("polls of the polite tenant", "p50 ms", "p99 ms", "polls")]
    with tempfile.TemporaryDirectory() as directory:
        async with tenants(Path(directory), **LIMITS) as both:
            limited = await both.measure(8, 3)
            table += rows(limited, "limits on")
        async with tenants(Path(directory)) as both:
            table += rows(await both.measure(2, 3), "limits off")
    print_rows(table)
    verdict = "met" if limited.ratio <= GOAL else "MISSED"
    print(f"p99 under attack / quiet: {limited.ratio:.2f}; goal <= {GOAL:g}: {verdict}")
    return int(limited.ratio > GOAL)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
