"""Files that came back from a disaster other than they were: cut short, garbled, with bits that flipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.faults.customer import Customer
from tests.faults.durable import Durable
from tests.faults.report import Row
from tests.faults.verdict import Verdict, judge

Damage = Callable[[Path], None]
_JOBS = 60


class Victim:
    """A store as a killed server left it, to be damaged again and again."""

    def __init__(self, directory: Path) -> None:
        self.customer = Customer()
        self.order: list[str] = []
        self._directory = directory
        self._copies = 0

    async def make(self, *, politely: bool = False) -> None:
        """Some that have ended, some that run and some that wait; ``politely``: all of it in the file itself."""
        self._directory.mkdir()
        async with Durable(self._directory, SHUTDOWN_GRACE="0") as server:
            await self.customer.orders(server, 3, "endless")
            await self.customer.orders(server, _JOBS)
            await self.customer.orders(server, _JOBS, "endless", filling="x" * 200)
            await server.job(list(self.customer.ledger.accepted)[_JOBS], wait=5)
            self.order = list(self.customer.ledger.accepted)
            if politely:
                await server.stop()
            else:
                await server.kill()

    def size(self, ending: str) -> int:
        """Of the file whose name ends like that."""
        return (self._directory / f"jobs.db{ending}").stat().st_size

    async def after(self, damage: Damage) -> tuple[int | None, Verdict]:
        """How many jobs a server shows of a damaged copy, None when it refuses it; and what is wrong with either."""
        self._copies += 1
        copy = self._directory.with_name(f"{self._directory.name}-{self._copies}")
        shutil.copytree(self._directory, copy)
        damage(copy)
        server = Durable(copy)
        try:
            async with server:
                jobs = await server.jobs()
                await server.kill()
        except AssertionError:
            return None, _judged_refusal(server, await server.stopped())
        finally:
            shutil.rmtree(copy)
        found = judge(self.customer.ledger, jobs, None)
        verdict = Verdict(doubled=found.doubled, invented=found.invented, wrong=found.wrong)
        shown = {job["jobId"] for job in jobs}
        if [job_id for job_id in self.order if job_id in shown] != self.order[: len(shown)]:
            verdict.lost.append(f"{len(shown)} of {len(self.order)} jobs, and not the first ones")
        return len(shown), verdict


def _judged_refusal(server: Durable, status: int) -> Verdict:
    said = server.log.read_text()
    named = status == 1 and "jobs.db" in said and "Traceback" not in said
    return Verdict() if named else Verdict(wrong=[f"exit status {status}: {said[-500:]}"])


async def torn_tails(directory: Path, rounds: int, *, seed: int = 1) -> Row:
    """What was on its way to the journal at the moment of a power cut, in part or as rubbish: costs nobody a job."""
    row, victim, random = Row("torn end of the journal"), Victim(directory / "torn"), Random(seed)
    await victim.make()
    for damage in _tails(random, rounds):
        shown, verdict = await victim.after(damage)
        if shown != len(victim.order):
            verdict.lost.append(f"{shown} of {len(victim.order)} jobs are there")
        row.rounds += 1
        row.add(len(victim.order), verdict)
    return row


async def cut_journals(directory: Path, rounds: int, *, seed: int = 1) -> Row:
    """A journal that is shorter than it was: a state that once was is shown, or the file is refused."""
    row, victim, random = Row("journal cut or garbled"), Victim(directory / "cut"), Random(seed)
    await victim.make()
    size = victim.size("-wal")
    for number in range(rounds):
        place = random.randrange(size)
        _, verdict = await victim.after(_cut(place) if number % 2 else _garble("-wal", place, random.randbytes(16)))
        row.rounds += 1
        row.add(len(victim.order), verdict.named(f"{'cut' if number % 2 else 'garbled'} at {place}"))
    return row


async def flipped_bits(directory: Path, rounds: int, *, seed: int = 1) -> Row:
    """One bit of the file itself: all is shown as it was, or the file is refused by name; never less, never else."""
    row, victim, random = Row("flipped bit in the file"), Victim(directory / "flipped"), Random(seed)
    await victim.make(politely=True)
    size = victim.size("")
    for _ in range(rounds):
        place, bit = random.randrange(size), random.randrange(8)
        shown, verdict = await victim.after(_flip(place, bit))
        if shown not in {None, len(victim.order)}:
            verdict.lost.append(f"{shown} of {len(victim.order)} jobs are there, without a word")
        row.rounds += 1
        row.add(len(victim.order), verdict.named(f"bit {bit} of byte {place}"))
    return row


def _tails(random: Random, number: int) -> Iterator[Damage]:
    frame = 24 + 4096
    for _ in range(number):
        rubbish = random.randbytes(random.choice((1, 23, 24, 25, frame - 1, frame, frame + 1, 3 * frame)))
        yield _append(rubbish)


def _append(rubbish: bytes) -> Damage:
    def do(directory: Path) -> None:
        with (directory / "jobs.db-wal").open("ab") as file:
            file.write(rubbish)

    return do


def _cut(place: int) -> Damage:
    def do(directory: Path) -> None:
        with (directory / "jobs.db-wal").open("r+b") as file:
            file.truncate(place)

    return do


def _garble(ending: str, place: int, rubbish: bytes) -> Damage:
    def do(directory: Path) -> None:
        with (directory / f"jobs.db{ending}").open("r+b") as file:
            file.seek(place)
            file.write(rubbish)

    return do


def _flip(place: int, bit: int) -> Damage:
    def do(directory: Path) -> None:
        with (directory / "jobs.db").open("r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 1 << bit]))

    return do
