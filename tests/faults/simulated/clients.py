"""Clients who do everything a client may do, again and again, and come back when the server was away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any, Protocol, TypeVar

from jobserver.errors import (
    ArtifactNotFound,
    IdempotencyMismatch,
    JobNotFound,
    QueueFull,
    QuotaExceeded,
    ShuttingDown,
    StoreUnavailable,
    WrongState,
)
from jobserver.jobs.model import Filter, IdempotencyKey, JobId
from jobserver.jobs.service import Jobs
from jobserver.jobs.submission import Submission
from tests.faults.simulated.asked import Request
from tests.faults.simulated.handlers import DEEDS, POISON
from tests.faults.simulated.ledger import Ledger, Wrong
from tests.faults.simulated.plan import Plan
from tests.faults.simulated.streams import Stream

T = TypeVar("T")

REFUSED = (JobNotFound, WrongState, StoreUnavailable, ShuttingDown, QueueFull, QuotaExceeded, ArtifactNotFound)
"""What may be answered to anything."""

_TWICE = 0.5
"""How many requests with a key are sent again before there is an answer."""


class HungUp(Exception):
    """There is no answer, and never will be one."""


class Wire(Protocol):
    """How clients reach whichever server there is."""

    plan: Plan
    ledger: Ledger

    async def call(self, ask: Callable[[Jobs], Coroutine[Any, Any, T]], told: str) -> tuple[int, T]:
        """(life, answer); HungUp."""

    def life(self) -> int:
        """The number of the server's life."""

    def tell(self, text: str) -> None:
        """A line of the trace."""


