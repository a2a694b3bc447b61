"""The demo kinds: jobs that do nothing of use, for trying the server out and for tests of its clients."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from jobserver.errors import DoNotRetry, JobFailed, RetryAfter
from jobserver.jobs.policy import Backoff
from jobserver.workers.define import handler
from jobserver.workers.registry import Args, Context, Handler

QUEUE = "demo"
_AT_ONCE = 10
_LONGEST = 3_600.0
_MOST_STEPS = 1_000
_MOST_TIMES = 100


@dataclass(frozen=True)
class Sleep:
    """``seconds``: how long, up to an hour."""

    seconds: float = 1.0

    def __post_init__(self) -> None:
        _within("seconds", self.seconds, _LONGEST)


@dataclass(frozen=True)
class Fail:
    """``message``: the error. ``retryable``: another attempt may follow. ``times``: attempts that fail; None is all.

    ``retry_after``: seconds until the next attempt, in place of the back-off.
    """

    message: str = "This job was asked to fail."
    retryable: bool = True
    times: int | None = None
    retry_after: float | None = field(default=None, metadata={"name": "retryAfter"})

    def __post_init__(self) -> None:
        _within("times", self.times or 0, _MOST_TIMES)
        _within("retryAfter", self.retry_after or 0, _LONGEST)


@dataclass(frozen=True)
class Steps:
    """``steps``: how many, 1 to 1,000. ``seconds``: how long all of them take together."""

    steps: int = 5
    seconds: float = 1.0

    def __post_init__(self) -> None:
        _within("steps", self.steps, _MOST_STEPS, least=1)
        _within("seconds", self.seconds, _LONGEST)


@handler("echo", queue=QUEUE, concurrency=_AT_ONCE)
async def echo(args: Args) -> Args:
    """The result is the arguments."""
    return args


@handler("sleep", queue=QUEUE, timeout=_LONGEST + 60)
async def sleep(args: Sleep) -> dict[str, float]:
    """Ends after a while."""
    await asyncio.sleep(args.seconds)
    return {"slept": args.seconds}


@handler("fail", queue=QUEUE, max_attempts=3, backoff=Backoff())
async def fail(context: Context, args: Fail) -> dict[str, int]:
    """Fails, always or the first few times."""
    if args.times is not None and context.attempt > args.times:
        return {"attempt": context.attempt}
    if not args.retryable:
        raise DoNotRetry(args.message)
    if args.retry_after is not None:
        raise RetryAfter(args.retry_after, args.message)
    raise JobFailed(args.message)


@handler("progress", queue=QUEUE, timeout=_LONGEST + 60)
async def progress(context: Context, args: Steps) -> dict[str, int]:
    """Takes steps; tells of each in its progress and its log, and keeps them in a file."""
    told = []
    for number in range(1, args.steps + 1):
        await asyncio.sleep(args.seconds / args.steps)
        told.append(f"step {number} of {args.steps}")
        context.log(told[-1])
        context.progress(number / args.steps, told[-1])
    context.artifact("steps.txt", "".join(f"{line}\n" for line in told), "text/plain; charset=utf-8")
    return {"steps": args.steps}


def _within(name: str, value: float, most: float, *, least: float = 0) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least:g} to {most:g}")


HANDLERS: tuple[Handler, ...] = tuple(each.handler for each in (echo, sleep, fail, progress))
