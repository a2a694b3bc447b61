"""What is said on a WebSocket: who it is, what it subscribes to, and what happens to that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from jobserver.auth.signing import Caller
from jobserver.errors import Forbidden, InvalidRequest, JobserverError, TooManyStreams, Unauthorized, Unavailable
from jobserver.jobs.access import Owner, Scope
from jobserver.jobs.events import Event, EventType, Interest
from jobserver.web.guard import identify_token, require
from jobserver.web.keys import BROADCAST
from jobserver.web.reading.members import Members, one_word_of, text, whole
from jobserver.web.reading.strict_json import parse_object
from jobserver.web.route import Call
from jobserver.web.streams import event_wire
from jobserver.web.streams.broadcast import Broadcast
from jobserver.web.streams.event_wire import Message
from jobserver.web.streams.interests import check_room, read_interest, shown, was_told, without
from jobserver.web.streams.listening import LAST_WORDS, beginning, check_named, farewell, past, until_left
from jobserver.web.streams.subscriber import Channel, Left, Subscriber
from jobserver.web.wire import dumps

_log = logging.getLogger(__name__)

_LARGEST_SEQ = 10**18

_CLOSE_CODES = {
    Left.STOPPING: WSCloseCode.GOING_AWAY,
    Left.UNAUTHORIZED: 4401,
    Left.REVOKED: 4401,
    Left.FORBIDDEN: 4403,
    Left.SLOW: 4408,
    Left.FULL: 4429,
}


class Conversation:
    """What is said on one socket. Every message of the client has one reply.

    ``place``: holds the socket's place among the streams of its owner.
    """

    def __init__(
        self, call: Call, socket: web.WebSocketResponse, subscriber: Subscriber, place: ExitStack, caller: Caller | None
    ) -> None:
        self._request = call.request
        self._jobs = call.jobs
        self._settings = call.settings
        self._socket = socket
        self._subscriber = subscriber
        self._place = place
        self._presence = self._jobs.listen(Interest(jobs=frozenset()))
        self._caller: Caller | None = None
        self._interests: dict[Interest, int] = {}
        """Interest → the number after which its events have been told."""
        if caller is not None:
            self._know(caller)

    async def run(self) -> None:
        """Talk until one of both leaves."""
        limit = asyncio.get_running_loop().call_later(self._settings.auth_within, self._time_is_up)
        talking = asyncio.ensure_future(self._talk())
        talking.add_done_callback(lambda _: self._subscriber.leave(Left.GONE))
        try:
            self._follow()
            with self._presence:
                why = await until_left(self._jobs, self._subscriber, self._settings.heartbeat)
        finally:
            limit.cancel()
            talking.cancel()  # of no effect when it is done
            self._broadcast.leave(self._subscriber)
            await asyncio.wait({talking})
        with suppress(ConnectionError, TimeoutError):
            await self._end(why)

    @property
    def _broadcast(self) -> Broadcast:
        return self._request.app[BROADCAST]

    @property
    def _reach(self) -> Owner:
        if self._caller is None:
            raise Unauthorized("Authenticate first.", reason="missing")
        return None if Scope.MANAGE in self._caller.scopes else self._caller.owner

    def _know(self, caller: Caller) -> None:
        self._caller = caller
        self._subscriber.key = caller.key

    def _time_is_up(self) -> None:
        if self._caller is None:
            self._subscriber.leave(Left.UNAUTHORIZED)

    async def _end(self, why: Left) -> None:
        last = farewell(self._subscriber)
        if last is not None:
            self._subscriber.transport.write(event_wire.websocket([last]))
        try:
            async with asyncio.timeout(LAST_WORDS):
                await self._socket.close(code=_CLOSE_CODES.get(why, WSCloseCode.OK), message=why.encode())
        finally:
            if why is Left.SLOW:
                self._subscriber.transport.abort()  # it would wait for ever for what it wrote to be read

    # --- what the client says

    async def _talk(self) -> None:
        with suppress(ConnectionError):
            while not self._subscriber.left.done():
                message = await self._socket.receive()
                if message.type is WSMsgType.TEXT:
                    await self._hear(message.data)
                elif message.type is WSMsgType.BINARY:
                    await self._refuse(InvalidRequest("A message is a JSON object, sent as text."), {})
                else:
                    return

    async def _hear(self, said: str) -> None:
        echo: dict[str, Any] = {}
        try:
            message = _parsed(said)
            echo = _echo(message)
            await self._answer(message, echo)
        except JobserverError as error:
            await self._refuse(error, echo)

    async def _answer(self, message: Mapping[str, Any], echo: dict[str, Any]) -> None:
        verbs = {
            "auth": (self._auth, ("token",)),
            "subscribe": (self._subscribe, ("after", "jobIds", "queues", "types")),
            "unsubscribe": (self._unsubscribe, ("jobIds", "queues", "types")),
            "ping": (self._ping, ()),
        }
        kind = Members(message, message).need("type", one_word_of(tuple(verbs)))
        if kind is None:
            raise InvalidRequest(f"type must be one of {', '.join(verbs)}.", pointer="/type")
        answer, known = verbs[kind]
        await answer(Members(message, ("type", "id", *known)), echo)

    async def _ping(self, members: Members, echo: dict[str, Any]) -> None:
        members.check()
        await self._say("pong", echo)

    async def _auth(self, members: Members, echo: dict[str, Any]) -> None:
        token = members.need("token", text(1_000))
        members.check()
        if self._caller is not None:
            raise InvalidRequest("This socket is authenticated already.")
        try:
            caller = await identify_token(self._request, token or "")
            require(caller, Scope.READ)
            self._move(caller.owner)
        except (Unauthorized, Forbidden, TooManyStreams) as error:
            await self._refuse(error, echo)
            self._subscriber.leave(_reason(error))
            return
        self._know(caller)
        await self._say("authenticated", echo, owner=caller.owner, scopes=sorted(caller.scopes))

    def _move(self, owner: str) -> None:
        """Take a place of that owner's instead of a nameless one."""
        new = ExitStack()
        new.enter_context(self._broadcast.place(owner))
        self._place.close()
        self._place.push(new)

    async def _subscribe(self, members: Members, echo: dict[str, Any]) -> None:
        interest, names = read_interest(members, self._reach)
        after = members.take("after", whole(0, _LARGEST_SEQ))
        members.check()
        check_room({*self._interests, interest})
        await check_named(self._jobs, names, self._reach, after)
        with self._jobs.listen(interest, after=after) as listener:
            told: list[Message] = []
            if after is None:
                told += await beginning(self._jobs, names, self._reach, listener.since)
            events = listener.take()
            if events and events[0].type is EventType.GAP:
                told += await past(self._jobs, self._broadcast.encoded, events[:1], names, self._reach)
                del events[0]
            # From here on nothing is awaited until the subscriber stands where its events begin.
            events += listener.take()
            missed = self._tune(self._interests | {interest: listener.since if after is None else after}, events)
            since = listener.since
        await self._say("subscribed", echo, seq=since, **shown(interest))
        await self._subscriber.catch_up(told + missed, self._write)

    async def _unsubscribe(self, members: Members, echo: dict[str, Any]) -> None:
        everything = not any(name in members for name in ("jobIds", "queues", "types"))
        interest, names = read_interest(members, self._reach)
        members.check()
        kept = {} if everything else without(self._interests, interest, frozenset(names))
        if kept == self._interests:
            raise InvalidRequest("There is no such subscription.")
        missed = self._tune(kept, [])
        await self._say("unsubscribed", echo)
        await self._subscriber.catch_up(missed, self._write)

    # --- what the client is told

    def _tune(self, interests: dict[Interest, int], events: Sequence[Event]) -> list[Message]:
        """Follow ``interests`` from now on; what must be told before that: ``events`` and what was about to be told."""
        told = self._broadcast.told(self._subscriber)
        before, self._interests = self._interests, interests
        found = {event.seq: event for event in events if not was_told(event, before, told)}
        for interest in before:
            with self._jobs.listen(interest, after=told) as listener:
                due = [event for event in listener.take() if any(each.covers(event) for each in interests)]
            found |= {event.seq: event for event in due}
        self._subscriber.hold()
        self._follow()
        return self._broadcast.encoded.messages(found[seq] for seq in sorted(found))

    def _follow(self) -> None:
        channel = Channel(frozenset(self._interests), event_wire.websocket)
        self._broadcast.join(self._subscriber, channel, self._presence.leave())

    async def _write(self, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._socket.send_frame(message.data, WSMsgType.TEXT)

    async def _say(self, kind: str, echo: dict[str, Any], **members: Any) -> None:
        await self._socket.send_frame(dumps({"type": kind, **echo, **members}), WSMsgType.TEXT)

    async def _refuse(self, error: JobserverError, echo: dict[str, Any]) -> None:
        members: dict[str, Any] = {"error": error.message, "code": error.code}
        if isinstance(error, InvalidRequest) and error.errors:
            members["errors"] = [{"pointer": pointer, "detail": detail} for pointer, detail in error.errors]
        if isinstance(error, Unavailable):
            members["retryAfter"] = error.retry_after
        await self._say("error", echo, **members)


def _parsed(said: str) -> dict[str, Any]:
    try:
        return parse_object(said, unique=True)
    except ValueError as wrong:
        raise InvalidRequest(f"A message is a JSON object: {wrong}.") from wrong


def _echo(message: Mapping[str, Any]) -> dict[str, Any]:
    """The client's own name for its message."""
    if "id" not in message:
        return {}
    identity = message["id"]
    if isinstance(identity, bool) or not isinstance(identity, int | str) or len(str(identity)) > 200:
        raise InvalidRequest("id must be a string or whole number of at most 200 characters.", pointer="/id")
    return {"id": identity}


def _reason(error: JobserverError) -> Left:
    if isinstance(error, TooManyStreams):
        return Left.FULL
    return Left.FORBIDDEN if isinstance(error, Forbidden) else Left.UNAUTHORIZED
