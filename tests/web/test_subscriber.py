"""One reader's end of a stream: the past first, then what was held back, and when it is let go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from jobserver.web.streams import subscriber as module
from jobserver.web.streams.event_wire import Message
from jobserver.web.streams.subscriber import UNREAD, Left, Subscriber


class Wire(asyncio.Transport):
    """A transport that remembers what was written; ``unread`` bytes wait in it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.unread = 0
        self.gone = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.gone


def a_past(length: int) -> list[Message]:
    return [Message("job.progress", number, b"%d" % number) for number in range(1, length + 1)]


async def test_what_happens_while_the_past_is_told_comes_after_it():
    wire = Wire()
    reader = Subscriber(wire)
    reader.tell(b"501", 501)

    async def write(messages: Sequence[Message]) -> None:
        wire.written += [message.data for message in messages]
        reader.tell(b"%d" % (501 + len(wire.written)), 501 + len(wire.written))
        await asyncio.sleep(0)

    await reader.catch_up(a_past(500), write)
    reader.tell(b"last", 2_000)
    assert wire.written[:500] == [message.data for message in a_past(500)]
    assert wire.written[500:] == [b"501", b"701", b"901", b"1001", b"last"]
    assert (reader.seq, reader.left.done()) == (2_000, False)


async def test_a_reader_of_the_past_who_is_overtaken_is_let_go_where_it_is():
    reader = Subscriber(Wire())

    async def write(messages: Sequence[Message]) -> None:
        if messages[0].seq != 1:
            reader.tell(b"x" * (UNREAD + 1), 999)

    await reader.catch_up(a_past(500), write)
    assert (reader.left.result(), reader.seq) == (Left.SLOW, 200)


async def test_a_reader_who_stops_reading_the_past_is_let_go(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_STALLED", 0.01)
    reader = Subscriber(Wire())

    async def write(messages: Sequence[Message]) -> None:
        await asyncio.Event().wait()

    await reader.catch_up(a_past(1), write)
    assert (reader.left.result(), reader.seq) == (Left.SLOW, 0)


async def test_a_burst_makes_nobody_slow_but_what_is_unread_before_it_does():
    wire = Wire()
    reader = Subscriber(wire)
    await reader.catch_up([], _nothing)
    reader.tell(b"x" * 3 * UNREAD, 1)
    wire.unread = UNREAD
    reader.tell(b"y", 2)
    wire.unread = UNREAD + 1
    reader.tell(b"z", 3)
    wire.unread = 0
    reader.tell(b"never", 4)
    assert (len(wire.written), reader.seq, reader.left.result()) == (2, 2, Left.SLOW)


async def test_a_silence_is_broken_and_a_reader_who_has_gone_is_noticed():
    wire = Wire()
    reader = Subscriber(wire, b": here")
    reader.keep_alive(10, 15)
    await reader.catch_up([], _nothing)
    reader.keep_alive(10, 15)
    reader.keep_alive(10, 15)
    reader.tell(b"news", 1)
    reader.keep_alive(10, 15)
    assert wire.written == [b": here", b"news"]
    wire.gone = True
    reader.keep_alive(1, 15)
    assert (reader.left.result(), wire.written) == (Left.GONE, [b": here", b"news"])


async def _nothing(messages: Sequence[Message]) -> None:
    """There is no past."""
