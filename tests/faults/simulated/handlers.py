"""Kinds of job that do everything a handler may do, well or badly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from jobserver.errors import DoNotRetry, RetryAfter
from jobserver.jobs.policy import Backoff, Policy
from jobserver.workers.registry import Args, Context, Handler
from tests.faults.simulated.asked import Running
from tests.faults.simulated.batches import Said
from tests.faults.simulated.ledger import Ledger

DEEDS = (
    "quick",
    "quick",
    "slow",
    "slow",
    "fail",
    "hopeless",
    "later",
    "stubborn",
    "rude",
    "chatty",
    "chatty",
    "long",
    "long",
)
POISON = "poison"

_ONCE_MORE = Policy(3, timedelta(seconds=20), Backoff(timedelta(seconds=2), jitter=0.5))


class Work:
    """The handlers of one process. ``die``: ends that process on the spot. ``fail``: told what is wrong."""

    def __init__(
        self, ledger: Ledger, life: int, *, die: Callable[[], None], fail: Callable[[BaseException], None]
    ) -> None:
        self._ledger = ledger
        self._life = life
        self._die = die
        self._fail = fail

    def kinds(self) -> dict[str, Handler]:
        """Kind → handler, each with a queue of its own."""
        some = Handler("work", self._run, policy=_ONCE_MORE)
        few = replace(some, kind="side", queue="side", policy=replace(_ONCE_MORE, max_attempts=4, timeout=None))
        turns = replace(some, kind="turns", queue="turns", policy=replace(_ONCE_MORE, max_attempts=1))
        return {each.kind: each for each in (some, few, turns)}

    async def _run(self, context: Context, args: Args) -> Any:
        try:
            running = self._ledger.begin(context.job_id, args["n"], self._life)
        except AssertionError as error:  # a job that fails is nothing special
            self._fail(error)
            raise
        try:
            await self._do(context, args, running)
        except asyncio.CancelledError:
            self._ledger.told(running)
            if args["do"] == "rude":
                raise ValueError("I do not like to be interrupted") from None
            raise
        finally:
            self._ledger.end(running)
        return {"n": args["n"], "attempt": context.attempt}

    async def _do(self, context: Context, args: Args, running: Running) -> None:
        deed, seconds = args["do"], args["seconds"]
        chance = Random(args["n"] * 100 + context.attempt)
        if deed == POISON:
            self._die()
            await asyncio.Event().wait()
        if deed == "chatty":
            await _chat(context, chance, seconds, self._ledger.said[context.job_id])
        elif deed == "stubborn":
            await self._go_on(running, seconds)
        elif deed == "long":
            await asyncio.sleep(20 * seconds)
        elif deed in ("slow", "rude"):
            await asyncio.sleep(seconds)
        _end_as(deed, context, chance)

    async def _go_on(self, running: Running, seconds: float) -> None:
        """Work for so long, whatever anybody says."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while (left := ends - loop.time()) > 0:
            try:
                await asyncio.sleep(left)
            except asyncio.CancelledError:
                self._ledger.told(running)


def _end_as(deed: str, context: Context, chance: Random) -> None:
    if deed == "fail" and chance.random() < 0.7:
        raise RuntimeError("It broke.")
    if deed == "hopeless":
        raise DoNotRetry("Nothing helps.")
    if deed == "later" and context.attempt == 1:
        raise RetryAfter(chance.uniform(0, 30))


async def _chat(context: Context, chance: Random, seconds: float, said: Said) -> None:
    for step in range(chance.randrange(1, 8)):
        said.lines.append(f"attempt {context.attempt}, step {step}")
        context.log(said.lines[-1])
        context.progress(min(step / 8, 1), f"step {step}")
        if chance.random() < 0.3:
            name = f"file-{chance.randrange(3)}"
            said.files[name] = f"of attempt {context.attempt}, step {step}".encode()
            context.artifact(name, said.files[name], "text/plain")
        await asyncio.sleep(chance.choice((0, 0.01, seconds / 5)))
