"""A site that leads astray: it redirects to, links to and is based at whatever it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

from tests.attacks.urls.lists import in_header, in_markup

_NAV = "<nav><a href='/a'>One</a> <a href='/b'>Two</a></nav>"


class LeadingAstray:
    """``/redirect/N``, ``/sheets/N`` (forty from N on) and ``/base/N`` lead to the N-th of ``urls``."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.host = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode("ascii", "replace")
            writer.write(self._page(path))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _page(self, path: str) -> bytes:
        _, kind, number, *_ = [*path.split("/"), "", ""]
        if not number.isdecimal():
            return _html("")
        at = int(number)
        if kind == "redirect":
            location = in_header(self._urls[at])
            return b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % location
        if kind == "base":
            return _html(f'<base href="{in_markup(self._urls[at])}"><link rel=stylesheet href="a.css">')
        links = (f'<link rel=stylesheet href="{in_markup(url)}">' for url in self._urls[at : at + 40])
        return _html("".join(links))


def _html(head: str) -> bytes:
    body = f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{_NAV}</body></html>".encode()
    about = b"Content-Type: text/html\r\nContent-Length: %d\r\nConnection: close" % len(body)
    return b"HTTP/1.1 200 OK\r\n%s\r\n\r\n%s" % (about, body)
