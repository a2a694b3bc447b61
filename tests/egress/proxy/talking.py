"""What the tests of the proxy say to it, and the servers behind it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

from jobserver.egress.proxy import FilteringProxy
from jobserver.egress.resolver import Resolver


class Talk:
    """A connection to a proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, text: str | bytes) -> None:
        self.writer.write(text.encode("latin-1") if isinstance(text, str) else text)

    async def rest(self) -> bytes:
        """All until the end, however it comes."""
        heard = bytearray()
        try:
            while data := await self.reader.read(65_536):
                heard += data
        except ConnectionError:
            pass
        return bytes(heard)

    async def status(self) -> int:
        """Of the answer, whose head is taken off."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1])

    async def is_cut(self) -> bool:
        """Wait for the connection to end; whether it was reset."""
        try:
            while await self.reader.read(65_536):
                pass
        except ConnectionError:
            return True
        return False


Proxied = Callable[..., Awaitable[FilteringProxy]]
Connect = Callable[[FilteringProxy], Awaitable[Talk]]
Ask = Callable[[FilteringProxy, str], Awaitable[bytes]]
Refused = Callable[[Resolver, str], Awaitable[tuple[bytes, list[str]]]]


def connect_to(origin: str) -> str:
    authority = origin.split("://")[1]
    return f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\nProxy-Connection: keep-alive\r\n\r\n"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(bytes(65_536))
        await writer.drain()


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close as a program that died does: nobody can take it for an end."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
