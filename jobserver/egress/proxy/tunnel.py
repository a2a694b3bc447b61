"""Bytes passed on as they come, until both sides have ended or nothing has come for too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from jobserver.egress.proxy.wire import Wire

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"

More = Callable[[], None]
"""To be called for every piece that came."""


@asynccontextmanager
async def patience(seconds: float) -> AsyncIterator[More]:
    """Raises TimeoutError once ``seconds`` have gone by since the beginning or the last `More`."""
    now = asyncio.get_running_loop().time
    async with asyncio.timeout(seconds) as timeout:

        def more() -> None:
            if not timeout.expired():
                timeout.reschedule(now() + seconds)

        yield more


async def pump(source: Wire, sink: Wire, more: More) -> None:
    """Pass on what ``source`` sends, to its end."""
    while data := await source.receive():
        more()
        await sink.send(data)
    sink.finish()


async def tunnel(client: Wire, server: Wire, idle_time: float) -> None:
    """Answer a CONNECT and pass bytes on both ways; a side that has finished may still be sent to.

    Raises OSError when one side is lost (the other is not to be waited for then) and Exhausted.
    """
    await client.send(_ESTABLISHED)
    try:
        async with patience(idle_time) as more, asyncio.TaskGroup() as group:
            group.create_task(pump(client, server, more))
            group.create_task(pump(server, client, more))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
