"""Work that writes down, all the time, that it still goes on: in each of the three styles."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from struct import Struct

from jobserver import Context, handler

SIGN = Struct("<d")
LIMIT = 0.5
"""Seconds after which those that are not cancelled are out of time."""


@dataclass(frozen=True)
class Args:
    """``mark``: a file that holds the system's monotonic time of the last sign of life, as a double."""

    mark: str


def live(args: Args) -> None:
    # Written over, never truncated: a process may be killed between any two steps.
    file = os.open(args.mark, os.O_WRONLY | os.O_CREAT)
    os.pwrite(file, SIGN.pack(time.monotonic()), 0)
    os.close(file)


@handler("async", queue="async", timeout=LIMIT)
async def on_the_loop(_: Context, args: Args) -> None:
    try:
        await asyncio.sleep(3_600)
    finally:
        live(args)


@handler("thread", queue="thread", timeout=LIMIT)
def in_a_thread(context: Context, args: Args) -> None:
    while not context.cancelled:
        live(args)
        time.sleep(0.001)


@handler("isolated", queue="isolated", timeout=LIMIT, isolated=True)
def in_a_child(_: Context, args: Args) -> None:
    while True:
        live(args)
