"""How long a peer may take to say what it wants."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jobserver.auth.addresses import parse_proxies
from jobserver.web.connections.connection import MOST_OF_HEAD
from jobserver.web.connections.limits import ConnectionLimits
from tests.make import until
from tests.web.connections.door import HEALTH, Peer, door

QUICK = ConnectionLimits(head_within=0.2)
IMPATIENT = ConnectionLimits(idle=0.2, idle_proxy=0.2)


async def _drip(peer: Peer, data: bytes) -> None:
    """A byte now and then, until the server has enough: time is the subject."""
    for byte in data:
        peer.writer.write(bytes([byte]))
        await asyncio.sleep(0.02)


async def test_a_head_that_drips_is_answered_408_in_the_one_shape_and_counted():
    async with door(QUICK) as server:
        peer = await server.knock(b"GET /health HTTP/1.1\r\nX: ")
        dripping = asyncio.ensure_future(_drip(peer, b"x" * 500))
        status, problem = await peer.answer()
        assert await peer.heard() == b""
        dripping.cancel()
        assert (status, problem["ok"], problem["code"]) == (408, False, "request_timeout")
        assert server.meter.cut == {"head": 1}
        assert server.meter.requests["none", "other", 408] == 1
        await until(lambda: server.meter.connections == 0)


async def test_a_connection_that_says_nothing_is_closed_without_a_word():
    async with door(QUICK) as server:
        assert await (await server.knock()).heard() == b""
        assert server.meter.cut == {"silence": 1}


async def test_the_second_request_of_a_connection_has_the_same_deadline_from_its_first_byte_on():
    async with door(QUICK) as server:
        peer = await server.knock(HEALTH)
        assert await peer.answer() == (200, {"ok": True})
        await asyncio.sleep(0.5)  # the connection may idle for longer than a head may take
        assert not peer.reader.at_eof()
        peer.writer.write(HEALTH[:-3])
        assert (await peer.answer())[0] == 408


async def test_a_head_that_begins_behind_a_whole_request_has_a_deadline_as_well():
    async with door(QUICK) as server:
        peer = await server.knock(HEALTH + HEALTH[:-3])
        assert await peer.answer() == (200, {"ok": True})
        assert (await peer.answer())[0] == 408
        assert await peer.heard() == b""
        assert server.meter.cut == {"head": 1}


async def test_a_connection_that_was_looked_at_while_it_idled_is_as_good_as_before():
    async with door(QUICK) as server:
        peer = await server.knock(HEALTH)
        assert await peer.answer() == (200, {"ok": True})
        await until(lambda: not server.looked_after())
        peer.writer.write(HEALTH)
        assert await peer.answer() == (200, {"ok": True})
        assert not server.meter.cut


async def test_a_head_in_pieces_that_is_in_time_is_a_request_like_any():
    async with door(ConnectionLimits(head_within=30)) as server:
        peer = await server.knock()
        await _drip(peer, HEALTH)
        assert (await peer.answer())[0] == 200
        assert not server.meter.cut


async def test_a_head_that_grows_without_an_end_is_refused_before_it_fills_the_memory():
    async with door() as server:
        peer = await server.knock(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        line = b"X: " + b"x" * 8_000 + b"\r\n"
        for _ in range(MOST_OF_HEAD // len(line) + 1):
            peer.writer.write(line)
            await peer.writer.drain()
            await asyncio.sleep(0.005)  # so that it comes in pieces
        status, problem = await peer.answer()
        assert (status, problem["code"]) == (400, "invalid_request")
        assert server.meter.requests["none", "other", 400] == 1


async def test_a_body_that_drips_is_answered_408():
    async with door(body_timeout=0.2) as server:
        peer = await server.knock(
            b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nx-cliq-signature: x\r\nContent-Length: 500\r\n\r\n"
        )
        dripping = asyncio.ensure_future(_drip(peer, b"x" * 500))
        assert (await peer.answer())[0] == 408
        dripping.cancel()
        assert await peer.heard() == b""


@pytest.mark.parametrize("where", ["port", "unix"])
async def test_a_connection_that_asks_nothing_more_is_closed(where: str, tmp_path: Path):
    async with door(IMPATIENT, tmp_path / "socket" if where == "unix" else None) as server:
        peer = await server.knock(HEALTH)
        assert await peer.answer() == (200, {"ok": True})
        assert await peer.heard() == b""


async def test_a_trusted_proxy_may_keep_its_connections_for_longer():
    async with door(ConnectionLimits(idle=0.2, trusted=parse_proxies(["loopback"]))) as server:
        peer = await server.knock(HEALTH)
        await peer.answer()
        await asyncio.sleep(0.5)  # longer than others may idle
        peer.writer.write(HEALTH)
        assert await peer.answer() == (200, {"ok": True})


async def test_the_deadlines_hold_on_a_unix_socket_as_well(tmp_path: Path):
    async with door(QUICK, tmp_path / "socket") as server:
        assert server.address.startswith("unix:")
        assert await (await server.knock()).heard() == b""
        assert (await (await server.knock(b"GET /")).answer())[0] == 408
