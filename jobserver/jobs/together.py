"""Several verbs at a time: on a durable engine each would wait for a write of its own, and so they share one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from jobserver.jobs.engine import Caps

_SHARE_A_WRITE = 50

T = TypeVar("T")


def some_at_a_time(items: Sequence[T], caps: Caps) -> Iterator[Sequence[T]]:
    """As many of them as are worth doing together, then the next.

    >>> list(some_at_a_time("abc", Caps("memory", durable=False, shared=False, exact_position=True)))
    ['a', 'b', 'c']
    """
    together = _SHARE_A_WRITE if caps.durable else 1
    return (items[begin : begin + together] for begin in range(0, len(items), together))


async def all_of(verbs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """What each returns. They begin in their order, and wait together."""
    if len(verbs) == 1:
        return [await verbs[0]]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(verb, name="one of several") for verb in verbs]
    return [task.result() for task in tasks]
