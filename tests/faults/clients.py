"""Clients that submit, look, cancel and change their mind, and repeat whatever got no answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

import aiohttp

from tests.faults.ledger import Ledger

Request = Callable[[aiohttp.ClientSession], Awaitable[None]]

GONE = (aiohttp.ClientError, ConnectionError, TimeoutError)
"""What a client sees of a server that died."""

_LONGEST_PAUSE = 0.012
_REMEMBERED = 30
_REPLAYED = 200


class Refused(Exception):
    """The server said that it takes nothing now."""


class Client:
    """One of many: does one thing at a time, and does not let go of it before it has an answer."""

    def __init__(self, name: str, ledger: Ledger, random: Random) -> None:
        self._name = name
        self._ledger = ledger
        self._random = random
        self._number = 0
        self._mine: deque[str] = deque(maxlen=_REMEMBERED)
        self._doing: Request | None = None

    async def work(self, session: aiohttp.ClientSession) -> None:
        """Go on until the server is gone."""
        with suppress(*GONE):
            while True:
                await self._next(session)

    async def finish(self, session: aiohttp.ClientSession) -> None:
        """Bring to its end what has had no answer yet."""
        while self._doing is not None:
            await self._next(session)

    async def _next(self, session: aiohttp.ClientSession) -> None:
        self._doing = self._doing or self._chosen()
        try:
            await self._doing(session)
        except Refused:
            await asyncio.sleep(_LONGEST_PAUSE)
        else:
            self._doing = None
            await asyncio.sleep(self._random.random() * _LONGEST_PAUSE)

    def _chosen(self) -> Request:
        verbs = [self._one, self._one, self._one, self._one, self._many]
        if self._mine:
            verbs += [partial(self._verb, "cancel"), partial(self._verb, "retry"), self._look]
        return self._random.choice(verbs)()

    # --- submits

    def _one(self) -> Request:
        body, keyed = self._order(), self._random.random() < 0.5
        return partial(self._submit, body, {"Idempotency-Key": body["args"]["name"]} if keyed else {})

    def _many(self) -> Request:
        bodies, keyed = [self._order() for _ in range(self._random.randint(2, 6))], self._random.random() < 0.5
        return partial(self._bulk, bodies, {"Idempotency-Key": bodies[0]["args"]["name"]} if keyed else {})

    def _order(self) -> dict[str, Any]:
        self._number += 1
        random = self._random
        args: dict[str, Any] = {"name": f"{self._name}.{self._number}"}
        kind = random.choice(("quick", "quick", "short", "flaky"))
        if kind == "flaky":
            args["fails"] = random.randint(1, 6)
        order: dict[str, Any] = {"kind": kind, "args": args, "priority": random.randint(-2, 2)}
        if random.random() < 0.2:
            order["delay"] = random.choice((0.01, 0.3, 1.5))
        if random.random() < 0.2:
            order["tags"] = ["of a client", self._name]
        return order

    async def _submit(self, body: dict[str, Any], headers: dict[str, str], session: aiohttp.ClientSession) -> None:
        name = body["args"]["name"]
        self._ledger.ask(name, keyed=bool(headers))
        async with session.post("/v1/jobs", json=body, headers=headers) as response:
            answer = await response.json()
        self._note(name, response.status, answer)

    async def _bulk(
        self, bodies: list[dict[str, Any]], headers: dict[str, str], session: aiohttp.ClientSession
    ) -> None:
        for body in bodies:
            self._ledger.ask(body["args"]["name"], keyed=bool(headers))
        async with session.post("/v1/jobs/bulk", json={"jobs": bodies}, headers=headers) as response:
            answer = await response.json()
        outcomes = answer["jobs"] if response.status == 200 else [answer] * len(bodies)
        refused = 0
        for body, outcome in zip(bodies, outcomes, strict=True):
            try:
                self._note(body["args"]["name"], outcome["status"], outcome)
            except Refused:
                refused += 1
        if refused == len(bodies):
            raise Refused

    def _note(self, name: str, status: int, answer: dict[str, Any]) -> None:
        if status in {200, 202}:
            self._ledger.accept(name, answer["jobId"])
            self._mine.append(answer["jobId"])
            return
        self._ledger.refuse(name)
        if status == 503:
            raise Refused
        self._ledger.contradictions.append(f"{name}: {status} {answer}")

    # --- what is done with jobs

    def _verb(self, verb: str) -> Request:
        return partial(self._do, verb, self._random.choice(self._mine))

    async def _do(self, verb: str, job_id: str, session: aiohttp.ClientSession) -> None:
        self._ledger.promise(job_id, None)  # until there is an answer nobody knows
        async with session.post(f"/v1/jobs/{job_id}/{verb}") as response:
            answer = await response.json()
        if response.status == 503:
            raise Refused
        if response.status == 404:
            self._ledger.missed.add(job_id)
        elif response.status not in {200, 409}:
            self._ledger.contradictions.append(f"{verb} of {job_id}: {response.status} {answer}")
        elif verb == "cancel" and response.status == 200:
            self._ledger.promise(job_id, "cancelled")

    def _look(self) -> Request:
        return partial(self._read, self._random.choice(self._mine))

    async def _read(self, job_id: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"/v1/jobs/{job_id}") as response:
            answer = await response.json()
        if response.status == 200:
            self._ledger.see(answer)
        elif response.status == 404:
            self._ledger.missed.add(job_id)
        else:
            self._ledger.contradictions.append(f"{job_id}: {response.status} {answer}")


async def listen(ledger: Ledger, session: aiohttp.ClientSession) -> None:
    """Hear all that happens until the server is gone; what was heard last before is told once more, and the same."""
    after = max(ledger.last_event - _REPLAYED, 0)
    with suppress(*GONE):
        while True:
            after = await _hear(ledger, session, after, wait=5)


async def catch_up(ledger: Ledger, session: aiohttp.ClientSession) -> None:
    """Hear what has happened up to now."""
    before = -1
    while before < ledger.last_event:
        before = ledger.last_event
        await _hear(ledger, session, before, wait=0)


async def _hear(ledger: Ledger, session: aiohttp.ClientSession, after: int, *, wait: float) -> int:
    """The number to go on from."""
    async with session.get(
        f"/v1/events?after={after}&wait={wait:g}", headers={"Accept": "application/json"}
    ) as response:
        page = await response.json()
    if response.status != 200 or "gap" in page or page["next"] < after:
        ledger.contradictions.append(f"events after {after}: {response.status} {str(page)[:200]}")
    for event in page.get("events", ()):
        ledger.hear(event)
    return int(page.get("next", after))
