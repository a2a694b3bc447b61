"""Power cuts: what was written and not synced is there in part, or not at all.

A server lives under strace, which notes every write and every sync. Then its disk is made again as it could have been
at any moment of that life, and a server is started on it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.customer import Customer
from tests.faults.durable import Durable
from tests.faults.report import Row
from tests.faults.syscalls import CALLS, TRACED, Step, read_steps
from tests.faults.tools import strace
from tests.faults.verdict import Verdict, judge

_SECTOR = 512
_SUBMITS = 40
_AT_ONCE = 4


@dataclass
class File:
    """``synced``: what is on the disk for certain. ``later``: what was done to it since."""

    synced: bytearray = field(default_factory=bytearray)
    later: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        """All of it is on the disk now."""
        for step in self.later:
            _apply(self.synced, step, len(step.body))
        self.later.clear()

    def after_a_cut(self, random: Random) -> bytes:
        """What could be there: of each later write all, its first sectors, or nothing."""
        found = bytearray(self.synced)
        for step in self.later:
            some = random.randint(0, len(step.body) // _SECTOR) * _SECTOR
            length = random.choice((0, some, len(step.body)))
            if length or (step.what == "truncate" and random.random() < 0.5):
                _apply(found, step, length)
        return bytes(found)


class Disk:
    """The files of a store. Names are as safe as in a file system with a journal: in order, up to the last sync."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}
        self._safe: dict[str, File] = {}
        self._unsafe: list[dict[str, File]] = []

    def take(self, step: Step) -> None:
        """It happens."""
        if step.what in {"write", "truncate"}:
            self._files[step.name].later.append(step)
        elif step.what == "sync":
            if step.name in self._files:
                self._files[step.name].sync()
            self._safe, self._unsafe = dict(self._files), []
        else:
            self._rename(step)
            self._unsafe.append(dict(self._files))

    def after_a_cut(self, random: Random) -> dict[str, bytes]:
        """What could be found when the power is back."""
        names = random.choice([self._safe, *self._unsafe])
        return {name: file.after_a_cut(random) for name, file in names.items() if not name.endswith("-shm")}

    def _rename(self, step: Step) -> None:
        if step.what == "create":
            self._files.setdefault(step.name, File())
        elif (file := self._files.pop(step.name, None)) is not None and step.what == "rename":
            self._files[step.body.decode()] = file


class Life:
    """One life of a server under clients, as the disk saw it."""

    def __init__(self, directory: Path) -> None:
        self.customer = Customer()
        self.steps: list[Step] = []
        self._directory = directory

    async def live(self) -> None:
        """From an empty directory to a stop in good order."""
        self._directory.mkdir()
        log = self._directory / "calls"
        async with Durable(self._directory, under=strace(log, *TRACED, CALLS)) as server:
            clients = (self.customer.orders(server, _SUBMITS // _AT_ONCE, "short") for _ in range(_AT_ONCE))
            await asyncio.gather(*clients)
            await server.ended_jobs()
            assert await server.stop() == 0
            self.steps = list(read_steps(log, server.file))

    async def cut(self, at: int, random: Random) -> tuple[int, Verdict]:
        """How many jobs were acknowledged before that step, and what is wrong after a cut behind it."""
        disk = Disk()
        told = {step.name for step in self.steps[:at] if step.what == "told"}
        for step in self.steps[:at]:
            if step.what != "told":
                disk.take(step)
        where = self._directory.with_name(f"{self._directory.name}-{at}")
        where.mkdir()
        for name, body in disk.after_a_cut(random).items():
            (where / name).write_bytes(body)
        try:
            async with Durable(where) as server:
                found = judge(self.customer.ledger, await server.ended_jobs(), None)
        except AssertionError as error:
            return len(told), Verdict(wrong=[f"it does not start: {error}"[-600:]])
        found.lost = [job_id for job_id in found.lost if job_id in told]
        return len(told), found


async def power_cuts(directory: Path, rounds: int, *, seed: int = 1) -> Row:
    """So many cuts, spread over a whole life."""
    row, life, random = Row("power cut"), Life(directory / "life"), Random(seed)
    await life.live()
    for count in range(rounds):
        at = round((count + 1) * len(life.steps) / rounds)
        acknowledged, verdict = await life.cut(at, random)
        row.rounds += 1
        row.add(acknowledged, verdict.named(f"step {at} of {len(life.steps)}"))
    return row


def _apply(body: bytearray, step: Step, length: int) -> None:
    if step.what == "truncate":
        del body[step.place :]
    body.extend(bytes(max(step.place - len(body), 0)))
    body[step.place : step.place + length] = step.body[:length]