class Client:
    """One of them, an owner of its own or sharing one."""

    def __init__(self, number: int, wire: Wire, chance: Random, shared: list[Request]) -> None:
        self._number = number
        self._owner = f"owner{number % 2}"
        self._wire = wire
        self._chance = chance
        self._ledger = wire.ledger
        self._shared = shared
        self._known: list[JobId] = []
        self._does: list[Callable[[], Coroutine[Any, Any, None]]] = [
            *[self._submit] * 10,
            *[self._submit_what_another_asked] * 3,
            *[self._submit_twins] * 2,
            *[self._get] * 4,
            *[self._act] * 5,
            *(self._wait, self._list, self._read, self._set_queue),
        ]

    async def run(self) -> None:
        """Do things, one after the other or some at once."""
        plan, chance = self._wire.plan, self._chance
        async with asyncio.TaskGroup() as group:
            for _ in range(plan.deeds):
                await asyncio.sleep(chance.choice((0, 0, chance.expovariate(1 / plan.pace))))
                deed = group.create_task(chance.choice(self._does)())
                if chance.random() < 0.7:
                    await asyncio.wait({deed})

    # --- submits

    async def _submit(self) -> None:
        request = Request(len(self._ledger.requests), self._asked(len(self._ledger.requests)), self._number)
        self._ledger.requests.append(request)
        if request.keyed:
            self._shared.append(request)
        async with asyncio.TaskGroup() as group:
            for _ in range(2 if request.keyed and self._chance.random() < _TWICE else 1):
                group.create_task(self._send(request))

    async def _submit_twins(self) -> None:
        """Two requests at once, of which one job comes."""
        ledger = self._ledger
        number = len(ledger.requests)
        first = self._asked(number)._replace(dedup_key=f"twin {number}")
        second = first._replace(args=first.args | {"n": number + 1}, idempotency=self._key(number + 1))
        twins = [Request(number + each, asked, self._number) for each, asked in enumerate((first, second))]
        ledger.requests += twins
        self._shared += [each for each in twins if each.keyed]
        async with asyncio.TaskGroup() as group:
            for each in twins:
                group.create_task(self._send(each))

    def _key(self, number: int) -> IdempotencyKey:
        return IdempotencyKey(f"key {number}", b"same", timedelta(seconds=self._wire.plan.key_keep))

    async def _submit_what_another_asked(self) -> None:
        if self._shared:
            await self._send(self._chance.choice(self._shared[-4:]))

    async def _send(self, request: Request) -> None:
        """Send it, and again while it has a key and there was no good answer."""
        for _ in range(8):
            if await self._answered(request) or not request.keyed:
                return
            await asyncio.sleep(self._chance.choice((0, 0.1, 1, 5)))

    async def _answered(self, request: Request) -> bool:
        self._ledger.sent(request)
        life = self._wire.life()
        try:
            told = f"submit {request.number}"
            _, (standing, _) = await self._wire.call(lambda jobs: jobs.submit(request.asked), told)
        except HungUp:
            request.unknown = True
            return False
        except StoreUnavailable:
            request.refused_by.add(life)
            return False
        except (ShuttingDown, QueueFull, QuotaExceeded):
            return False
        except IdempotencyMismatch:
            raise Wrong(f"request {request.number} is no repeat of itself") from None
        self._ledger.accepted(request, standing.job)
        self._known.append(standing.job.id)
        return True

    def _asked(self, number: int) -> Submission:
        chance = self._chance
        kind = chance.choice(("work", "work", "side", "turns"))
        deed = POISON if self._wire.plan.poison and chance.random() < 0.05 else chance.choice(DEEDS)
        return Submission(
            kind,
            {"n": number, "do": deed, "seconds": round(chance.choice((0.0, 0.1, 1.0, 5.0)), 3)},
            self._owner,
            priority=chance.choice((0, 0, 0, 5, -3)),
            idempotency=chance.choice((None, self._key(number))),
            delay=chance.choice((None, None, None, timedelta(seconds=chance.uniform(0, 20)))),
            expires_in=chance.choice((None, None, None, timedelta(seconds=chance.uniform(0, 20)))),
            dedup_key=chance.choice((None, None, None, "twin", "other")),
            concurrency_key=chance.choice((None, "a", "b")) if kind == "turns" else None,
            quota=chance.choice((None, None, 20)),
        )

    # --- the rest

    async def _get(self) -> None:
        if self._known:
            await self._read_job(self._chance.choice(self._known), "get", lambda jobs, it: jobs.get(it, None))

    async def _wait(self) -> None:
        if self._known:
            seconds = self._chance.choice((0.5, 10))
            await self._read_job(self._known[-1], "wait for", lambda jobs, it: jobs.wait(it, None, seconds))

    async def _act(self) -> None:
        if not self._known:
            return
        job_id = self._chance.choice(self._known[-6:])
        verb = self._chance.choice(("cancel", "cancel", "retry", "promote", "remove"))
        if verb == "remove":
            self._ledger.removing.add(job_id)
            await self._try(lambda jobs: jobs.remove(job_id, None), f"remove {job_id}")
        else:
            await self._read_job(job_id, verb, lambda jobs, it: getattr(jobs, verb)(it, None))

    async def _read_job(self, job_id: JobId, told: str, ask: Callable[[Jobs, JobId], Any]) -> None:
        floor = self._ledger.floor(job_id)
        try:
            _, standing = await self._wire.call(lambda jobs: ask(jobs, job_id), f"{told} {job_id}")
        except JobNotFound:
            self._ledger.not_found(job_id)
        except (HungUp, *REFUSED):
            pass
        else:
            self._ledger.shown(standing.job, floor)

    async def _list(self) -> None:
        floors = {job_id: self._ledger.floor(job_id) for job_id in self._ledger.states}
        page = await self._try(lambda jobs: jobs.page(Filter(), None, limit=20), "list")
        for job in page.jobs if page is not None else ():
            self._ledger.shown(job, floors.get(job.id, 0))

    async def _read(self) -> None:
        if self._known:
            job_id = self._chance.choice(self._known)
            await self._try(lambda jobs: jobs.logs(job_id, None), f"logs of {job_id}")
            await self._try(lambda jobs: jobs.artifacts(job_id, None), f"files of {job_id}")

    async def _set_queue(self) -> None:
        chance = self._chance
        terms: dict[str, Any] = chance.choice(({"concurrency": 2}, {"paused": True}, {"paused": False}))
        queue = chance.choice(("default", "side", "turns"))
        await self._try(lambda jobs: jobs.set_queue(queue, **terms), f"set {queue} {terms}")
        if "paused" in terms:
            await asyncio.sleep(1)
            await self._try(lambda jobs: jobs.set_queue(queue, paused=False), f"resume {queue}")

    async def _try(self, ask: Callable[[Jobs], Coroutine[Any, Any, T]], told: str) -> T | None:
        try:
            return (await self._wire.call(ask, told))[1]
        except (HungUp, *REFUSED):
            return None


async def listen(wire: Wire, stream: Stream) -> None:
    """Follow the events, and come back with the last number heard whenever the stream ended."""
    while True:
        with suppress(HungUp):
            await wire.call(lambda jobs: _follow(jobs, stream), f"listen after {stream.last}")
        await asyncio.sleep(0.5)


async def _follow(jobs: Jobs, stream: Stream) -> None:
    with jobs.listen(stream.where, after=stream.last) as listener:
        async for event in listener:
            stream.hear(event)
