"""A server in the test's own process, seen from its sockets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobserver.config import Config, configured
from jobserver.listening import Listening
from jobserver.server import Server
from jobserver.web.connections.limits import ConnectionLimits
from jobserver.web.connections.runner import Runner
from jobserver.web.keys import METER
from jobserver.web.metrics.meter import Meter

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass
class Door:
    """``address``: ``http://host:port`` or ``unix:`` and a path."""

    address: str
    meter: Meter
    runner: Runner
    peers: list[Peer] = field(default_factory=list)

    async def knock(self, sent: bytes = b"", *, source: str = "127.0.0.1") -> Peer:
        """Connect, and say something."""
        if self.address.startswith("unix:"):
            reader, writer = await asyncio.open_unix_connection(self.address.removeprefix("unix:"))
        else:
            port = int(self.address.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        writer.write(sent)
        self.peers.append(Peer(reader, writer))
        return self.peers[-1]

    def unread(self) -> int:
        """Bytes that wait in the server for its peers to read."""
        assert self.runner.server is not None
        transports = [connection.transport for connection in self.runner.server.connections]
        return sum(transport.get_write_buffer_size() for transport in transports if transport is not None)

    def looked_after(self) -> int:
        """Connections that may yet be late with a head."""
        return len(self.runner._house.heads)

    def accepted(self) -> socket.socket:
        """The server's end of its newest connection."""
        assert self.runner.server is not None
        transport = self.runner.server.connections[-1].transport
        assert transport is not None
        found: socket.socket = transport.get_extra_info("socket")
        return found


@dataclass
class Peer:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def heard(self, within: float = 10) -> bytes:
        """All there is until the server closes the connection; nothing where it is closed without a word."""
        async with asyncio.timeout(within):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def answer(self) -> tuple[int, dict[str, Any]]:
        """Status and body of the next answer."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length: "))
        body = await self.reader.readexactly(int(length.removeprefix(b"Content-Length: ")))
        return int(head.split()[1]), json.loads(body)

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def door(
    limits: ConnectionLimits | None = None, unix: Path | None = None, **settings: object
) -> AsyncIterator[Door]:
    """``limits``: instead of those of the settings."""
    server = Server(configured(Config(port=0, cliq_secret=("a secret of the tests",)), settings), handlers=[])
    runner = Runner(server.app, limits or server.connections(), shutdown_timeout=0.1)
    with Listening("127.0.0.1", 0, unix="" if unix is None else str(unix)) as listening:
        opened: Door | None = None
        try:
            await runner.setup()
            opened = Door(await listening.start(runner.listen), server.app[METER], runner)
            yield opened
        finally:
            for peer in () if opened is None else opened.peers:
                await peer.close()
            await runner.cleanup()
