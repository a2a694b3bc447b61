"""Runs the application on sockets; what cannot even be read as a request is refused in the one error shape as well."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import AsyncExitStack

from aiohttp import web
from aiohttp.http import HttpVersion10, HttpVersion11

from jobserver.errors import InvalidRequest
from jobserver.logs import REQUEST_ID
from jobserver.web.connections.acceptor import Acceptor
from jobserver.web.connections.connection import Connection, refusal
from jobserver.web.connections.heads import fault_of, goes_on
from jobserver.web.connections.house import House
from jobserver.web.connections.limits import ConnectionLimits
from jobserver.web.keys import METER
from jobserver.web.request_log import request_id


class Runner(web.AppRunner):
    """An `aiohttp.web.AppRunner` whose peers have ``limits``. It keeps no access log: the application has its own."""

    def __init__(
        self, app: web.Application, limits: ConnectionLimits | None = None, *, shutdown_timeout: float
    ) -> None:
        super().__init__(app, shutdown_timeout=shutdown_timeout)
        self._house = House(limits or ConnectionLimits(), app[METER])
        self._closing = AsyncExitStack()

    async def setup(self) -> None:
        """Start the application."""
        await super().setup()
        await self._closing.enter_async_context(self._house)

    async def cleanup(self) -> None:
        """Close every connection, then stop the application."""
        try:
            await super().cleanup()
        finally:
            await self._closing.aclose()

    async def listen(self, bound: socket.socket) -> None:
        """Take connections from the socket, which is closed in the end."""
        await _Site(self, bound, self._house).start()

    async def _make_server(self) -> web.Server:
        # aiohttp has no other way to say which class speaks with a client.
        made = await super()._make_server()
        return _Server(made, self._house)


class _Server(web.Server):
    def __init__(self, made: web.Server, house: House) -> None:
        self._house = house
        self._handle = made.request_handler
        super().__init__(self._checked, request_factory=made.request_factory)

    async def serve(self, arrived: socket.socket, holder: str) -> None:
        """Speak with whoever is at the other end."""
        connection = Connection(self._house, self, holder)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, arrived)
        except (OSError, asyncio.CancelledError):  # it has gone already, or we are
            if not connection.made:
                self._house.leave(holder)
                arrived.close()

    def _checked(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        message = request._message  # noqa: SLF001 - the request itself hides the target as it was sent
        fault = fault_of(message)
        if fault is None and not message.upgrade and not request.protocol.writing_paused:
            return self._handle(request)  # as nearly always: no step is added to these
        return self._answer(request) if fault is None else self._refuse(request, fault)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        # Who asks on without reading the answers would fill our memory with them.
        connection = request.protocol
        if connection.writing_paused and isinstance(connection, Connection):
            await connection.until_read()
        response = await self._handle(request)
        if not goes_on(request._message):  # noqa: SLF001 - as above
            response.force_close()
        return response

    async def _refuse(self, request: web.BaseRequest, fault: str) -> web.StreamResponse:
        REQUEST_ID.set(request_id())  # in the context of this one answer
        asked = request._message.version  # noqa: SLF001 - the request would keep it for its answer
        request._version = min(max(asked, HttpVersion10), HttpVersion11)  # noqa: SLF001 - which is in a version we speak
        self._house.note_refused(fault, InvalidRequest.code)
        return refusal(InvalidRequest(fault), "/")


class _Site(web.BaseSite):
    """The place where aiohttp looks for what it has to close."""

    def __init__(self, runner: Runner, bound: socket.socket, house: House) -> None:
        super().__init__(runner)
        self._bound = bound
        self._house = house

    @property
    def name(self) -> str:
        """Where it listens."""
        return str(self._bound.getsockname())

    async def start(self) -> None:
        await super().start()
        server = self._runner.server
        assert isinstance(server, _Server)  # noqa: S101 - as `Runner` made it
        self._acceptor = Acceptor(self._bound, self._house, server.serve)
        self._server = self._acceptor  # type: ignore[assignment] # aiohttp asks it for `sockets`, and to `close`

    async def stop(self) -> None:
        await super().stop()
        await self._acceptor.wait_closed()
