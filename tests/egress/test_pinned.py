from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult

from jobserver.egress.pinned import PinnedConnector, PinnedResolver
from jobserver.errors import UrlRefused
from tests.egress.servers import RawServer, Site


class Lying(PinnedResolver):
    """Says 127.0.0.1 for every name, whatever was pinned: the rebinding that the peer check is there for."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        honest = await super().resolve(host, port, family)
        return [ResolveResult({**result, "host": "127.0.0.1"}) for result in honest]


async def test_the_resolver_knows_only_what_was_pinned() -> None:
    pins = PinnedResolver()
    pins.pin("site.example", 443, ("1.1.1.1", "2606:4700::1"))
    assert [result["host"] for result in await pins.resolve("site.example", 443)] == ["1.1.1.1", "2606:4700::1"]
    assert [result["host"] for result in await pins.resolve("site.example", 443, socket.AF_INET)] == ["1.1.1.1"]
    for host, port in (("site.example", 80), ("www.site.example", 443), ("localhost", 443)):
        with pytest.raises(UrlRefused):
            await pins.resolve(host, port)


async def test_the_first_pin_stays() -> None:
    pins = PinnedResolver()
    pins.pin("site.example", 443, ("1.1.1.1",))
    pins.pin("site.example", 443, ("9.9.9.9",))
    assert pins.pinned("site.example", 443) == ("1.1.1.1",)


async def test_closing_forgets_the_pins() -> None:
    pins = PinnedResolver()
    pins.pin("site.example", 443, ("1.1.1.1",))
    await pins.close()
    assert pins.pinned("site.example", 443) == ()


async def test_a_connection_to_an_unchecked_peer_is_dropped_before_a_byte_is_sent(raw_server: RawServer) -> None:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read())

    port = int((await raw_server(listen)).rpartition(":")[2])
    pins = Lying()
    pins.pin("site.example", port, ("127.0.0.2",))
    async with aiohttp.ClientSession(connector=PinnedConnector(pins)) as session:
        with pytest.raises(UrlRefused) as refused:
            await session.get(f"http://site.example:{port}/")
    assert refused.value.stage == "peer"
    assert await heard == b""


async def test_a_host_that_was_never_pinned_is_not_connected_to(packets: list[str]) -> None:
    async with aiohttp.ClientSession(connector=PinnedConnector(PinnedResolver())) as session:
        with pytest.raises(UrlRefused):
            await session.get("http://localhost:1/")
    assert packets == []


async def test_a_connection_to_the_pinned_peer_is_used(site: Site) -> None:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    port = int((await site({"/": hello})).rpartition(":")[2])
    pins = PinnedResolver()
    pins.pin("site.example", port, ("127.0.0.1",))
    async with (
        aiohttp.ClientSession(connector=PinnedConnector(pins)) as session,
        session.get(f"http://site.example:{port}/") as response,
    ):
        assert await response.text() == "hello"
