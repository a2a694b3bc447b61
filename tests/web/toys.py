"""Kinds of job that do just what a test asks of them."""

from __future__ import annotations

import asyncio
from typing import Any

from jobserver.errors import DoNotRetry, InvalidRequest
from jobserver.jobs.policy import Policy
from jobserver.workers.registry import Args, Context, Handler


def _only_texts(args: Args) -> Args:
    wrong = [(f"/{name}", f"{name} must be a string.") for name, value in args.items() if not isinstance(value, str)]
    if wrong:
        raise InvalidRequest("Some arguments are no strings.", errors=wrong)
    return args


async def _echo(context: Context, args: Args) -> Any:
    return args


async def _keep(context: Context, args: Args) -> Any:
    for line in args.get("lines", ()):
        context.log(line)
    for name, (content_type, text) in args.get("files", {}).items():
        context.artifact(name, text, content_type)
    if "error" in args:
        raise DoNotRetry(args["error"])
    return list(args)


async def _sleep(context: Context, args: Args) -> Any:
    await asyncio.Event().wait()


ECHO = Handler("echo", _echo, queue="quick", validate=_only_texts, concurrency=2)
KEEP = Handler("keep", _keep, queue="quick", concurrency=2)
SLEEP = Handler("sleep", _sleep, queue="slow", policy=Policy(timeout=None), concurrency=1)
TOYS = (ECHO, KEEP, SLEEP)
