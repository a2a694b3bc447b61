"""Servers that misbehave on purpose, and a witness of every packet that Python sends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from ssl import SSLContext

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from jobserver.egress.policy import UrlPolicy

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Page = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NETWORK_EVENTS = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
_witnesses: list[list[str]] = []


def _witness(event: str, args: tuple[object, ...]) -> None:
    if _witnesses and event in _NETWORK_EVENTS:
        for seen in _witnesses:
            seen.append(f"{event} {args[1:]!r}")


# An audit hook cannot be taken away again, so there is one, and it only speaks while a test listens.
sys.addaudithook(_witness)


@pytest.fixture
def packets() -> Iterator[list[str]]:
    """Every look-up and connection attempt of this process, as it happens."""
    seen: list[str] = []
    _witnesses.append(seen)
    yield seen
    _witnesses.remove(seen)


@pytest.fixture
async def site() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """``await site({"/": handler}, host=…, port=…, ssl=…)`` starts an HTTP server and returns its origin."""
    async with AsyncExitStack() as stack:

        async def start(
            pages: dict[str, Page], host: str = "127.0.0.1", port: int = 0, ssl: SSLContext | None = None
        ) -> str:
            app = web.Application()
            app.add_routes([web.get(path, page) for path, page in pages.items()])
            server = TestServer(app, host=host, port=port or None, scheme="https" if ssl else "http")
            await server.start_server(ssl=ssl)
            stack.push_async_callback(server.close)
            return f"{server.scheme}://{host}:{server.port}"

        yield start


@asynccontextmanager
async def _listening(talk: Talk) -> AsyncIterator[int]:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
async def raw_server() -> AsyncIterator[Callable[[Talk], Awaitable[str]]]:
    """``await raw_server(talk)`` starts a TCP server that says whatever ``talk`` writes and returns its origin."""
    async with AsyncExitStack() as stack:

        async def start(talk: Talk) -> str:
            return f"http://127.0.0.1:{await stack.enter_async_context(_listening(talk))}"

        yield start


@pytest.fixture
def admitting() -> Callable[..., UrlPolicy]:
    """``admitting(origin, …)``: the default policy with these origins as private targets."""

    def policy(*origins: str) -> UrlPolicy:
        return UrlPolicy(private_targets=frozenset(origin.split("://")[1] for origin in origins))

    return policy
