"""What kept the main threads of pages busy, as the browser's own trace has it: no page can hide it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from jobserver.extract.browser.cdp import Params, connect

LONG = 10.0
"""Milliseconds from which a block is told of."""

_PROMISES = "PerformMicrotaskCheckpoint"
_TOGETHER = 0.001
_CONFIG = {"recordMode": "recordUntilFull", "includedCategories": ["toplevel"], "excludedCategories": ["*"]}


@dataclass(frozen=True, slots=True)
class Block:
    """A task of a page's main thread with its promises. ``began``: seconds of the monotonic clock."""

    began: float
    milliseconds: float


@asynccontextmanager
async def tracing(address: str, blocks: list[Block]) -> AsyncIterator[None]:
    """Fill ``blocks`` with what was long within the block of code, once it has ended.

    A browser does this once: asked again after other pages were shown, it may never answer.
    """
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
    threads: dict[tuple[int, int], list[Block]] = {
        (event["pid"], event["tid"]): []
        for event in events
        if event.get("name") == "thread_name" and event["args"].get("name") == "CrRendererMain"
    }
    for event in sorted(events, key=lambda event: (event.get("ts", 0), -event.get("dur", 0))):
        if "dur" in event and (blocks := threads.get((event["pid"], event["tid"]))) is not None:
            _add(blocks, event["name"], event["ts"] / 1e6, event["dur"] / 1e3)
    return [block for blocks in threads.values() for block in blocks if block.milliseconds >= LONG]


def _add(blocks: list[Block], name: str, began: float, milliseconds: float) -> None:
    """Put a task behind those before it: not one inside of another, and promises with the task that kept them."""
    last = blocks[-1] if blocks else Block(float("-inf"), 0.0)
    ended = last.began + last.milliseconds / 1e3
    if began >= ended and not (name.endswith(_PROMISES) and began - ended < _TOGETHER):
        blocks.append(Block(began, milliseconds))
    elif began + milliseconds / 1e3 > ended:
        blocks[-1] = Block(last.began, 1e3 * (began - last.began) + milliseconds)
