"""The Chrome DevTools Protocol over one WebSocket: commands with answers, and events by session."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from jobserver.errors import BrowserCrashed, PageTooLarge
from jobserver.extract.browser.scope import scope

Params = dict[str, Any]
Handler = Callable[[str, Params], None]
"""(method, params) of an event. It must not block; an exception ends the connection's block."""

Send = Callable[..., Awaitable[Params]]
"""(method, params) of a command; see `Connection.send`."""

MAX_MESSAGE = 64_000_000
"""Bytes in one message: a capture is bounded far below this. What a page sends and receives is in messages too."""


class ProtocolError(Exception):
    """The browser refused a command."""


class Connection:
    """One connection to the browser, with any number of flat sessions on it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Params]] = {}
        self._handlers: dict[str | None, Handler] = {}
        self._lost = False

    async def send(
        self, method: str, params: Params | None = None, session_id: str | None = None, *, time_limit: float = 10.0
    ) -> Params:
        """Give a command and return its result.

        ``time_limit``: seconds to wait for the answer. Raises ProtocolError when the browser refuses the command,
        TimeoutError when it does not answer, and BrowserCrashed when the connection is lost.
        """
        if self._lost:
            raise BrowserCrashed
        number = next(self._ids)
        message: Params = {"id": number, "method": method, "params": params or {}}
        if session_id is not None:
            message["sessionId"] = session_id
        answer: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(time_limit):
                await self._socket.send_str(json.dumps(message))
                return await answer
        except ConnectionError as error:
            raise BrowserCrashed from error
        finally:
            self._waiting.pop(number, None)

    def listen(self, session_id: str | None, handler: Handler) -> None:
        """Let ``handler`` have every event of a session; None is the browser itself."""
        self._handlers[session_id] = handler

    def ignore(self, session_id: str | None) -> None:
        """Hear no more of a session."""
        self._handlers.pop(session_id, None)

    async def read(self) -> None:
        """Hand out what the browser says until the connection ends, then raise BrowserCrashed to everyone waiting.

        Raises PageTooLarge when it ends because of a message that only a page can have made so large: that is no crash,
        after which all the other pages in the browser are given up as well.
        """
        try:
            async for message in self._socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                self._dispatch(json.loads(message.data))
        finally:
            self._lose()
        if self._socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            raise PageTooLarge("The page sends or receives too much at once.")
        raise BrowserCrashed

    def _dispatch(self, message: Params) -> None:
        if "id" in message:
            self._answer(message)
        elif handler := self._handlers.get(message.get("sessionId")):
            handler(message["method"], message.get("params", {}))

    def _answer(self, message: Params) -> None:
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            return
        if error := message.get("error"):
            answer.set_exception(ProtocolError(error.get("message", "unknown error")))
        else:
            answer.set_result(message.get("result", {}))

    def _lose(self) -> None:
        self._lost = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(BrowserCrashed())


@asynccontextmanager
async def connect(ws_url: str) -> AsyncIterator[Connection]:
    """A connection to the browser at ``ws_url``. Losing it ends the block with BrowserCrashed."""
    async with aiohttp.ClientSession() as client:
        try:
            socket = await client.ws_connect(ws_url, max_msg_size=MAX_MESSAGE, compress=0)
        except (aiohttp.ClientError, OSError) as error:
            raise BrowserCrashed("The browser could not be reached.") from error
        async with socket, scope() as spawn:
            connection = Connection(socket)
            spawn(connection.read())
            yield connection
