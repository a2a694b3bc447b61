"""Work that leaves a trace of every run, so that runs are counted without asking the server."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from typing import Any

from jobserver import Context, handler
from jobserver.jobs.policy import Backoff

RUNS = "RUNS_FILE"
"""The setting that names the file: a line for each run, with the job's id and the number of the attempt."""

SHORT = 0.05
ATTEMPTS = 5
_SOON = Backoff(timedelta(milliseconds=20), factor=1)


def trace(context: Context) -> None:
    """A line in one write to the end of the file: runs do not mix, and a kill leaves no half of one."""
    file = os.open(os.environ[RUNS], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{context.job_id} {context.attempt}\n".encode())
    os.close(file)


@handler("quick", max_attempts=ATTEMPTS, backoff=_SOON, concurrency=16)
async def quick(context: Context, args: dict[str, Any]) -> dict[str, Any]:
    trace(context)
    return {"name": args["name"]}


@handler("short", max_attempts=ATTEMPTS, backoff=_SOON)
async def short(context: Context, args: dict[str, Any]) -> dict[str, Any]:
    trace(context)
    context.log("half of it")
    await asyncio.sleep(SHORT)
    return {"name": args["name"]}


@handler("flaky", max_attempts=ATTEMPTS, backoff=_SOON)
async def flaky(context: Context, args: dict[str, Any]) -> dict[str, Any]:
    """Fails as often as ``fails`` says, then succeeds if an attempt is left."""
    trace(context)
    if context.attempt <= args["fails"]:
        raise ValueError("as it was told")
    return {"name": args["name"]}


@handler("endless", queue="endless", max_attempts=ATTEMPTS, backoff=_SOON, timeout=None, concurrency=2)
async def endless(context: Context, _: dict[str, Any]) -> None:
    trace(context)
    await asyncio.Event().wait()


@handler("deadly", queue="deadly", max_attempts=ATTEMPTS, backoff=_SOON)
async def deadly(context: Context, args: dict[str, Any]) -> None:
    """Takes the whole server with it."""
    trace(context)
    if args.get("politely"):
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


@handler("large", max_attempts=ATTEMPTS, backoff=_SOON)
async def large(context: Context, args: dict[str, Any]) -> dict[str, Any]:
    """A result of so many bytes."""
    trace(context)
    return {"name": args["name"], "filling": "x" * args["size"]}
