"""Handlers that do what no handler should, in each of the three styles."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

from jobserver import Context, DoNotRetry, handler


@dataclass
class Word:
    text: str = "word"


@handler("swallow", timeout=0.1)
async def swallow(context: Context) -> None:
    """Swallows every cancellation."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


@handler("block-thread", timeout=0.1)
def block_thread(context: Context) -> None:
    """Blocks for ever."""
    context.log("blocking")
    threading.Event().wait()


@handler("block-process", timeout=1, isolated=True)
def block_process(context: Context) -> None:
    """Blocks for ever."""
    context.log(str(os.getpid()))
    while True:
        pass


@handler("spin-process", timeout=1, isolated=True)
async def spin_process(context: Context) -> None:
    """Blocks its own loop for ever."""
    time.sleep(1_000)  # noqa: ASYNC251 - that is its misbehaviour


@handler("exit-loop")
async def exit_loop(context: Context) -> None:
    """Asks the interpreter to end."""
    sys.exit(3)


@handler("exit-thread")
def exit_thread(context: Context) -> None:
    """Asks the interpreter to end."""
    raise KeyboardInterrupt


@handler("exit-process", isolated=True)
def exit_process(context: Context) -> None:
    """Asks the interpreter to end."""
    sys.exit(3)


@handler("exit-at-once", isolated=True)
def exit_at_once(context: Context) -> None:
    """Ends the process."""
    os._exit(4)


@handler("leak", isolated=True)
def leak(context: Context) -> int:
    """Starts a process and leaves it behind."""
    return subprocess.Popen(["sleep", "1000"]).pid


@handler("reap", isolated=True)
def reap(context: Context) -> int:
    """Starts a process, and leaves one that has ended."""
    subprocess.Popen(["true"]).wait()
    return os.getpid()


@handler("print", isolated=True)
def print_gigabytes(context: Context) -> str:
    """Prints two gigabytes."""
    line = b"a line that is not very long, but there are many of it\n" * 20_000
    for _ in range(2_000):
        os.write(1, line)
    return "printed"


@handler("log", isolated=True)
def log_a_lot(context: Context) -> str:
    """Logs 200,000 lines."""
    for number in range(200_000):
        context.log(f"line {number}")
    return "logged"


@handler("talk", isolated=True)
def talk(context: Context, args: Word) -> Any:
    """Says all a handler can."""
    context.progress(0.5, "half")
    context.log("one\ntwo")
    context.artifact("word.txt", args.text, "text/plain")
    context.log("three")
    context.artifact("raw", bytes(range(256)))
    return [args, context.job_id, context.owner, context.attempt, context.deadline is None, context.cancelled]


@handler("talk-async", isolated=True)
async def talk_async(args: Word) -> str:
    """On a loop of its own."""
    await asyncio.sleep(0)
    return args.text


@handler("refuse", isolated=True, max_attempts=3)
def refuse(args: Word) -> None:
    """Says that another attempt is no use."""
    raise DoNotRetry(args.text)


@handler("misname", isolated=True)
def misname(context: Context) -> None:
    """Names a file as none can be named."""
    context.artifact("a/b", b"")
