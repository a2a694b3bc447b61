"""A proxy that lets nobody go but to the servers of the test, and a client that says what it likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.proxy import FilteringProxy, ProxyLimits
from jobserver.egress.resolver import Resolver
from tests.egress.proxy.talking import Ask, Connect, Proxied, Refused, Talk
from tests.egress.servers import loopback


@pytest.fixture
async def proxied() -> AsyncIterator[Proxied]:
    """``await proxied(origin, …, max_bytes=…)``: a proxy that leads to these origins, by whatever name, within limits.

    Afterwards no task of it may be left.
    """
    before = asyncio.all_tasks()
    async with AsyncExitStack() as stack:

        async def start(*origins: str, gate: Gate | None = None, **limits: float) -> FilteringProxy:
            private = frozenset(origin.split("://")[1] for origin in origins)
            gate = gate or Gate(UrlPolicy(private_targets=private), Resolver(loopback))
            proxy = FilteringProxy(gate, ProxyLimits(**limits))  # type: ignore[arg-type]  # bytes are whole numbers
            return await stack.enter_async_context(proxy)

        yield start
    assert [task for task in asyncio.all_tasks() - before if "proxy" in repr(task.get_coro())] == []


@pytest.fixture
async def talk() -> AsyncIterator[Connect]:
    """``await talk(proxy)`` connects to it."""
    async with AsyncExitStack() as stack:
        yield lambda proxy: stack.enter_async_context(_connected(proxy))


@asynccontextmanager
async def _connected(proxy: FilteringProxy) -> AsyncIterator[Talk]:
    host, port = proxy.address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Talk(reader, writer)
    finally:
        writer.close()


@pytest.fixture
async def ask(talk: Connect) -> Ask:
    """``await ask(proxy, text)``: all that is answered to ``text``."""

    async def ask(proxy: FilteringProxy, text: str) -> bytes:
        client = await talk(proxy)
        client.say(text)
        return await client.rest()

    return ask


@pytest.fixture
async def refused(proxied: Proxied, ask: Ask, packets: list[str]) -> Refused:
    """``await refused(resolver, text)``: (the answer, URLs it notes) of a proxy that then has spoken to nobody else."""

    async def refused(resolver: Resolver, text: str) -> tuple[bytes, list[str]]:
        gate = Gate(UrlPolicy(), resolver)
        proxy = await proxied(gate=gate)
        answer = await ask(proxy, text)
        assert [packet for packet in packets if proxy.address.partition(":")[2] not in packet] == []
        return answer, [line.partition(": ")[2] for line in gate.refusals.lines()]

    return refused
