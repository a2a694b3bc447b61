"""What a stream of events was told, against what is on disk."""

from __future__ import annotations

from jobserver.jobs.events import Event, EventType, Interest
from tests.faults.simulated.ledger import Ledger, Wrong


class Stream:
    """A client's place in the log, which outlives its connections. ``history``: events a server keeps."""

    def __init__(self, ledger: Ledger, where: Interest, history: int) -> None:
        self.where = where
        self.last: int | None = None
        self._ledger = ledger
        self._history = history

    def hear(self, event: Event) -> None:
        """An event arrives."""
        events = self._ledger.disk.events
        if event.type is EventType.GAP:
            if len(events) <= self._history or event.seq > len(events):
                raise Wrong(f"a gap up to {event.seq} of {len(events)} events")
            self.last = event.seq
            return
        if event.seq > len(events):
            raise Wrong(f"event {event.seq} was told before it was on disk")
        if event != events[event.seq - 1]:
            raise Wrong(f"event {event.seq} was told as {event} and is {events[event.seq - 1]}")
        if self.last is not None:
            if event.seq <= self.last:
                raise Wrong(f"event {event.seq} was told again")
            self._check_nothing_is_missing(event.seq - 1)
        self.last = event.seq
        self._ledger.heard(event)

    def check_complete(self, up_to: int) -> None:
        """So many events had the time to arrive."""
        if self.last is not None:
            self._check_nothing_is_missing(up_to)

    def _check_nothing_is_missing(self, up_to: int) -> None:
        for event in self._ledger.disk.events[self.last : up_to]:
            if self.where.covers(event):
                raise Wrong(f"event {event.seq} was never told to somebody who heard {self.last}")
