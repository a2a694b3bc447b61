"""One plain request in absolute form, passed on to its server, and the answer passed back.

Both connections end with it, so that no answer can be taken for that of another request: where the body ends is left
to the browser, which reads the framing as the server wrote it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from jobserver.egress.policy import Target
from jobserver.egress.proxy.answers import BadHead, bad_answer, too_slow
from jobserver.egress.proxy.head import ANSWER_END, Answer, Request, encode, parse_answer
from jobserver.egress.proxy.meter import ProxyLimits
from jobserver.egress.proxy.tunnel import More, patience, pump
from jobserver.egress.proxy.wire import Wire

_MOST_INTERIM = 8
_NOT_OF_A_SERVER = frozenset({101, 407})  # a switch nobody asked for; a question that only a proxy may ask


async def forward(request: Request, target: Target, client: Wire, server: Wire, limits: ProxyLimits) -> None:
    """Pass ``request`` on to ``target``, where ``server`` leads, and its answer back to ``client``.

    Raises Declined while ``client`` has got nothing yet, OSError when a side is lost, and Exhausted.
    """
    try:
        async with patience(limits.idle_time) as more:
            await _send(request, target, client, server, more)
            answer = await _final_answer(server, limits.head_bytes)
    except TimeoutError:
        raise too_slow() from None
    except (BadHead, ConnectionError):
        raise bad_answer() from None
    await client.send(encode(f"HTTP/1.1 {answer.status} ", answer.fields))
    await _pass_back(server, client, limits.idle_time)


async def _send(request: Request, target: Target, client: Wire, server: Wire, more: More) -> None:
    _, _, authority, path = target.url.partition("#")[0].split("/", 3)
    own = [(b"Host", authority.encode("ascii"))]
    if request.length is not None:
        own.append((b"Content-Length", b"%d" % request.length))
    # A server may answer, and close, before it has read all; the answer is what counts.
    with suppress(ConnectionError):
        await server.send(encode(f"{request.method} /{path} HTTP/1.1", own + request.fields))
        left = request.length or 0
        while left and (data := await client.receive(left)):
            left -= len(data)
            more()
            await server.send(data)


async def _final_answer(server: Wire, head_bytes: int) -> Answer:
    for _ in range(1 + _MOST_INTERIM):
        answer = parse_answer(await server.receive_head(ANSWER_END, head_bytes))
        if answer.status in _NOT_OF_A_SERVER:
            raise BadHead
        if answer.status >= 200:
            return answer
    raise BadHead


async def _pass_back(server: Wire, client: Wire, idle_time: float) -> None:
    try:
        async with patience(idle_time) as more, asyncio.TaskGroup() as group:
            watching = group.create_task(_leave_with(client))
            await pump(server, client, more)
            watching.cancel()
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None


async def _leave_with(client: Wire) -> None:
    """Raise once the browser is gone: it leaves when it has the whole answer, whatever the server keeps open.

    What it still sends is no part of the request and nobody's.
    """
    while await client.receive():
        pass
    raise ConnectionAbortedError
