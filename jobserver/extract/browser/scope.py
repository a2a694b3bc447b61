"""Tasks that live no longer than the block that started them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

Spawn = Callable[[Coroutine[Any, Any, None]], None]


@asynccontextmanager
async def scope() -> AsyncIterator[Spawn]:
    """A function that starts tasks; they are cancelled when the block ends.

    The first task to fail ends the block, and its error comes out as itself rather than in an exception group.
    """
    tasks: set[asyncio.Task[None]] = set()
    try:
        async with asyncio.TaskGroup() as group:

            def spawn(work: Coroutine[Any, Any, None]) -> None:
                try:
                    task = group.create_task(work)
                except RuntimeError:  # the block has ended: nobody is left to do this for
                    work.close()
                    return
                tasks.add(task)
                task.add_done_callback(tasks.discard)

            yield spawn
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


async def fail(error: Exception) -> None:
    """A task that ends its scope with ``error``."""
    raise error
