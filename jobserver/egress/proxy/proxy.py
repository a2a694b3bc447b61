"""The proxy itself: a port of 127.0.0.1, and the owner of all its connections."""

from __future__ import annotations

import asyncio
import socket
from typing import Self

from jobserver.egress.gate import Admitted, Gate
from jobserver.egress.policy import MAX_URL
from jobserver.egress.proxy.answers import BadHead, Declined, bad_request, refused, too_slow, unreachable
from jobserver.egress.proxy.connecting import connect
from jobserver.egress.proxy.forward import forward
from jobserver.egress.proxy.head import REQUEST_END, Request, parse_request
from jobserver.egress.proxy.meter import Exhausted, Meter, ProxyLimits
from jobserver.egress.proxy.tunnel import tunnel
from jobserver.egress.proxy.wire import Wire
from jobserver.errors import PageUnreachable, UrlRefused

_BREATH = 0.05


class FilteringProxy:
    """A proxy for one visit, which lets through what ``gate`` admits, to the addresses that it names.

    Use it as ``async with``: afterwards nothing of it is left. It takes CONNECT (RFC 9110, 9.3.6) and plain requests
    in absolute form (RFC 9112, 3.2.2), one on each connection. What it turns away is in ``gate.refusals``.

    ``address``: ``127.0.0.1:port``, a port of the system's choice. ``exceeded``: set when more than
    ``limits.max_bytes`` have come; then all connections are cut and none is taken. ``declined``: URL, of a tunnel
    ``https://host:port/``, to what it was told last in place of an answer; a browser shows little of that.
    """

    def __init__(self, gate: Gate, limits: ProxyLimits | None = None) -> None:
        self._gate = gate
        self._limits = limits or ProxyLimits()
        self._meter = Meter(self._limits.max_bytes)
        self.exceeded = self._meter.exceeded
        self.declined: dict[str, Declined] = {}

    async def __aenter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=self._limits.max_connections)
        self._listener.setblocking(False)
        host, port = self._listener.getsockname()
        self.address = f"{host}:{port}"
        self._running = asyncio.get_running_loop().create_task(self._run(), name="proxy")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        try:
            await asyncio.wait({self._running})
        finally:
            self._listener.close()
        if not self._running.cancelled() and (error := self._running.exception()):
            raise error

    @property
    def bytes_used(self) -> int:
        """Of ``max_bytes``."""
        return self._meter.used

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                await self._accept(group)
        except* Exhausted:  # whichever connection noticed, it took the others with it
            pass
        finally:
            self._listener.close()

    async def _accept(self, group: asyncio.TaskGroup) -> None:
        places = asyncio.Semaphore(self._limits.max_connections)
        for _ in range(self._limits.max_connections_in_all):
            await places.acquire()
            client = Wire(await self._next(), self._meter)
            group.create_task(self._serve(client)).add_done_callback(lambda _: places.release())
        self._listener.close()

    async def _next(self) -> socket.socket:
        while True:
            try:
                return (await asyncio.get_running_loop().sock_accept(self._listener))[0]
            except OSError:  # gone before it was taken, or no descriptor is free
                await asyncio.sleep(_BREATH)

    async def _serve(self, client: Wire) -> None:
        try:
            await self._converse(client)
            await client.part()
            client.close()
        except OSError:
            pass  # one side is gone, or too slow
        finally:
            client.abort()  # after a proper end it does nothing

    async def _converse(self, client: Wire) -> None:
        try:
            await self._exchange(client)
        except Declined as declined:
            await client.send(declined.encode())

    async def _exchange(self, client: Wire) -> None:
        request = await self._request(client)
        try:
            await self._carry_out(request, client)
        except Declined as declined:
            if len(request.url) <= MAX_URL:
                self.declined[request.url] = Declined(declined.status, declined.sentence)  # without what it holds
            raise

    async def _carry_out(self, request: Request, client: Wire) -> None:
        admitted = await self._admit(request)
        server = await self._reach(admitted)
        try:
            if request.is_tunnel:
                await tunnel(client, server, self._limits.idle_time)
            else:
                await forward(request, admitted.target, client, server, self._limits)
        finally:
            server.close()

    async def _request(self, client: Wire) -> Request:
        try:
            async with asyncio.timeout(self._limits.head_time):
                return parse_request(await client.receive_head(REQUEST_END, self._limits.head_bytes))
        except BadHead:
            raise bad_request() from None

    async def _admit(self, request: Request) -> Admitted:
        try:
            return await self._gate.admit(request.url)
        except UrlRefused:
            raise refused() from None
        except PageUnreachable:
            raise unreachable() from None

    async def _reach(self, admitted: Admitted) -> Wire:
        try:
            return Wire(await connect(admitted, self._limits.connect_time), self._meter)
        except UrlRefused as elsewhere:
            self._gate.refusals.note(elsewhere.url, elsewhere.stage)
            raise refused() from None
        except TimeoutError:
            raise too_slow() from None
        except OSError:
            raise unreachable() from None
