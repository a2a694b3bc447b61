"""Bodies of any size, sent no faster than they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

_AT_ONCE = 65_600
"""Bytes of a slice: just over the 64 KiB after which aiohttp waits for the reader, so that it does after each."""


async def send_json(
    request: web.Request, parts: Sequence[bytes], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Answer with the JSON that ``parts`` make together."""
    return await send(request, parts, status=status, headers={"Content-Type": "application/json", **(headers or {})})


async def send(
    request: web.Request, parts: Sequence[bytes | memoryview], *, status: int = 200, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Answer with what ``parts`` make together; ``headers`` say what that is.

    A large body is written slice by slice from where it is kept: a client that does not read holds a slice in memory
    and not a copy of the whole.
    """
    size = sum(map(len, parts))
    if size <= _AT_ONCE:
        return web.Response(status=status, body=b"".join(parts), headers=headers)
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = size
    await response.prepare(request)
    for part in parts:
        view = memoryview(part)  # a slice of it is no copy
        for start in range(0, len(view), _AT_ONCE):
            await response.write(view[start : start + _AT_ONCE])
    await response.write_eof()
    return response
