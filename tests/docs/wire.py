"""A client's traffic byte for byte, for clients that cannot run here."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any, Self


class Wire:
    """One connection to ``port`` on this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def send(self, start: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, Any]]:
        """Send a request as it is given; its status and JSON body. The body waits for ``100 Continue`` if asked to."""
        lines = [start, *(f"{name}: {value}" for name, value in headers.items())]
        self._writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if "Expect" in headers:
            assert await self._head() == (100, {})
        self._writer.write(body)
        status, answered = await self._head()
        return status, json.loads(await self._reader.readexactly(int(answered["content-length"])))

    async def _head(self) -> tuple[int, dict[str, str]]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        return int(head[0].split()[1]), {name.lower(): value for name, value in pairs}
