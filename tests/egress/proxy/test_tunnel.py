"""CONNECT: bytes both ways, to admitted places only, and an end to everything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from tests.egress.proxy.talking import Ask, Connect, Proxied, Refused, connect_to, echo, reset, silence
from tests.egress.servers import RawServer

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


async def test_bytes_pass_both_ways_as_they_are(proxied: Proxied, talk: Connect, raw_server: RawServer):
    origin = await raw_server(echo)
    client = await talk(await proxied(origin))
    client.say(connect_to(origin) + "early")
    assert await client.reader.readexactly(len(ESTABLISHED) + 5) == ESTABLISHED + b"early"
    for said in (b"\x16\x03\x01\x00\xff", b"GET / HTTP/1.1\r\n\r\n", bytes(300_000)):
        client.say(said)
        assert await client.reader.readexactly(len(said)) == said


async def test_a_name_leads_to_the_address_that_was_checked(proxied: Proxied, talk: Connect, raw_server: RawServer):
    origin = (await raw_server(echo)).replace("127.0.0.1", "site.example")
    client = await talk(await proxied(origin))
    client.say(connect_to(origin) + "x")
    assert await client.reader.readexactly(len(ESTABLISHED) + 1) == ESTABLISHED + b"x"


async def test_a_side_that_has_finished_still_hears_the_other(proxied: Proxied, talk: Connect, raw_server: RawServer):
    async def answer_at_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"heard " + await reader.read())
        await writer.drain()

    origin = await raw_server(answer_at_the_end)
    client = await talk(await proxied(origin))
    client.say(connect_to(origin) + "all")
    client.writer.write_eof()
    assert await client.rest() == ESTABLISHED + b"heard all"


@pytest.mark.parametrize(
    "authority",
    [
        "169.254.169.254:80",
        "127.0.0.1:22",
        "[::1]:443",
        "localhost:443",
        "10.0.0.1:443",
        "0x7f.1:80",
        "site.example:25",
    ],
)
async def test_a_refused_place_is_not_connected_to(authority: str, refused: Refused):
    answer, noted = await refused(Resolver(), f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(b"\r\n\r\nThis address is not allowed.\n"), "not why: that would map our network"
    assert noted == [f"https://{authority}/"]


async def test_a_name_with_one_private_address_is_not_connected_to(refused: Refused):
    async def mixed(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.215.14", "10.0.0.1"]

    answer, _ = await refused(Resolver(mixed), "CONNECT site.example:443 HTTP/1.1\r\nHost: site.example\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 403 ")


async def test_what_the_gate_admitted_before_is_not_looked_up_again(
    proxied: Proxied, talk: Connect, raw_server: RawServer
):
    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return [answers.pop(0)]

    answers = ["127.0.0.1", "127.0.0.2"]
    origin = (await raw_server(echo)).replace("127.0.0.1", "site.example")
    gate = Gate(UrlPolicy(private_targets=frozenset({origin.split("://")[1]})), Resolver(rebinding))
    await gate.admit(f"{origin}/by-interception")
    client = await talk(await proxied(gate=gate))
    client.say(connect_to(origin))
    assert await client.status() == 200
    assert answers == ["127.0.0.2"]


async def test_a_connection_that_reached_another_address_is_dropped_before_a_byte_is_sent(
    proxied: Proxied, ask: Ask, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
):
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read())

    async def elsewhere(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2"]

    port = (await raw_server(listen)).rpartition(":")[2]
    info = "jobserver.egress.proxy.connecting._info"
    monkeypatch.setattr(info, lambda _address, port: (2, 1, 6, "", ("127.0.0.1", port)))
    policy = UrlPolicy(private_targets=frozenset({f"site.example:{port}"}))
    gate = Gate(policy, Resolver(elsewhere))
    answer = await ask(await proxied(gate=gate), connect_to(f"http://site.example:{port}"))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert gate.refusals.lines() == [f"Refused, peer: https://site.example:{port}/"]
    assert await heard == b""


async def test_a_server_that_is_not_there_is_a_bad_gateway(proxied: Proxied, ask: Ask, unused_tcp_port: int):
    origin = f"http://127.0.0.1:{unused_tcp_port}"
    answer = await ask(await proxied(origin), connect_to(origin))
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"127.0.0.1" not in answer


async def test_a_name_that_is_not_there_is_a_bad_gateway(proxied: Proxied, ask: Ask):
    async def nothing(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    gate = Gate(UrlPolicy(), Resolver(nothing))
    answer = await ask(await proxied(gate=gate), "CONNECT site.example:443 HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert gate.refusals.count == 0


async def test_a_server_that_does_not_take_the_connection_is_a_time_out(
    proxied: Proxied, ask: Ask, monkeypatch: pytest.MonkeyPatch
):
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("jobserver.egress.proxy.connecting.start_connection", never)
    answer = await ask(await proxied("http://127.0.0.1:1", connect_time=0.05), connect_to("http://127.0.0.1:1"))
    assert answer.startswith(b"HTTP/1.1 504 Gateway Timeout\r\n")


async def test_a_tunnel_through_which_nothing_comes_is_cut(proxied: Proxied, talk: Connect, raw_server: RawServer):
    origin = await raw_server(silence)
    client = await talk(await proxied(origin, idle_time=0.05))
    client.say(connect_to(origin))
    assert await client.status() == 200
    assert await client.is_cut()


async def test_bytes_in_one_direction_keep_a_tunnel_open(proxied: Proxied, talk: Connect, raw_server: RawServer):
    enough = asyncio.Event()

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(20)
        enough.set()
        writer.write(b"enough")
        await writer.drain()

    origin = await raw_server(count)
    client = await talk(await proxied(origin, idle_time=0.5))
    client.say(connect_to(origin))
    assert await client.status() == 200
    for _ in range(20):  # a second in all, twice the idle time
        client.say("x")
        await asyncio.sleep(0.05)
    assert await client.reader.readexactly(6) == b"enough"


async def test_a_lost_server_is_a_lost_tunnel(proxied: Proxied, talk: Connect, raw_server: RawServer):
    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        reset(writer)

    origin = await raw_server(slam)
    client = await talk(await proxied(origin))
    client.say(connect_to(origin) + "x")
    assert await client.status() == 200
    assert await client.is_cut()


async def test_a_browser_that_leaves_takes_the_connection_with_it(
    proxied: Proxied, talk: Connect, raw_server: RawServer
):
    gone = asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await reader.read()
        gone.set()

    origin = await raw_server(watch)
    client = await talk(await proxied(origin))
    client.say(connect_to(origin))
    await client.reader.readexactly(len(ESTABLISHED) + 5)
    reset(client.writer)
    await gone.wait()


async def test_no_more_is_read_than_the_other_side_takes(proxied: Proxied, talk: Connect, raw_server: RawServer):
    """A browser that does not read holds the server up, not megabytes in our memory."""

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(bytes(65_536))
            await writer.drain()

    origin = await raw_server(flood)
    proxy = await proxied(origin, max_bytes=1 << 40, idle_time=0.3)
    client = await talk(proxy)
    transport: Any = client.writer.transport
    transport.pause_reading()
    client.say(connect_to(origin))
    seen = -1
    while proxy.bytes_used != seen:  # until nothing moves any more
        seen = proxy.bytes_used
        await asyncio.sleep(0.1)  # no event says that nothing moves
    assert seen < 16_000_000, "what the system's buffers hold"
