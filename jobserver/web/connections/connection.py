"""One connection: aiohttp reads the requests; how long a peer may take over them is said here."""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from jobserver.errors import InvalidRequest, JobserverError
from jobserver.logs import REQUEST_ID
from jobserver.web.connections.house import House
from jobserver.web.connections.peers import acknowledged
from jobserver.web.headers import be_careful
from jobserver.web.problems import problem
from jobserver.web.request_log import request_id

LONGEST = 8190
"""Bytes of the first line of a request, and of one header."""

MOST_OF_HEAD = 65_536
"""Bytes of a first line and all headers together, where they come in parts: they are kept until the last has come."""

_LINGER = 3.0
"""Seconds in which a body that nobody wants may still arrive, so that its sender comes to read the answer."""

_MAY_WAIT = 16_384
"""Bytes of an answer that wait for its reader before no more are written; a slice of it comes on top."""

_LEAST_READ = 16_384
"""Bytes a peer must take in the time it has to read anything."""


class Connection(web.RequestHandler):
    """A connection of ``house``, in the place of ``holder``."""

    __slots__ = ("_asked", "_begun", "_holder", "_house", "_in_line", "_taken", "_watched", "made")

    def __init__(self, house: House, server: web.Server, holder: str) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None is what aiohttp documents for "no log"
            max_line_size=LONGEST,
            max_field_size=LONGEST,
            keepalive_timeout=house.idle(holder),
            lingering_time=_LINGER,
        )
        self._house = house
        self._holder = holder
        self._in_line = False
        """Whether a head is waited for, and may not take for ever."""
        self._begun = 0
        """Bytes of that head that have come."""
        self._watched = False
        """Whether it is looked at when the time of a head has passed."""
        self._asked = False
        """Whether a request has come since the last look."""
        self.made = False
        """Whether it ever was one."""
        self._taken: int | None = None
        """How much the peer had read when it was last seen to read too little."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # it is one that writes
        """The peer has until the deadline of a head to send the first."""
        self.made = True
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_MAY_WAIT)
        self._expect_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Its place is free."""
        super().connection_lost(exc)
        house = self._house
        house.heads.end(self)
        house.readers.end(self)
        house.leave(self._holder)

    def data_received(self, data: bytes) -> None:
        """What is no whole head yet has a deadline from its first byte on."""
        super().data_received(data)
        if self._messages:
            if self._in_line:
                self._in_line = self._watched = False
                self._begun = 0
            self._asked = True
            if not self._watched:
                self._watch()
            if not isinstance(self._messages[-1][0], RawRequestMessage):
                self._end_body()
        elif data and (waiter := self._waiter) is not None and not waiter.done():
            if not self._in_line:
                self._expect_head()
            self._begun += len(data)
            if self._begun > MOST_OF_HEAD:
                self._end_with(self._house.too_long())

    def pause_writing(self) -> None:
        """More is to be read by the peer than it takes."""
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        """The peer has read on."""
        super().resume_writing()
        self._house.readers.end(self)

    def head_is_late(self) -> None:
        """Close it: with an answer where a request had begun."""
        self._watched = False
        if not self._in_line:
            if self._asked or self._waiter is None:  # somebody who asks, or is being answered
                self._asked = False
                self._watch()
                return
            if not self._has_half_a_head():
                return
            self._begun = 1
        self._house.cut("head" if self._begun else "silence")
        self._end_with(self._house.timed_out() if self._begun else b"")

    def reads_nothing(self) -> None:
        """Close it, unless the peer takes something, if slowly."""
        before = self._taken
        now = acknowledged(self._socket)
        if before is not None and now is not None and now - before >= _LEAST_READ:
            self._watch_reader()
        elif self.transport is not None:
            self._house.cut("unread")
            self.transport.abort()

    async def until_read(self) -> None:
        """Wait until what was answered is read, all but a little."""
        await self._drain_helper()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what no handler has seen; it repeats nothing of what was sent."""
        if isinstance(exc, ConnectionError):  # the peer has gone: that is no error of anybody's, and nobody reads of it
            raise exc
        REQUEST_ID.set(request_id())  # in the context of this one answer
        if status == HTTPStatus.BAD_REQUEST:
            self._house.note_refused(type(exc).__name__, InvalidRequest.code)
            return refusal(InvalidRequest(_sentence(exc)), request.path)
        super().handle_error(request, status, exc, message)  # which logs it, or raises where half an answer is sent
        return refusal(JobserverError(), request.path)

    def log_exception(self, *args: object, **more: object) -> None:
        """Of our own mistakes only. A body that contradicts its headers was refused, and ends the connection."""
        if not isinstance(more.get("exc_info"), web.RequestPayloadError | HttpProcessingError):
            super().log_exception(*args, **more)

    def _expect_head(self) -> None:
        self._in_line = True
        self._watch()

    def _watch(self) -> None:
        self._watched = True
        self._house.heads.begin(self, self._loop.time())

    def _has_half_a_head(self) -> bool:
        """Whether one began in the same packet as the end of the request before it, and never came to its own end.

        The parser does not say so. Between requests it overlooks empty lines (RFC 9112, 2.2); anywhere else they end
        the head, or are wrong. Nobody is to have an answer to that.
        """
        if self._parser is None:
            return False
        try:
            return bool(self._parser.feed_data(b"\r\n\r\n")[0])
        except HttpProcessingError:
            return True

    def _end_with(self, answer: bytes) -> None:
        if answer and self.transport is not None:
            self.transport.write(answer)
        self.force_close()

    def _watch_reader(self) -> None:
        self._taken = acknowledged(self._socket)
        self._house.readers.begin(self, self._loop.time())

    def _end_body(self) -> None:
        """The body that was being read goes no further than this: whoever waits for it need not."""
        request = self._current_request
        if request is not None and not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError("The body cannot be read."))

    @property
    def _socket(self) -> socket.socket | None:
        return None if self.transport is None else self.transport.get_extra_info("socket")


def refusal(error: JobserverError, path: str) -> web.Response:
    """The answer to ``error``, with which the connection ends."""
    refused = problem(error, path)
    be_careful(refused)
    refused.force_close()
    return refused


def _sentence(error: BaseException | None) -> str:
    if isinstance(error, LineTooLong):
        return f"The first line of a request, and each of its headers, may take {LONGEST} bytes."
    return "This is no HTTP request that can be read."
