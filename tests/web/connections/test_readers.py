"""Peers that ask and do not read, and peers that have vanished."""

from __future__ import annotations

import asyncio
import socket

import pytest

from jobserver.web.connections.limits import ConnectionLimits
from tests.make import until
from tests.web.connections.door import HEALTH, Door, door

LARGE = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def _deaf(server: Door, sent: bytes) -> socket.socket:
    """A connection of little room that asks and does not read."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, ("127.0.0.1", int(server.address.rpartition(":")[2])))
    await loop.sock_sendall(deaf, sent)
    return deaf


async def test_a_peer_that_reads_nothing_is_let_go():
    async with door(ConnectionLimits(read_within=0.5)) as server:
        with await _deaf(server, LARGE * 30):
            await until(lambda: server.meter.cut == {"unread": 1})
            await until(lambda: server.meter.connections == 0)


async def test_a_peer_that_reads_slowly_is_not():
    async with door(ConnectionLimits(read_within=0.4)) as server:
        with await _deaf(server, LARGE * 30) as slow:
            loop = asyncio.get_running_loop()
            for _ in range(40):
                assert await loop.sock_recv(slow, 16_384)
                await asyncio.sleep(0.04)  # slowly, which is the subject
            assert not server.meter.cut


async def test_answers_that_nobody_reads_do_not_pile_up():
    async with door() as server:
        with await _deaf(server, LARGE * 200):
            route = "/openapi.json", "GET", 200
            await until(lambda: server.meter.requests[route] >= 3)
            await _standstill(server, route)
            assert server.meter.requests[route] < 30
            assert server.unread() < 300_000


async def _standstill(server: Door, route: tuple[str, str, int]) -> None:
    """Until others are served many times, and this one's requests not at all."""
    before = -1
    while before != server.meter.requests[route]:
        before = server.meter.requests[route]
        for _ in range(20):
            await (await server.knock(HEALTH)).answer()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
async def test_the_system_ends_connections_whose_peers_have_vanished():
    async with door() as server:
        await (await server.knock(HEALTH)).answer()
        accepted = server.accepted()
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        probes = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT)
        every = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL)
        assert idle + probes * every <= 40
