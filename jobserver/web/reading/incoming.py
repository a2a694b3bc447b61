"""A request's body, read whole in bounded time and memory."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from jobserver.errors import BodyTooLarge, InvalidRequest, RequestTimedOut
from jobserver.web.keys import LIMITS, SETTINGS

_SMALL = 16_384
"""Bytes that are not counted: as many requests as may be open can have so much."""


def check_declared(request: web.Request) -> None:
    """Refuse what says itself that it is too large, before anything of it is read."""
    if (request.content_length or 0) > request.app[SETTINGS].max_body:
        raise BodyTooLarge


def at_hand(request: web.Request) -> bytes | None:
    """The body, when it is small and came together with its headers: most do. None: read it as `Incoming`."""
    small = (request.content_length or _SMALL + 1) <= _SMALL and "Content-Encoding" not in request.headers
    if small and request.content.is_eof():
        return request.content.read_nowait()
    return None


class Incoming:
    """A body that is large or still on its way. What it takes is counted for ``holder`` until the request ends."""

    def __init__(self, request: web.Request, holder: str) -> None:
        self._request = request
        self._holder = holder
        self._limits = request.app[LIMITS]
        self._counted = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limits.drop_body(self._holder, self._counted)

    async def read(self) -> bytes:
        """All of it; BodyTooLarge, RequestTimedOut, or Unavailable where there is no room for it.

        InvalidRequest where it contradicts the headers: chunks that are none, or no gzip where gzip was said.
        """
        settings = self._request.app[SETTINGS]
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(settings.body_timeout):
                while chunk := await self._request.content.readany():
                    size += len(chunk)
                    if size > settings.max_body:  # inside another application its limit is in force, not ours
                        raise BodyTooLarge
                    self._count(size)
                    chunks.append(chunk)
        except TimeoutError:
            raise RequestTimedOut from None
        except (web.RequestPayloadError, HttpProcessingError):
            raise InvalidRequest("The body cannot be read as the headers say.") from None
        return b"".join(chunks)

    def _count(self, size: int) -> None:
        if size > _SMALL:
            self._limits.keep_body(self._holder, size - self._counted)
            self._counted = size
