"""Two hundred visits to pages that crash, hang, hog, flood and do not want to end, and what is left of them."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.attacks.guests.pages import CRASHING, HOLDING_UP, KIND, TOO_LARGE
from tests.attacks.guests.site import Site
from tests.attacks.outcome import Outcome
from tests.attacks.processes import command, descendants, files, ticks
from tests.make import until
from tests.process import Process

_MEMORY = 700_000_000
_AT_ONCE = 3
_OF_A_CRASH = ("crashed", "closed", "did not start", "died", "was killed")


async def attack(where: Path, jobs: int = 200, seed: int = 5, time_limit: int = 20) -> Outcome:
    """``jobs``: visits, of every kind in turn, in an order that ``seed`` makes. ``time_limit``: seconds for each."""
    outcome = Outcome("guests")
    with tempfile.TemporaryDirectory(prefix="guests-", dir="/tmp") as folder:  # its own user enters it
        Path(folder).chmod(0o755)
        settings = {
            "ANALYZE_ENGINE": "browser",
            "ANALYZE_TIMEOUT": str(time_limit),
            "ANALYZE_ATTEMPTS": "2",
            "CONCURRENCY": str(_AT_ONCE),
            "HOST_CONCURRENCY": "0",
            "BROWSER_MEMORY": str(_MEMORY),
            "BROWSER_IDLE": "2",
            "MAX_PAGE_BYTES": "8000000",
            "TMPDIR": folder,
        }
        async with Site().open() as site, Process(site.address, where, **settings) as server:
            site.server = server.process.pid
            await _try(server, jobs, random.Random(seed), outcome, Path(folder))
    return outcome


async def _try(server: Process, jobs: int, chance: random.Random, outcome: Outcome, folder: Path) -> None:
    pid = server.process.pid
    # All at once: from here on there are as many connections to the server as in the end.
    warming = [await server.submit("/good") for _ in range(_AT_ONCE)]
    await asyncio.gather(*map(server.ended, warming))
    before = await _at_rest(pid, folder)
    kinds = [list(KIND)[number % len(KIND)] for number in range(jobs)]
    chance.shuffle(kinds)
    began = time.monotonic()
    ends = await _all_visits(server, kinds)
    took = time.monotonic() - began
    busy = await _calm(pid)
    after = await _at_rest(pid, folder)
    wrong = [f"{kind}: {body.get('status')}, {body.get('error')}" for kind, body in ends if not _expected(kind, body)]
    victims = sum(_is_victim(kind, body) for kind, body in ends)
    again = await server.ended(await server.submit("/good"))
    await _at_rest(pid, folder)
    outcome.figures = {
        "jobs": len(ends),
        "ended as expected": len(ends) - len(wrong),
        "ends": dict(Counter(body["status"] for _, body in ends)),
        "others they cost a job": victims,
        "seconds": round(took),
        "processes left": after["processes"],
        "files left": len(list(folder.iterdir())),
        "descriptors more": after["descriptors"] - before["descriptors"],
        "MB more": round((after["memory"] - before["memory"]) / 1e6),
    }
    outcome.wrong += wrong
    outcome.expect(victims <= jobs // 4, f"{victims} visits failed because of others")
    outcome.expect(not busy, f"processes that nobody needs used {busy:.0%} of a processor")
    outcome.expect(not after["processes"], f"{after['processes']} processes are left")
    outcome.expect(not list(folder.iterdir()), f"left in the temporary folder: {list(folder.iterdir())}")
    outcome.expect(after["descriptors"] <= before["descriptors"] + 2, "descriptors are left")
    outcome.expect(after["memory"] - before["memory"] < 64e6, "the server grew")
    outcome.expect(again["status"] == "done", f"a good page afterwards: {again}")


async def _all_visits(server: Process, kinds: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    """What came of a visit to each."""
    ends: list[tuple[str, dict[str, Any]]] = []
    line = iter(kinds)

    async def visitor() -> None:
        ends.extend([(kind, await _visit(server, kind)) for kind in line])

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(visitor())
    return ends


async def _visit(server: Process, kind: str) -> dict[str, Any]:
    job = await server.submit(f"/{kind}")
    if kind == "cancelled":
        await until(lambda: _is(server, job, "processing"), within=60)
        async with server.session.post(f"/v1/jobs/{job}/cancel") as answer:
            assert answer.status < 400, await answer.text()
    return await server.ended(job, within=100)


async def _is(server: Process, job: str, status: str) -> bool:
    return bool((await server.poll(job))["status"] == status)


def _expected(kind: str, body: dict[str, Any]) -> bool:
    if kind == "cancelled":
        return bool(body["status"] == "cancelled")
    if kind in TOO_LARGE and not _is_crash(body):
        return bool(body["status"] == "failed")
    if kind in HOLDING_UP or kind.startswith(("hangs", "hogs", "worker-bomb")):
        return body["status"] in {"done", "failed"}
    return bool(body["status"] == "done" or _is_crash(body) or _is_victim(kind, body))


def _is_victim(kind: str, body: dict[str, Any]) -> bool:
    """Whether who was visited meanwhile has done it: the browser is one for all, and so is the processor."""
    slow = kind in HOLDING_UP or kind.startswith("hangs")
    return kind not in CRASHING and (_is_crash(body) or (not slow and "took longer" in str(body.get("error"))))


def _is_crash(body: dict[str, Any]) -> bool:
    told = str(body.get("error", ""))
    return body["status"] == "failed" and any(word in told for word in _OF_A_CRASH)


async def _calm(pid: int) -> float:
    """What the browser uses of a processor once nobody is visited: 0, or what it still does after ten seconds."""
    with suppress(TimeoutError):
        await until(lambda: _idle(pid), within=10)
        return 0.0
    return sum(ticks(each) for each in descendants(pid)) / os.sysconf("SC_CLK_TCK")


async def _idle(pid: int) -> bool:
    first = {each: ticks(each) for each in descendants(pid)}
    await asyncio.sleep(0.5)  # what is measured is what happens in this time
    return sum(ticks(each) - before for each, before in first.items()) < 10


async def _at_rest(pid: int, folder: Path) -> dict[str, int]:
    """The server once its browser is closed. ``processes``: those that are neither its own nor warm children."""
    others: list[int] = []

    def alone() -> bool:
        others[:] = [each for each in descendants(pid) if b"workers.child" not in command(each)]
        return not others and not list(folder.iterdir())

    with suppress(TimeoutError):
        await until(alone, within=20)
    children = sum(b"workers.child" in command(each) for each in descendants(pid))
    statm = Path(f"/proc/{pid}/statm").read_text().split()
    return {
        "processes": len(others),
        # Each warm child has three sockets.
        "descriptors": files(pid) - 3 * children,
        "memory": (int(statm[1]) - int(statm[2])) * os.sysconf("SC_PAGE_SIZE"),
    }
