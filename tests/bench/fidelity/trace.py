"""What kept the main threads of pages busy, as the browser's own trace has it: no page can hide it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from jobserver.extract.browser.cdp import Params, connect

LONG = 50.0
"""Milliseconds from which a task is told of."""

_CONFIG = {"recordMode": "recordUntilFull", "includedCategories": ["toplevel"], "excludedCategories": ["*"]}


@dataclass(frozen=True, slots=True)
class Block:
    """A task of a page's main thread. ``began``: seconds of the monotonic clock."""

    began: float
    milliseconds: float


@asynccontextmanager
async def tracing(address: str, blocks: list[Block]) -> AsyncIterator[None]:
    """Fill ``blocks`` with the long tasks of the block of code, once it has ended."""
    events: list[dict[str, Any]] = []
    complete = asyncio.Event()

    def hear(method: str, params: Params) -> None:
        if method == "Tracing.dataCollected":
            events.extend(params["value"])
        elif method == "Tracing.tracingComplete":
            complete.set()

    async with connect(address) as connection:
        connection.listen(None, hear)
        await connection.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": _CONFIG})
        yield
        await connection.send("Tracing.end")
        async with asyncio.timeout(120):
            await complete.wait()
    blocks.extend(_long(events))


def _long(events: list[dict[str, Any]]) -> list[Block]:
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event.get("name") == "thread_name" and event["args"].get("name") == "CrRendererMain"
    }
    return [
        Block(event["ts"] / 1e6, event["dur"] / 1e3)
        for event in events
        if event.get("dur", 0) >= LONG * 1e3 and (event["pid"], event["tid"]) in threads
    ]
