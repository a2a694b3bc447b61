"""The longest time the server's event loop stands still while a 20 MB page is extracted.

Run it with ``make bench`` or ``python -m tests.bench.loop``. A ticker in the server's own process asks for a turn every
millisecond and notes how late it gets one; the same ticker alone gives the machine's own noise.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from jobserver.config import Config
from jobserver.extract.browser.chromium import find_chromium
from jobserver.server import Server
from tests.bench.report import machine, print_rows
from tests.process import SECRET, Program

GOAL = 50.0
EVERY = 0.001


class Ticker:
    """Notes the longest delay of a turn, in milliseconds."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(EVERY)
            self.worst = max(self.worst, (time.perf_counter() - began - EVERY) * 1_000)


async def longest_stall(engine: str, pages: str) -> tuple[float, str]:
    """(milliseconds, how the job ended) for one extraction of the large page at ``pages``."""
    server = Server(Config(analyze_engine=engine, allow_private_targets=pages.removeprefix("http://")))
    async with TestClient(TestServer(server.app), headers=SECRET) as client:
        ticker = Ticker()
        ticking = asyncio.ensure_future(ticker.run())
        response = await client.post("/analyze", json={"url": f"{pages}/large"})
        job_id = (await response.json())["jobId"]
        poll = await (await client.get(f"/result/{job_id}?wait=60&view=summary")).json()
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
    return ticker.worst, f"{poll['status']}: {poll.get('error') or poll['summary']['componentCount']}"


async def _noise(seconds: float) -> float:
    ticker = Ticker()
    with suppress(TimeoutError):
        await asyncio.wait_for(ticker.run(), seconds)
    return ticker.worst


async def main() -> int:
    print(machine())
    rows: list[tuple[str, ...]] = [("20 MB page", "longest stall ms", "job", "goal")]
    rows.append(("nothing (noise)", f"{await _noise(5):.1f}", "", ""))
    with tempfile.TemporaryDirectory() as directory:
        await _measure(rows, Path(directory))
    print_rows(rows)
    return sum("MISSED" in row[-1] for row in rows)


async def _measure(rows: list[tuple[str, ...]], directory: Path) -> None:
    async with Program("-m", "tests.bench.large_page", directory=directory) as pages:
        for engine in ("static", "browser") if find_chromium() else ("static",):
            worst, ended = await longest_stall(engine, pages.address)
            rows.append((engine, f"{worst:.1f}", ended, f"< {GOAL:g}: {'met' if worst < GOAL else 'MISSED'}"))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
