"""kill -9 at any moment, under clients that repeat what got no answer: round after round on one file."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from random import Random

from tests.faults.clients import Client, catch_up, listen
from tests.faults.durable import Durable
from tests.faults.ledger import Ledger
from tests.faults.report import Row
from tests.faults.verdict import Verdict, judge, read_runs

CLIENTS = 8
_LIVES = (0.02, 0.4)
"""Seconds between the moment a server listens and its end."""

_BIRTHS = (0.15, 0.6)
"""Of those that die before they listen: seconds from the start of the process."""

_STILLBORN = 0.1
"""Share of them."""

_TERMS: tuple[dict[str, str], ...] = ({}, {"QUEUES": "default:keepCount=100"})
"""Settings of one file after the other: all is kept, and most is forgotten soon."""


class Crashes:
    """Rounds on one file of ``directory``. The same ``seed`` makes the same choices; chance has the moments."""

    def __init__(self, directory: Path, seed: str, **settings: str) -> None:
        self.ledger = Ledger()
        self._directory = directory
        self._settings = settings
        self._random = Random(seed)
        self._clients = [Client(f"{seed}.{number}", self.ledger, self._random) for number in range(CLIENTS)]

    async def round(self) -> None:
        """One life."""
        server = Durable(self._directory, **self._settings)
        if self._random.random() < _STILLBORN:
            await self._stillborn(server)
            return
        async with server:
            jobs = [client.work(server.session) for client in self._clients]
            life = asyncio.gather(*jobs, listen(self.ledger, server.session))
            await asyncio.sleep(self._random.uniform(*_LIVES))
            await server.kill()
            await life

    async def verdict(self) -> Verdict:
        """Let all that is promised come to its end, and judge."""
        async with Durable(self._directory, **self._settings) as server:
            listening = asyncio.ensure_future(listen(self.ledger, server.session))
            for client in self._clients:
                await client.finish(server.session)
            jobs = await server.ended_jobs(60)
            await catch_up(self.ledger, server.session)
            for job_id in self.ledger.accepted:
                status, job = await server.answer("GET", f"/v1/jobs/{job_id}")
                if status == 200:  # if not it is not in the list either, and counts as lost
                    self.ledger.see(job)
            assert await server.stop() == 0
            await listening
        return judge(self.ledger, jobs, read_runs(self._directory / "runs"))

    async def _stillborn(self, server: Durable) -> None:
        """It dies while it reads the file, or takes back what was running."""

        async def kill() -> None:
            await asyncio.sleep(self._random.uniform(*_BIRTHS))
            with suppress(ProcessLookupError):
                server.process.kill()

        killer = asyncio.ensure_future(kill())
        async with AsyncExitStack() as life:
            with suppress(AssertionError):  # it has no address to tell
                await life.enter_async_context(server)
            await killer


async def crashes(directory: Path, rounds: int, *, seed: str = "1", per_file: int = 50, **settings: str) -> Row:
    """So many rounds, ``per_file`` of them on each file."""
    row = Row(f"kill -9 under {CLIENTS} clients")
    for number, begin in enumerate(range(0, rounds, per_file)):
        where = directory / f"crashes-{number}"
        where.mkdir()
        crashed = Crashes(where, f"{seed}.{number}", **(_TERMS[number % len(_TERMS)] | settings))
        for _ in range(min(per_file, rounds - begin)):
            await crashed.round()
            row.rounds += 1
        row.add(len(crashed.ledger.accepted), await crashed.verdict())
    return row
