"""What the server under the slow peers works on: a result of megabytes, and jobs that talk."""

from __future__ import annotations

import asyncio
from typing import Any

from jobserver import Context, handler

LARGE = 6_000_000
LINES = 40


@handler("large")
async def large() -> str:
    """A result that no buffer of a socket holds."""
    return "x" * LARGE


@handler("talk", queue="talk", concurrency=2)
async def talk(context: Context, args: dict[str, Any]) -> int:
    """Fifty lines a second, of half a kilobyte each, that every stream is told."""
    for number in range(LINES):
        context.log(f"{args.get('number')} {number} " + "-" * 500)
        await asyncio.sleep(0.02)  # it talks for a while: that is its work
    return LINES
