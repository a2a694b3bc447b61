"""Servers that misbehave on purpose, and name servers that know one address."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from jobserver.egress.policy import UrlPolicy

Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RawServer = Callable[[Server], Awaitable[str]]
Page = Callable[[web.Request], Awaitable[web.StreamResponse]]
Site = Callable[..., Awaitable[str]]
Admitting = Callable[..., UrlPolicy]


def saying(answer: bytes) -> Server:
    """A server that answers every request with these bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return talk


async def loopback(_host: str, _port: int) -> Sequence[str]:
    """A name server that has every name here."""
    return ["127.0.0.1"]
