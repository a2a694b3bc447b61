"""Connections that go to checked addresses only, whatever DNS says by then."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.tracing import Trace

from jobserver.errors import UrlRefused


class PinnedResolver(AbstractResolver):
    """Answers aiohttp with the addresses pinned for a host and port, and refuses every other."""

    def __init__(self) -> None:
        self._addresses: dict[tuple[str, int], tuple[str, ...]] = {}

    def pin(self, host: str, port: int, addresses: tuple[str, ...]) -> None:
        """Use these checked ``addresses`` for ``host`` from now on; the first pin stays."""
        self._addresses.setdefault((host, port), addresses)

    def pinned(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of ``host``; empty when it has not been pinned."""
        return self._addresses.get((host, port), ())

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The pinned addresses of ``family``, in aiohttp's shape. Raises UrlRefused with stage ``resolve``."""
        addresses = self.pinned(host, port)
        if not addresses:
            raise UrlRefused(stage="resolve", url=host)
        results = [_result(host, address, port) for address in addresses]
        return [result for result in results if family in (socket.AF_UNSPEC, result["family"])]

    async def close(self) -> None:
        """Forget all pins."""
        self._addresses.clear()


class PinnedConnector(aiohttp.TCPConnector):
    """A connector that looks nothing up and asks the socket itself whom it reached, before a byte is sent."""

    def __init__(self, pins: PinnedResolver) -> None:
        super().__init__(resolver=pins, use_dns_cache=False, limit=6)
        self._pins = pins

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> aiohttp.connector.Connection:
        """A connection whose peer is one of the pinned addresses. Raises UrlRefused with stage ``peer``."""
        connection = await super().connect(req, traces, timeout)
        try:
            self._check_peer(connection, req)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_peer(self, connection: aiohttp.connector.Connection, req: aiohttp.ClientRequest) -> None:
        transport = connection.transport
        peer = transport.get_extra_info("peername") if transport else None
        if peer is None:
            raise aiohttp.ClientConnectionError("closed at once")
        pinned = self._pins.pinned(req.url.raw_host or "", req.url.port or 0)
        if ip_address(peer[0]) not in map(ip_address, pinned):
            raise UrlRefused(stage="peer", url=str(req.url))


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
