"""Plain functions beside the loop, each in a thread of its own that keeps nobody from ending."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T], name: str) -> T:
    """What ``function`` returns or raises, SystemExit included; it sees the caller's context variables.

    No thread can be stopped. A first cancellation goes on waiting for it, so that whoever cancelled can see whether it
    ends; a second one leaves it behind. It is a daemon and not of a pool: a process whose threads are blocked for ever
    can still end, which those of a `ThreadPoolExecutor` prevent.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Callable[[], T]] = loop.create_future()
    context = copy_context()

    def work() -> None:
        outcome = _outcome(lambda: context.run(function))
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, ended, outcome)

    threading.Thread(target=work, name=name, daemon=True).start()
    with suppress(asyncio.CancelledError):
        await asyncio.wait({ended})
    return (await asyncio.shield(ended))()


def _outcome(function: Callable[[], T]) -> Callable[[], T]:
    """Call it now; what is returned says again how that went."""
    try:
        value = function()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is for the one who waits
        caught = error

        def fail() -> T:
            raise caught

        return fail
    return lambda: value


def _settle(ended: asyncio.Future[Callable[[], T]], outcome: Callable[[], T]) -> None:
    if not ended.done():
        ended.set_result(outcome)
