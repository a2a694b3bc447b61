"""Servers that misbehave on purpose, and a witness of every packet that Python sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from ssl import SSLContext

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from jobserver.egress.policy import UrlPolicy
from tests import witness
from tests.egress.servers import Admitting, Page, RawServer, Server, Site


@pytest.fixture
def packets() -> Iterator[list[str]]:
    """Every look-up and connection attempt of this process, as it happens."""
    with witness.packets() as seen:
        yield seen


@pytest.fixture
async def site() -> AsyncIterator[Site]:
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
async def _listening(talk: Server) -> AsyncIterator[int]:
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
async def raw_server() -> AsyncIterator[RawServer]:
    """``await raw_server(talk)`` starts a TCP server that says whatever ``talk`` writes and returns its origin."""
    async with AsyncExitStack() as stack:

        async def start(talk: Server) -> str:
            return f"http://127.0.0.1:{await stack.enter_async_context(_listening(talk))}"

        yield start


@pytest.fixture
def admitting() -> Admitting:
    """``admitting(origin, …)``: the default policy with these origins as private targets."""

    def policy(*origins: str) -> UrlPolicy:
        return UrlPolicy(private_targets=frozenset(origin.split("://")[1] for origin in origins))

    return policy
