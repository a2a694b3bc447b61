"""One reader's end of an event stream: what it is told, how far it has come, and why it ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from jobserver.jobs.access import ApiKey
from jobserver.jobs.events import Event, Interest
from jobserver.jobs.model import JobId
from jobserver.web.connections.peers import notice_dead_peers
from jobserver.web.streams.event_wire import Form, Message

UNREAD = 256 * 1024
"""Bytes that may wait for a reader; beyond them it is too slow."""

LEAST_UNREAD = 16 * 1024
_UNREAD_BY_ALL = 24 * 1024 * 1024
"""What may wait for all readers together: where they are many, each has less, down to `LEAST_UNREAD`."""

_ON_THE_WAY = 128 * 1024
"""Bytes of ours that the system may hold for a reader: without a limit these are megabytes, and nobody is too slow."""

_SLICE = 200
"""Messages of the past in one write."""

_STALLED = 30.0
"""Seconds without reading anything of the past after which a reader is too slow."""


class Left(StrEnum):
    """Why nothing more is told to a stream."""

    ENDED = "ended"
    SLOW = "too slow"
    STOPPING = "stopping"
    REVOKED = "key revoked"
    GONE = "gone"
    UNAUTHORIZED = "not authenticated"
    FORBIDDEN = "this key may not read"
    FULL = "too many streams"


@dataclass(frozen=True, slots=True)
class Channel:
    """What a stream is told and how. ``one_job``: it ends when its job has ended."""

    interests: frozenset[Interest]
    form: Form
    one_job: bool = False

    @property
    def jobs(self) -> frozenset[JobId] | None:
        """The jobs it is about; None is any."""
        if any(interest.jobs is None for interest in self.interests):
            return None
        return frozenset[JobId]().union(*(interest.jobs or () for interest in self.interests))

    def covers(self, event: Event) -> bool:
        """Whether the event is told."""
        return any(interest.covers(event) for interest in self.interests)


class Room:
    """What may wait for one reader. ``each``: bytes."""

    each: int = UNREAD

    def share(self, readers: int) -> None:
        """There are so many of them now."""
        self.each = max(LEAST_UNREAD, min(UNREAD, _UNREAD_BY_ALL // max(readers, 1)))


class Subscriber:
    """A stream's end of the broadcast. Until `catch_up` has told it the past, what happens is held back for it.

    ``seq``: the number of the last event it was told. ``left``: done when nothing more will be told.
    ``beat``: written into a silence to keep proxies from closing the connection; None where that is done elsewhere.
    ``room``: what may wait for it, shared with all others.
    """

    def __init__(self, transport: asyncio.Transport, beat: bytes | None = None, room: Room | None = None) -> None:
        _be_quick_to_notice(transport)
        self.transport = transport
        self._room = room or Room()
        self.channel: Channel | None = None
        self.since = 0
        """Events up to this one have been told, or are none of its business."""
        self.seq = 0
        self.key: ApiKey | None = None
        """The API key it listens by, if any."""
        self.left: asyncio.Future[Left] = asyncio.get_running_loop().create_future()
        self._beat = beat
        self._silence = 0.0
        self._held: list[tuple[bytes, int]] | None = []
        self._held_bytes = 0

    def hold(self) -> None:
        """Keep back what happens until `catch_up` is through."""
        self._held = self._held or []

    async def catch_up(self, past: Sequence[Message], write: Callable[[Sequence[Message]], Awaitable[None]]) -> None:
        """Tell the past, as fast as it is read, and then what was held back."""
        for start in range(0, len(past), _SLICE):
            part = past[start : start + _SLICE]
            try:
                async with asyncio.timeout(_STALLED):
                    await write(part)
            except TimeoutError:
                self.leave(Left.SLOW)
            if self.left.done():
                return
            self.seq = max([self.seq, *(message.seq or 0 for message in part)])
        held, self._held, self._held_bytes = self._held or [], None, 0
        for data, seq in held:
            self._write(data, seq)

    def tell(self, data: bytes, seq: int) -> None:
        """Write ``data``, which ends with event ``seq``, unless the reader is too far behind or gone."""
        if self.left.done():
            return
        if self._held is None:
            self._write(data, seq)
            return
        self._held.append((data, seq))
        self._held_bytes += len(data)
        if self._held_bytes > self._room.each:
            self.leave(Left.SLOW)

    def keep_alive(self, passed: float, heartbeat: float) -> None:
        """Notice a reader that has gone; say that we are still here after ``heartbeat`` seconds of silence."""
        self._silence += passed
        if self.transport.is_closing():
            self.leave(Left.GONE)
        elif self._beat is not None and self._held is None and self._silence >= heartbeat:
            self.tell(self._beat, self.seq)

    def leave(self, why: Left) -> None:
        """Tell nothing more; the first reason counts."""
        if not self.left.done():
            self.left.set_result(why)

    def _write(self, data: bytes, seq: int) -> None:
        if self.transport.is_closing():
            self.leave(Left.GONE)
        # What is unread is measured before the write: a burst alone makes nobody slow.
        elif self.transport.get_write_buffer_size() > self._room.each:
            self.leave(Left.SLOW)
        else:
            self.transport.write(data)
            self.seq = seq
            self._silence = 0.0


def _be_quick_to_notice(transport: asyncio.Transport) -> None:
    """A peer that has vanished without a word, or does not read."""
    connection = transport.get_extra_info("socket")
    if connection is None:
        return
    notice_dead_peers(connection)  # inside another application nobody has
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THE_WAY)
