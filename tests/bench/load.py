"""Clients that cost almost nothing: each sends the same request again as soon as it has its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit


class Client(asyncio.Protocol):
    """One connection. ``times``: seconds that each answer took which came before ``ends``."""

    def __init__(self, request: bytes, expected: bytes, ends: float) -> None:
        self.times: list[float] = []
        self.over = asyncio.get_running_loop().create_future()
        self._request = request
        self._expected = expected
        self._ends = ends
        self._buffer = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not _is_whole(self._buffer):
            return
        answer, self._buffer = self._buffer, b""
        now = time.perf_counter()
        self.times.append(now - self._began)
        if not answer.startswith(self._expected):
            self.over.set_exception(AssertionError(answer))
        elif now >= self._ends:
            self.over.set_result(None)
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(error or ConnectionResetError())


def _is_whole(answer: bytes) -> bool:
    head, blank, body = answer.partition(b"\r\n\r\n")
    if not blank:
        return False
    _, _, length = head.lower().partition(b"content-length: ")
    return len(body) >= int(length.split(b"\r\n", 1)[0])


async def load(address: str, request: bytes, expected: bytes, *, clients: int, seconds: float) -> list[float]:
    """The seconds that each answer took."""
    where = urlsplit(address)
    host, port = where.hostname or "", where.port or 80
    loop, ends = asyncio.get_running_loop(), time.perf_counter() + seconds
    made = []
    for number in range(clients):
        if number % 32 == 31:
            await asyncio.sleep(
                0.01
            )  # a system holds no more than its backlog, and makes those beyond it wait a second
        made.append(await loop.create_connection(lambda: Client(request, expected, ends), host, port))
    await asyncio.gather(*(client.over for _, client in made))
    return [each for _, client in made for each in client.times]


def a_request(method: str, path: str, body: bytes = b"", *, headers: Mapping[str, str]) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
