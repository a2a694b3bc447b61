"""Events over WebSocket (RFC 6455): one connection that follows many jobs, and changes its mind."""

from __future__ import annotations

from contextlib import ExitStack

from aiohttp import web

from jobserver.auth.signing import Caller
from jobserver.errors import InvalidRequest, Unauthorized
from jobserver.jobs.access import Scope
from jobserver.web.guard import identify, require
from jobserver.web.keys import BROADCAST, ORIGINS
from jobserver.web.route import Call
from jobserver.web.streams.conversation import Conversation
from jobserver.web.streams.listening import LAST_WORDS
from jobserver.web.streams.subscriber import Subscriber

LARGEST = 64 * 1024
"""Bytes of a client's message."""


async def events(call: Call) -> web.StreamResponse:
    """``GET /v1/ws``: a socket that is told what happens to the jobs it subscribes to.

    Who is calling is read from the headers, or from the first message: a page in a browser can send no headers.
    """
    call.app[ORIGINS].refuse_foreign(call.request)  # every page may open a socket anywhere
    caller = await _from_headers(call)
    socket = web.WebSocketResponse(
        compress=False, heartbeat=call.settings.heartbeat, max_msg_size=LARGEST, timeout=LAST_WORDS
    )
    if not socket.can_prepare(call.request):
        raise InvalidRequest("This address speaks WebSocket: ask for an upgrade.")
    with ExitStack() as place:
        place.enter_context(call.request.app[BROADCAST].place(caller.owner if caller else ""))
        await socket.prepare(call.request)
        if call.request.transport is not None:
            subscriber = Subscriber(call.request.transport, room=call.request.app[BROADCAST].room)
            await Conversation(call, socket, subscriber, place, caller).run()
    return socket


async def _from_headers(call: Call) -> Caller | None:
    try:
        caller = await identify(call.request, call.body)
    except Unauthorized as unauthorized:
        if unauthorized.reason != "missing":
            raise
        return None
    require(caller, Scope.READ)
    return caller
