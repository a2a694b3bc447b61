"""What is said of an event, and how a stream of each kind frames it: made once, whoever listens."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jobserver.jobs.clock import to_wire
from jobserver.jobs.events import Event, EventType, News, news_of
from jobserver.jobs.model import Job, State
from jobserver.web.wire import dumps, progress_members

SNAPSHOT = "snapshot"
"""How a job stands, before anything is told of it."""
CLOSED = "closed"
"""The reader was too slow, or may listen no more."""
DRAINING = "server.draining"
"""The server is stopping."""

OWN_EVENTS = (SNAPSHOT, CLOSED, DRAINING)
"""What streams say beside the events of the log."""

_ENCODED = 10_000
_WEBSOCKET_TEXT = 0x81
"""Final fragment, text (RFC 6455, 5.2)."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something told to a listener. ``seq``: where to go on from after it, None where it is no such place.

    ``data``: a JSON object with ``name`` as its ``type``.
    """

    name: str
    seq: int | None
    data: bytes


Form = Callable[[Sequence[Message]], bytes]
"""Makes the bytes of one write."""


class EncodedEvents:
    """The messages of events, each encoded once, as long as it is among the last."""

    def __init__(self) -> None:
        self._known: dict[int, Message] = {}

    def messages(self, events: Iterable[Event]) -> list[Message]:
        """A message for each of them."""
        return [self._known.get(event.seq) or self._encode(event) for event in events]

    def _encode(self, event: Event) -> Message:
        if len(self._known) >= _ENCODED:
            del self._known[next(iter(self._known))]
        message = self._known[event.seq] = Message(event.type, event.seq, dumps(_event_members(event)))
        return message


def snapshot(job: Job, seq: int) -> Message:
    """How the job stands after event ``seq``."""
    return _message(SNAPSHOT, seq, _job_members(job))


def gap_of_job(job: Job, seq: int) -> Message:
    """Some of the job's history is gone: how it stands instead."""
    return _message(EventType.GAP, seq, _job_members(job))


def snapshot_of_all(counts: dict[State, int], seq: int) -> Message:
    """How many jobs there are in each state after event ``seq``."""
    return _message(SNAPSHOT, seq, {"counts": counts})


def gap(counts: dict[State, int], seq: int) -> Message:
    """Some of the history is gone: how many jobs there are in each state, and where to go on from."""
    return _message(EventType.GAP, seq, {"counts": counts})


def closed(reason: str, seq: int) -> Message:
    """This stream ends before its time; event ``seq`` was the last that it told."""
    return Message(CLOSED, None, dumps({"type": CLOSED, "reason": reason, "seq": seq}))


def draining() -> Message:
    """The server is stopping; the last message."""
    return Message(DRAINING, None, dumps({"type": DRAINING}))


def sse(messages: Sequence[Message]) -> bytes:
    r"""Server-Sent Events (WHATWG HTML, 9.2).

    >>> sse([Message("job.done", 7, b"{}"), Message("closed", None, b"{}")])
    b'event: job.done\nid: 7\ndata: {}\n\nevent: closed\ndata: {}\n\n'
    """
    return b"".join(
        [
            b"event: %b\ndata: %b\n\n" % (message.name.encode(), message.data)
            if message.seq is None
            else b"event: %b\nid: %d\ndata: %b\n\n" % (message.name.encode(), message.seq, message.data)
            for message in messages
        ]
    )


def chunk(data: bytes) -> bytes:
    r"""A chunk of a body of unknown length (RFC 9112, 7.1).

    >>> chunk(b"sixteen letters.")
    b'10\r\nsixteen letters.\r\n'
    """
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunked_sse(messages: Sequence[Message]) -> bytes:
    """Server-Sent Events as they stand in an answer of HTTP/1.1, one chunk."""
    return chunk(sse(messages))


def websocket(messages: Sequence[Message]) -> bytes:
    r"""A WebSocket text message each, in one frame (RFC 6455, 5.2); a server's frames have no mask.

    >>> websocket([Message("pong", None, b"{}"), Message("pong", None, b"")])
    b'\x81\x02{}\x81\x00'
    """
    return b"".join([_frame_head(len(message.data)) + message.data for message in messages])


def _frame_head(length: int) -> bytes:
    if length < 126:
        return struct.pack("!BB", _WEBSOCKET_TEXT, length)
    if length < 65_536:
        return struct.pack("!BBH", _WEBSOCKET_TEXT, 126, length)
    return struct.pack("!BBQ", _WEBSOCKET_TEXT, 127, length)


def _message(name: str, seq: int, members: dict[str, Any]) -> Message:
    return Message(name, seq, dumps({"type": name, "seq": seq, **members}))


def _event_members(event: Event) -> dict[str, Any]:
    members: dict[str, Any] = {"type": event.type, "seq": event.seq, "at": to_wire(event.at)}
    members |= {"queue": event.queue} if event.job is None else _news_members(event.queue, event.job)
    return members if event.text is None else members | {"line": event.text}


def _job_members(job: Job) -> dict[str, Any]:
    return _news_members(job.spec.queue, news_of(job))


def _news_members(queue: str, news: News) -> dict[str, Any]:
    members: dict[str, Any] = {"jobId": news.id, "queue": queue, "status": news.state, "attempt": news.attempt}
    if news.error is not None:
        members["error"] = news.error
    return members | progress_members(news)
