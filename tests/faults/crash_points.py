"""One job's whole life, with each of its writes, syncs and sends killed, or failed, in turn."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

from tests.faults.clients import GONE
from tests.faults.customer import Customer
from tests.faults.durable import ENDED, Durable
from tests.faults.ledger import Ledger
from tests.faults.report import Row
from tests.faults.tools import spoil, strace
from tests.faults.verdict import Verdict

CALLS = ("pwrite64", "write", "writev", "sendto", "sendmsg", "fdatasync", "fsync", "ftruncate", "rename", "unlink")
"""System calls that change what is on a disk or what somebody is told."""

KILLED = "signal=SIGKILL"
_CALL = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)
_AT_ONCE = 2
_LOOKS = 20

Begin = Callable[[Path], Customer]
"""Makes the directory that a life begins with, and says who waits for jobs in it."""


class Point(NamedTuple):
    """The ``number``-th such call of whichever thread comes to it first, and what happens to it."""

    call: str
    number: int
    what: str = KILLED


async def recorded(directory: Path, begin: Begin | None = None) -> list[Point]:
    """Every point that a life passes, found by letting one pass."""
    customer, log = (begin or empty)(directory), directory / "calls"
    status = await live(directory, customer, under=strace(log, f"--trace={','.join(CALLS)}"))
    assert status == 0
    counts: Counter[str] = Counter()
    for (_, call), times in Counter(_CALL.findall(log.read_text())).items():
        counts[call] = max(counts[call], times)
    return [Point(call, number) for call in CALLS for number in range(1, counts[call] + 1)]


class Leftover:
    """The store of a server that was killed while it worked, for the lives that begin with it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._customer = Customer()

    async def make(self) -> None:
        """Some jobs have ended, some run and some wait."""
        self._directory.mkdir()
        async with Durable(self._directory) as server:
            ended = await self._customer.orders(server, 3)
            for job_id in ended:
                await server.job(job_id, wait=5)
            await self._customer.orders(server, 20, "short")
            await server.kill()

    def begin(self, directory: Path) -> Customer:
        """A copy in that directory, and those who wait for its jobs."""
        shutil.copytree(self._directory, directory)
        return deepcopy(self._customer)


def empty(directory: Path) -> Customer:
    """Where a life begins that has none before it."""
    directory.mkdir()
    return Customer()


async def live(directory: Path, customer: Customer, *, under: tuple[str, ...] = ()) -> int:
    """Start, submit, run, be asked until all is done, stop: the exit status."""
    server = Durable(directory, under=under)
    async with AsyncExitStack() as life:
        try:
            await life.enter_async_context(server)
        except AssertionError:  # it never listened
            return await server.stopped()
        with suppress(*GONE):
            await customer.order(server, "quick", keyed=True)
            await customer.order(server, "flaky", fails=1)
            for job_id in customer.ledger.accepted:
                await _see_the_end(server, customer.ledger, job_id)
            return await server.stop()
        return await server.stopped()


async def _see_the_end(server: Durable, ledger: Ledger, job_id: str) -> None:
    for _ in range(_LOOKS):
        status, job = await server.answer("GET", f"/v1/jobs/{job_id}?wait=0.5")
        assert status == 200, job
        ledger.see(job)
        if job["status"] in ENDED:
            return


async def spoiled(directory: Path, point: Point, begin: Begin | None = None) -> tuple[bool, int, Verdict]:
    """A life with that point spoiled, and one after it: whether it was reached, jobs acknowledged, what is wrong."""
    customer, log = (begin or empty)(directory), directory / "calls"
    under = spoil(log, point.call, point.what, str(point.number))
    status = await live(directory, customer, under=under)
    reached = status != 0 or "INJECTED" in log.read_text()
    async with Durable(directory) as server:
        verdict = await customer.verdict(server)
    return reached, len(customer.ledger.accepted), verdict.named(" ".join(map(str, point)))


async def at_points(directory: Path, points: Iterable[Point], fault: str, begin: Begin | None = None) -> Row:
    """Each of these points."""
    row = Row(fault)
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(point: Point) -> None:
        async with places:
            where = directory / f"{point.call}-{point.number}-{point.what}"
            reached, accepted, verdict = await spoiled(where, point, begin)
        row.rounds += reached
        row.add(accepted, verdict)

    await asyncio.gather(*(one(point) for point in points))
    return row


async def at_every_point(
    directory: Path, fault: str, *, what: str = KILLED, calls: Iterable[str] = CALLS, begin: Begin | None = None
) -> Row:
    """From the first such call on, until a whole life passes without reaching the next."""
    row = Row(fault)
    for call in calls:
        number, passed = 1, False
        while not passed:
            points = [Point(call, number + place, what) for place in range(_AT_ONCE)]
            reached = row.rounds + len(points)
            row += await at_points(directory, points, fault, begin)
            passed, number = row.rounds < reached, number + len(points)
    return row


def spread(points: list[Point], number: int) -> list[Point]:
    """So many of them, evenly from the first to the last."""
    if number >= len(points):
        return points
    return [points[round(place * (len(points) - 1) / (number - 1))] for place in range(number)]
