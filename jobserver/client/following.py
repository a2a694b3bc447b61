"""A stream of events that outlives its connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from jobserver.client.connection import Connection, NoAnswer, wait_before
from jobserver.client.shown import JobEvent
from jobserver.client.sse import messages
from jobserver.errors import Unavailable
from jobserver.jobs.model import State

_NOTHING_LEFT = 204
_TRIES = 10


async def follow(
    connection: Connection, path: str, after: int | None, *, one_job: bool
) -> AsyncGenerator[JobEvent, None]:
    """Events from ``path``, ``after`` a number or from now on; a lost stream is taken up where it broke.

    ``one_job``: it ends with that job's last event. Raises what the server refuses it with, and Unavailable after ten
    tries in a row that brought nothing.
    """
    failures = 0
    while True:
        try:
            async for event in _listen(connection, path, after):
                if event.seq is not None:
                    failures, after = 0, event.seq
                yield event
                if one_job and _is_last(event.data):
                    return
            lost: Exception | None = None  # it ended in order: the server is stopping, or we were too slow
        except _AllTold:
            return
        except (NoAnswer, Unavailable) as error:
            lost = error
        failures += 1
        if failures == _TRIES:
            raise Unavailable(str(lost or "The stream of events ends as soon as it begins.")) from lost
        await asyncio.sleep(wait_before(failures))


async def _listen(connection: Connection, path: str, after: int | None) -> AsyncGenerator[JobEvent, None]:
    headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
    async with connection.open("GET", path, headers=headers) as answer:
        if answer.status == _NOTHING_LEFT:
            raise _AllTold
        async for message in messages(answer.content):
            yield JobEvent(message.event, int(message.id) if message.id.isdecimal() else None, _data(message.data))


def _data(text: str) -> dict[str, Any]:
    data = json.loads(text)
    return data if isinstance(data, dict) else {}


def _is_last(data: dict[str, Any] | Any) -> bool:
    status = data.get("status")
    return status in set(State) and State(status).ended


class _AllTold(Exception):
    """The job had ended, and nothing of it is left to tell."""
