"""What all connections of one server share: places, deadlines, and what is counted of them."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Protocol

from jobserver.errors import InvalidRequest, RequestTimedOut, Unavailable
from jobserver.web.connections.deadlines import Deadlines, keep
from jobserver.web.connections.limits import ConnectionLimits
from jobserver.web.connections.places import NOBODY, Places
from jobserver.web.connections.refusing import Refusal, Seldom
from jobserver.web.metrics.meter import Meter
from jobserver.web.request_log import request_id

_log = logging.getLogger(__name__)


class Waited(Protocol):
    """A connection whose peer is waited for."""

    def head_is_late(self) -> None:
        """The time for the head of a request is up."""

    def reads_nothing(self) -> None:
        """The time to read something is up."""


class House:
    """``heads``: connections that owe the head of a request. ``readers``: those that do not read what waits for them.

    An async context manager: within it the deadlines are kept.
    """

    def __init__(self, limits: ConnectionLimits, meter: Meter) -> None:
        self.heads: Deadlines[Waited] = Deadlines(limits.head_within)
        self.readers: Deadlines[Waited] = Deadlines(limits.read_within)
        self._limits = limits
        self._meter = meter
        self._places = Places(limits)
        self._seldom = Seldom(_log)
        self._timed_out = Refusal(RequestTimedOut())
        self._too_long = Refusal(InvalidRequest("The headers of this request are too long."))
        self._full = Refusal(Unavailable("Too many connections are open.", retry_after=5))
        self._keeping: tuple[asyncio.Task[None], ...] = ()

    async def __aenter__(self) -> None:
        create = asyncio.get_running_loop().create_task
        self._keeping = (
            create(keep(self.heads, lambda one: one.head_is_late()), name="late-heads"),
            create(keep(self.readers, lambda one: one.reads_nothing()), name="unread-answers"),
        )

    async def __aexit__(self, *_: object) -> None:
        for task in self._keeping:
            task.cancel()
        await asyncio.wait(self._keeping)

    def enter(self, peer: str | None) -> str | None:
        """Who the place is counted for that was taken; None where there was none."""
        holder = self._places.holder(peer)
        full = self._places.full(holder)
        if full:
            self._meter.turned_away[full] += 1
            self._tell("A connection is turned away: too many are open (%s).", full)
            return None
        self._places.take(holder)
        self._meter.connections = self._places.open
        return holder

    def leave(self, holder: str) -> None:
        """The place is free again."""
        self._places.give(holder)
        self._meter.connections = self._places.open

    def idle(self, holder: str) -> float:
        """Seconds a connection may stay open without a request."""
        return self._limits.idle_proxy if holder == NOBODY else self._limits.idle

    def full(self) -> bytes:
        """What is sent to those who find no place."""
        return self._full.named(request_id())

    def timed_out(self) -> bytes:
        """What is sent to those who were too slow, counted as an answer."""
        self._note(HTTPStatus.REQUEST_TIMEOUT, RequestTimedOut.code)
        return self._timed_out.named(request_id())

    def too_long(self) -> bytes:
        """What is sent to those whose headers have no end, counted as an answer."""
        self.note_refused("the headers are too long", InvalidRequest.code)
        return self._too_long.named(request_id())

    def cut(self, reason: str) -> None:
        """A connection was closed because its peer kept us waiting: ``silence``, ``head`` or ``unread``."""
        self._meter.cut[reason] += 1

    def note_refused(self, what: str, code: str) -> None:
        """What was sent is no request that any handler could see, and was answered 400. ``what``: the kind of mistake.

        Its bytes are not logged: they may hold a signature or a token.
        """
        self._note(HTTPStatus.BAD_REQUEST, code)
        self._tell("A request could not be read: %s", what)

    def _note(self, status: HTTPStatus, code: str) -> None:
        self._meter.note_answered("none", "other", status, 0.0)
        self._meter.note_refused(code, "")

    def _tell(self, sentence: str, *args: object) -> None:
        self._seldom.info(asyncio.get_running_loop().time(), sentence, *args)
