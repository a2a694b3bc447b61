"""The proxy as a whole: how much it takes, and what is left of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.proxy import FilteringProxy, ProxyLimits
from jobserver.egress.resolver import Resolver
from tests.egress.proxy.talking import Ask, Connect, Proxied, connect_to, echo, flood
from tests.egress.servers import RawServer
from tests.make import until


def open_sockets() -> int:
    links = [each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return sum(str(each).startswith("socket:") for each in links)


async def connecting_is_refused(proxy: FilteringProxy) -> None:
    host, port = proxy.address.split(":")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))


async def test_bytes_of_both_directions_and_all_connections_count(
    proxied: Proxied, talk: Connect, raw_server: RawServer
):
    origin = await raw_server(echo)
    proxy = await proxied(origin)
    for _ in range(2):
        client = await talk(proxy)
        client.say(connect_to(origin) + "x" * 10_000)
        assert await client.status() == 200
        await client.reader.readexactly(10_000)
    assert proxy.bytes_used == 2 * (20_000 + len(connect_to(origin)))
    assert not proxy.exceeded.is_set()


async def test_a_page_that_has_had_its_bytes_is_cut_off_everywhere(
    proxied: Proxied, talk: Connect, raw_server: RawServer
):
    quiet, loud = await raw_server(echo), await raw_server(flood)
    proxy = await proxied(quiet, loud, max_bytes=1_000_000)
    clients = [await talk(proxy) for _ in range(3)]
    for client, origin in zip(clients, (quiet, quiet, loud), strict=True):
        client.say(connect_to(origin))
        assert await client.status() == 200
    for client in clients:
        assert await client.is_cut()
    assert proxy.exceeded.is_set()
    assert 1_000_000 < proxy.bytes_used <= 1_000_000 + 65_536, "stopped within one piece"
    await connecting_is_refused(proxy)


async def test_an_endless_body_is_cut_off_at_the_limit(proxied: Proxied, ask: Ask, raw_server: RawServer):
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await flood(reader, writer)

    origin = await raw_server(endless)
    proxy = await proxied(origin, max_bytes=1_000_000)
    assert len(await ask(proxy, f"GET {origin}/ HTTP/1.1\r\nHost: x\r\n\r\n")) <= 1_000_100
    assert proxy.exceeded.is_set()


async def test_what_the_browser_sends_counts_too(proxied: Proxied, talk: Connect, raw_server: RawServer):
    async def swallow(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass

    origin = await raw_server(swallow)
    proxy = await proxied(origin, max_bytes=1_000_000)
    client = await talk(proxy)
    client.say(connect_to(origin))
    client.say(bytes(1_100_000))
    await proxy.exceeded.wait()


async def test_no_more_connections_at_once_than_allowed_and_the_next_waits(
    proxied: Proxied, talk: Connect, raw_server: RawServer
):
    origin = await raw_server(echo)
    proxy = await proxied(origin, max_connections=2)
    first, second, third = [await talk(proxy) for _ in range(3)]
    for client in (first, second, third):
        client.say(connect_to(origin) + "x")
    for client in (first, second):
        assert await client.status() == 200
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(third.reader.readexactly(1), 0.1)
    first.writer.close()
    assert await third.status() == 200


async def test_after_so_many_connections_in_all_none_is_taken(proxied: Proxied, ask: Ask):
    proxy = await proxied(max_connections_in_all=3)
    for _ in range(3):
        assert (await ask(proxy, "x\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
    await connecting_is_refused(proxy)
    assert not proxy.exceeded.is_set()


async def test_a_connection_on_which_nothing_is_asked_is_given_up(proxied: Proxied, talk: Connect):
    client = await talk(await proxied(head_time=0.05))
    assert await client.is_cut()


async def test_closing_leaves_no_socket_and_no_task(talk: Connect, raw_server: RawServer):
    """Connections in every state: none of them outlives the proxy."""
    loud, quiet = await raw_server(flood), await raw_server(echo)
    private = frozenset(origin.split("://")[1] for origin in (loud, quiet))
    tasks, sockets = asyncio.all_tasks(), open_sockets()
    async with FilteringProxy(Gate(UrlPolicy(private_targets=private), Resolver()), ProxyLimits()) as proxy:
        said = ["", "GET http://half", connect_to(loud), connect_to(quiet), f"GET {quiet}/ HTTP/1.1\r\nHost: x\r\n\r\n"]
        clients = [await talk(proxy) for _ in said]
        for client, text in zip(clients, said, strict=True):
            client.say(text)
        for client in clients[2:4]:
            assert await client.status() == 200
    for client in clients:
        await client.rest()
        client.writer.close()
    await until(lambda: asyncio.all_tasks() <= tasks)
    await until(lambda: open_sockets() <= sockets)
    await connecting_is_refused(proxy)


async def test_a_visit_that_is_cancelled_takes_its_proxy_with_it(raw_server: RawServer):
    origin = await raw_server(flood)
    before = open_sockets()
    proxy = FilteringProxy(Gate(UrlPolicy(private_targets=frozenset({origin.split("://")[1]})), Resolver()))
    running = asyncio.Event()

    async def visit() -> None:
        async with proxy:
            host, port = proxy.address.split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(connect_to(origin).encode())
            await reader.readuntil(b"\r\n\r\n")
            running.set()
            try:
                await asyncio.Event().wait()
            finally:
                writer.transport.abort()

    task = asyncio.ensure_future(visit())
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: open_sockets() <= before)
    await connecting_is_refused(proxy)


async def test_each_proxy_has_a_port_of_its_own(proxied: Proxied):
    one, two = await proxied(), await proxied()
    assert one.address != two.address
    assert one.address.startswith("127.0.0.1:")


async def test_a_hundred_requests_at_once_all_get_their_own_answer(proxied: Proxied, ask: Ask, raw_server: RawServer):
    async def say_path(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))
        await writer.drain()

    origin = await raw_server(say_path)
    proxy = await proxied(origin)
    answers = await asyncio.gather(
        *(ask(proxy, f"GET {origin}/{number} HTTP/1.1\r\nHost: x\r\n\r\n") for number in range(100))
    )
    assert [answer.rpartition(b"\r\n\r\n")[2] for answer in answers] == [b"/%d" % number for number in range(100)]
