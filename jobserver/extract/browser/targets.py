"""What a page opens beside itself: its workers are heard, its pop-ups are closed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from jobserver.extract.browser.cdp import Connection, Handler, Params, ProtocolError
from jobserver.extract.browser.scope import Spawn

WORKERS_WAIT: tuple[str, Params] = (
    "Target.setAutoAttach",
    {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True, "filter": [{"type": "worker"}]},
)
"""A command to the session of a page, or of a worker: each worker that it starts from then on waits to be heard."""


class Workers:
    """Lets ``handler`` have the events of a page's workers, and of theirs, from before they have done anything.

    Else nobody says what a worker loads, and not even that its script has come, which the page said it had asked for.
    """

    def __init__(self, connection: Connection, spawn: Spawn, handler: Handler) -> None:
        self._connection = connection
        self._spawn = spawn
        self._handler = handler

    def note(self, method: str, params: Params) -> None:
        """Take in one event of the Target domain; others are ignored."""
        match method:
            case "Target.attachedToTarget":
                self._spawn(self._hear(params["sessionId"]))
            case "Target.detachedFromTarget":
                self._connection.ignore(params["sessionId"])

    async def _hear(self, session_id: str) -> None:
        self._connection.listen(session_id, self._handler)
        commands: tuple[tuple[str, Params], ...] = (
            ("Network.enable", {}),
            WORKERS_WAIT,
            ("Runtime.runIfWaitingForDebugger", {}),
        )
        with suppress(ProtocolError, TimeoutError):  # it may be gone by now
            await asyncio.gather(*(self._connection.send(method, params, session_id) for method, params in commands))


async def close_pop_up(connection: Connection, target_id: str) -> None:
    """Close a page that a page has opened."""
    with suppress(ProtocolError, TimeoutError):
        await connection.send("Target.closeTarget", {"targetId": target_id})
