"""Tells all streams what happens: each event is encoded once, and what gathers in a moment is one write.

Streams that want the same in the same form make up an audience and share every byte. Nothing here waits for a reader:
a write goes to the transport, and a reader whose transport holds too much unread is let go.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from jobserver.errors import TooManyStreams
from jobserver.jobs.event_log import Listener, ListenerTooSlow
from jobserver.jobs.events import Event
from jobserver.jobs.model import JobId
from jobserver.jobs.service import Jobs
from jobserver.web.streams.event_wire import EncodedEvents
from jobserver.web.streams.subscriber import Channel, Left, Room, Subscriber

_log = logging.getLogger(__name__)

_GATHER = 0.005
"""Seconds between two writes to a stream: what happens meanwhile is joined. The first after a silence goes at once."""

_TURN = 0.002
"""Seconds of writing after which others have their turn on the loop."""

_SWEEP = 1.0
"""Seconds between two looks for readers that have gone."""


@dataclass(eq=False, slots=True)
class _Audience:
    """Those who are told the same."""

    channel: Channel
    members: dict[Subscriber, None] = field(default_factory=dict)


class Broadcast:
    """All streams that are open, and the one listener they share.

    ``heartbeat``: seconds of silence. ``most``, ``most_of_owner``: streams, in all and of one owner.
    """

    open: int
    """Streams and long polls that are open."""

    room: Room
    """What may wait for each of their readers."""

    def __init__(self, jobs: Jobs, *, heartbeat: float, most: int, most_of_owner: int) -> None:
        self.encoded = EncodedEvents()
        self.open = 0
        self.room = Room()
        self._jobs = jobs
        self._heartbeat = heartbeat
        self._most = most
        self._most_of_owner = most_of_owner
        self._places: Counter[str] = Counter()
        self._audiences: dict[Channel, _Audience] = {}
        self._wide: dict[_Audience, None] = {}
        self._by_job: dict[JobId, dict[_Audience, None]] = {}
        self._listener: Listener | None = None
        self._told = 0
        self._delivery: Iterator[None] = iter(())
        self._timer: asyncio.Handle | None = None
        self._sweeper: asyncio.Handle | None = None
        self._spent = 0.0
        self._rests_until = 0.0

    @contextmanager
    def place(self, owner: str) -> Iterator[None]:
        """Room for one stream of that owner; TooManyStreams."""
        if self.open >= self._most or self._places[owner] >= self._most_of_owner:
            raise TooManyStreams
        self.open += 1
        self.room.share(self.open)
        self._places[owner] += 1
        try:
            yield
        finally:
            self.open -= 1
            self.room.share(self.open)
            self._places[owner] -= 1
            if not self._places[owner]:
                del self._places[owner]

    def join(self, subscriber: Subscriber, channel: Channel, since: int) -> None:
        """Tell the subscriber what happens after event ``since``, on this channel instead of any other."""
        self._leave_audience(subscriber)
        subscriber.channel, subscriber.since = channel, since
        audience = self._audiences.get(channel)
        if audience is None:
            audience = self._audiences[channel] = _Audience(channel)
            for place in self._places_of(channel):
                place[audience] = None
        audience.members[subscriber] = None
        self._listen()

    def leave(self, subscriber: Subscriber) -> None:
        """Tell it nothing more."""
        self._leave_audience(subscriber)
        if not self._audiences:
            self._stop()

    def told(self, subscriber: Subscriber) -> int:
        """The number up to which it has been told what its channel covers."""
        for _ in self._delivery:
            pass
        return max(self._told, subscriber.since)

    def _places_of(self, channel: Channel) -> list[dict[_Audience, None]]:
        if (jobs := channel.jobs) is None:
            return [self._wide]
        return [self._by_job.setdefault(job_id, {}) for job_id in jobs]

    def _leave_audience(self, subscriber: Subscriber) -> None:
        channel, subscriber.channel = subscriber.channel, None
        if channel is None:
            return
        audience = self._audiences[channel]
        del audience.members[subscriber]
        if audience.members:
            return
        del self._audiences[channel]
        for place in self._places_of(channel):
            place.pop(audience, None)
        for job_id in channel.jobs or ():
            if not self._by_job[job_id]:
                del self._by_job[job_id]

    def _listen(self) -> None:
        if self._listener is None:
            self._listener = self._jobs.listen()
            self._listener.notify = self._stir
            self._told = self._listener.since
        if self._sweeper is None:
            self._sweep_later()
        if self._listener.closed:  # whoever comes while the server stops is told so
            self._stir()

    def _stop(self) -> None:
        for timer in (self._timer, self._sweeper):
            if timer is not None:
                timer.cancel()
        self._timer = self._sweeper = None
        self._delivery = iter(())
        self._stop_listening()

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.notify = None
            self._listener.close()
            self._listener = None

    def _stir(self) -> None:
        """Something happened: tell it soon, with what else happens until then."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._rests_until, self._deliver)

    def _deliver(self) -> None:
        """Write for a turn, then let others have theirs."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            through = self._write_until(began + _TURN) and self._take() and self._write_until(began + _TURN)
        except Exception:  # noqa: BLE001 - what cannot be told must not silence every stream for ever
            _log.exception("events could not be told")
            self._everyone_leaves(Left.SLOW)
            self._delivery, through = iter(()), True
        self._spent += loop.time() - began
        if not through:
            self._timer = loop.call_soon(self._deliver)
            return
        # Streams take half of the loop's time at most.
        self._timer, self._rests_until, self._spent = None, loop.time() + max(_GATHER, self._spent), 0.0
        if self._listener is not None and self._listener.closed:
            self._everyone_leaves(Left.STOPPING)

    def _take(self) -> bool:
        """Make what happened the next delivery."""
        if self._listener is None:
            return True
        try:
            events = self._listener.take()
        except ListenerTooSlow:  # it is we who were too slow: nobody is told a story with a hole
            self._everyone_leaves(Left.SLOW)
            self._stop_listening()
            return True
        if events:
            self._delivery = self._delivered(events)
            self._told = events[-1].seq
        return True

    def _write_until(self, moment: float) -> bool:
        """Whether the whole delivery is made."""
        now = asyncio.get_running_loop().time
        for _ in self._delivery:  # noqa: SIM110 - the loop is the work
            if now() > moment:
                return False
        return True

    def _delivered(self, events: Sequence[Event]) -> Iterator[None]:
        for audience, fresh in self._by_audience(events).items():
            messages = self.encoded.messages(fresh)
            data = audience.channel.form(messages)
            first, last, ends = fresh[0].seq, fresh[-1].seq, audience.channel.one_job and fresh[-1].terminal
            yield
            for subscriber in tuple(audience.members):
                if subscriber.since < first:
                    subscriber.tell(data, last)
                elif subscriber.since < last:
                    news = [message for message in messages if (message.seq or 0) > subscriber.since]
                    subscriber.tell(audience.channel.form(news), last)
                else:
                    continue
                if ends:
                    subscriber.leave(Left.ENDED)
                yield

    def _by_audience(self, events: Sequence[Event]) -> dict[_Audience, list[Event]]:
        found: dict[_Audience, list[Event]] = {}
        for event in events:
            near = () if event.job is None else self._by_job.get(event.job.id, ())
            for audience in (*self._wide, *near):
                told = found.get(audience)
                if audience.channel.one_job and told and told[-1].terminal:
                    continue  # it was tried again in this very moment: the stream has ended before
                if audience.channel.covers(event):
                    found.setdefault(audience, []).append(event)
        return found

    def _everyone_leaves(self, why: Left) -> None:
        for audience in tuple(self._audiences.values()):
            for subscriber in tuple(audience.members):
                subscriber.leave(why)

    def _sweep_later(self) -> None:
        passed = min(_SWEEP, self._heartbeat)
        self._sweeper = asyncio.get_running_loop().call_later(passed, self._sweep, passed)

    def _sweep(self, passed: float) -> None:
        for audience in self._audiences.values():
            for subscriber in audience.members:
                subscriber.keep_alive(passed, self._heartbeat)
        self._sweep_later()
