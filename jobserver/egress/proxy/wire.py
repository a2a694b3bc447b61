"""One end of a connection: bytes in pieces of 64 kB, each counted, and none read before the last one was passed on."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from contextlib import suppress

from jobserver.egress.proxy.answers import BadHead
from jobserver.egress.proxy.meter import Meter

_CHUNK = 65_536
_LINGER = 1.0
_LINGER_CHUNKS = 16
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Wire:
    """A connected socket. Everything here raises OSError when the connection is lost, and `receive` Exhausted."""

    def __init__(self, sock: socket.socket, meter: Meter) -> None:
        sock.setblocking(False)
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._meter = meter
        self._held = b""
        self._loop = asyncio.get_running_loop()

    async def receive(self, most: int = _CHUNK) -> bytes:
        """The next bytes, at most ``most``; empty at the end."""
        if self._held:
            data, self._held = self._held[:most], self._held[most:]
            return data
        # A socket that always has more would never let another task run.
        await asyncio.sleep(0)
        data = await self._loop.sock_recv(self._sock, min(most, _CHUNK))
        self._meter.count(len(data))
        return data

    async def receive_head(self, end: re.Pattern[bytes], most: int) -> bytes:
        """All before ``end``, which matches at most four bytes and is dropped. What follows is received next.

        Raises BadHead when that is more than ``most`` bytes, or the connection ends in the middle of it, and
        ConnectionError when it ends before.
        """
        head, searched = bytearray(), 0
        while (found := end.search(head, searched)) is None:
            searched = max(0, len(head) - 3)
            data = await self.receive(most + 4 - len(head))
            if not data:
                raise BadHead if head else ConnectionAbortedError
            head += data
        self._held = bytes(head[found.end() :]) + self._held
        return bytes(head[: found.start()])

    async def send(self, data: bytes) -> None:
        """Pass ``data`` on; returns when the system has taken all of it."""
        await self._loop.sock_sendall(self._sock, data)

    def finish(self) -> None:
        """Say that nothing more is sent."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    async def part(self) -> None:
        """Finish, and give the other side a moment to read: to close on what it still sends would reset the line."""
        self.finish()
        with suppress(OSError):
            async with asyncio.timeout(_LINGER):
                for _ in range(_LINGER_CHUNKS):
                    if not await self.receive():
                        return

    def abort(self) -> None:
        """Close in a way that nobody takes for a proper end."""
        with suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._sock.close()

    def close(self) -> None:
        """Close; harmless twice."""
        self._sock.close()
