"""A world of our own in a page, for scripts that the page's cannot see or change."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from jobserver.errors import PageError
from jobserver.extract.browser.cdp import Params, ProtocolError, Send

_NAME = "jobserver"
_GONE = (
    "context was destroyed",
    "Cannot find context",
    "context with specified id",
    "Frame with the given",
    "target navigated",
)


class World:
    """The one in the frame ``frame_id`` of the page that ``send`` gives commands to; every document has its own.

    ``warnings``: get a sentence where a script of the page was stopped.
    """

    def __init__(self, send: Send, frame_id: str, warnings: list[str]) -> None:
        self._send = send
        self._frame_id = frame_id
        self._warnings = warnings
        self._context: int | None = None
        self._interrupted = False

    def forget(self) -> None:
        """The document is another one from now on."""
        self._context = None

    async def run(self, script: str, argument: Any = None, *, time_limit: float, insist: bool = True) -> Any:
        """The result of an async function expression, called with ``argument`` in this world.

        When a script of the page runs without end it is stopped, once; ``insist``: else this is a TimeoutError. Raises
        PageMoved when the page went elsewhere meanwhile, and PageError.
        """
        expression = f"({script}\n)({json.dumps(argument)})"
        try:
            return await self._evaluate(expression, time_limit)
        except TimeoutError:
            if not insist:
                raise
            await self._interrupt()
        try:
            return await self._evaluate(expression, time_limit)
        except TimeoutError:
            raise PageError("The page does not react: one of its scripts runs without end.") from None

    async def _evaluate(self, expression: str, time_limit: float) -> Any:
        try:
            async with asyncio.timeout(time_limit):
                how = {"contextId": await self._id(), "awaitPromise": True, "returnByValue": True}
                answer = await self._send("Runtime.evaluate", {"expression": expression, **how}, time_limit=time_limit)
        except ProtocolError as error:
            if any(sign in str(error) for sign in _GONE):
                self.forget()
                raise PageMoved from error
            raise PageError(f"The browser could not read the page: {error}") from error
        if "exceptionDetails" in answer:
            raise PageError(f"The page could not be read: {_first_line(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    async def _id(self) -> int:
        if self._context is None:
            named = {"frameId": self._frame_id, "worldName": _NAME}
            self._context = int((await self._send("Page.createIsolatedWorld", named))["executionContextId"])
        return self._context

    async def _interrupt(self) -> None:
        if self._interrupted:
            raise PageError("The page does not react: its scripts run without end.")
        self._interrupted = True
        self._warnings.append("A script of the page ran without end and was stopped.")
        with suppress(ProtocolError, TimeoutError):
            await self._send("Runtime.terminateExecution", time_limit=3.0)


class PageMoved(Exception):
    """The page went elsewhere while it was being read."""


def _first_line(details: Params) -> str:
    text = details.get("exception", {}).get("description") or details.get("text", "unknown error")
    return str(text).splitlines()[0][:200]
