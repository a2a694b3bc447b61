"""Many requests a second on one connection, each exactly the bytes that somebody thought of."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CODE = re.compile(rb'"code":"(\w+)"')


@dataclass(frozen=True)
class Sent:
    """A request as it goes over the wire. ``headers``: lines without their ends, in order; the rest is added."""

    method: str
    path: bytes
    headers: tuple[bytes, ...] = ()
    body: bytes = b""

    def wire(self) -> bytes:
        """All of it."""
        head = [self.method.encode() + b" " + self.path + b" HTTP/1.1", b"Host: 127.0.0.1", *self.headers]
        if self.body or self.method not in {"GET", "HEAD"}:
            head.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join(head) + b"\r\n\r\n" + self.body


@dataclass(frozen=True)
class Answered:
    """What came back. ``status``: 0 where the connection was closed instead. ``code``: of an error of ours, else "".

    ``body``: what there is of it; an answer without a length is not read to its end.
    """

    status: int
    code: str = ""
    body: bytes = b""


class Pipeline:
    """A connection that is opened anew whenever it is closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    async def send(self, requests: Sequence[Sent]) -> list[Answered]:
        """Send them in one go; what each was answered, in order.

        What closes the connection is sent once more by itself: it may have been one behind it that was malformed.
        """
        answers: list[Answered] = []
        alone = False
        while len(answers) < len(requests):
            rest = requests[len(answers) :][: 1 if alone else None]
            alone = False
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
            reader, writer = self._streams
            writer.write(b"".join(request.wire() for request in rest))
            for request in rest:
                answer, open_still = await _read(reader, request.method)
                alone = not open_still and len(rest) > 1
                if not open_still:
                    self._close()
                if alone:
                    break
                answers.append(answer)
        return answers

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def _read(reader: asyncio.StreamReader, method: str) -> tuple[Answered, bool]:
    """(the answer, whether the connection may be used again)."""
    try:
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
            status, length = _STATUS.match(head), _LENGTH.search(head)
            assert status is not None, head
            body = b"" if length is None or method == "HEAD" else await reader.readexactly(int(length[1]))
    except (asyncio.IncompleteReadError, ConnectionError):
        return Answered(0), False
    code = _CODE.search(body)
    open_still = length is not None and b"connection: close" not in head.lower()
    return Answered(int(status[1]), code[1].decode() if code else "", body), open_still
