"""The one ordered log of everything that happened, with a bounded memory, and those who listen to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter
from typing import Self

from jobserver.jobs.events import ALL, Event, EventType, Interest, happened
from jobserver.jobs.model import Job, JobId

_NEVER = datetime.min.replace(tzinfo=UTC)


class ListenerTooSlow(Exception):
    """More events are waiting for this listener than are kept for one."""

    def __init__(self, last_seq: int) -> None:
        super().__init__(f"events after {last_seq} were not read in time")
        self.last_seq = last_seq


class Listener:
    """A place in the log from which events are read in order: ``async for event in listener``.

    It hears from the moment it is made, so that nothing falls between reading a job and listening to it. Close it,
    or use it as a context manager. The iteration ends when the log is closed.
    ``since``: the sequence number of the last event before it was made.
    """

    def __init__(self, log: EventLog, where: Interest, backlog: list[Event], limit: int) -> None:
        self.where = where
        self.since = log.last_seq
        self.closed = False
        self.notify: Callable[[], None] | None = None
        """Called, and at once, when there is something to `take` or the listener has been closed."""
        self._log = log
        self._waiting = deque(backlog)
        self._limit = limit
        self._last_seq = self.since
        self._overrun = False
        self._wakeup: asyncio.Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._overrun:
                raise ListenerTooSlow(self._last_seq)
            if self.closed:
                raise StopAsyncIteration
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup
        event = self._waiting.popleft()
        self._last_seq = event.seq
        return event

    def take(self) -> list[Event]:
        """All that waits to be read, which may be nothing; raises ListenerTooSlow."""
        if not self._waiting and self._overrun:
            raise ListenerTooSlow(self._last_seq)
        events = list(self._waiting)
        self._waiting.clear()
        if events:
            self._last_seq = events[-1].seq
        return events

    def hear(self, event: Event) -> None:
        """Called by the log. A listener that is too far behind hears nothing more: never a stream with a hole."""
        if self._overrun or self.closed:
            return
        if len(self._waiting) >= self._limit:
            self._overrun = True
        else:
            self._waiting.append(event)
        self._wake()

    def leave(self) -> int:
        """Hear no more, and stay open: somebody else will tell what follows the number that is returned."""
        self._log.leave(self)
        return self._log.last_seq

    def close(self) -> None:
        """Hear no more; what was heard already can still be read."""
        if self.closed:
            return
        self.closed = True
        self._log.leave(self)
        self._wake()

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)
        if self.notify is not None:
            self.notify()


class EventLog:
    """Every change in the order it was made; the last ``history`` are kept for those who come back.

    A listener may fall ``patience`` events behind before it is cut off: more than one step of the loop ever makes.
    """

    def __init__(self, *, history: int = 10_000, patience: int = 10_000) -> None:
        self.last_seq = 0
        self._size = history
        self._patience = patience
        self._history: deque[Event] = deque()
        self._history_of: dict[JobId, list[Event]] = {}
        # In order: who listened first hears first, in every run of a test alike.
        self._by_job: dict[JobId, dict[Listener, None]] = {}
        self._others: dict[Listener, None] = {}

    def append(
        self, kind: EventType, at: datetime, queue: str, job: Job | None = None, text: str | None = None
    ) -> Event:
        """Write the next event and let everyone concerned hear it."""
        event = happened(kind, at, queue, job, text, seq=self.last_seq + 1)
        self.tell(event)
        return event

    def tell(self, event: Event) -> None:
        """Write an event that has the next number already, and let everyone concerned hear it."""
        self.last_seq = event.seq
        self._remember(event)
        if self._others:
            _tell(self._others, event)
        if event.job is not None and event.job.id in self._by_job:
            _tell(self._by_job[event.job.id], event)

    def restore(self, event: Event) -> None:
        """Know an event of an earlier process, the next after those known already."""
        self.last_seq = event.seq
        self._remember(event)

    def listen(self, where: Interest = ALL, *, after: int | None = None) -> Listener:
        """Listen to what is of interest. ``after``: first what followed that sequence number, as far as it is kept.

        When part of it is gone the first event is a ``gap``: the listener must look at the jobs themselves.
        """
        backlog = [] if after is None else self._since(after, where)
        listener = Listener(self, where, backlog, self._patience + len(backlog))
        if where.jobs is None:
            self._others[listener] = None
        for job_id in where.jobs or ():  # those of single jobs stand apart, so that they cost others nothing
            self._by_job.setdefault(job_id, {})[listener] = None
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener; a second time is harmless."""
        self._others.pop(listener, None)
        for job_id in listener.where.jobs or ():
            listeners = self._by_job.get(job_id, {})
            listeners.pop(listener, None)
            if not listeners:
                self._by_job.pop(job_id, None)

    def close(self) -> None:
        """End every listener's stream: the server is going away."""
        for listener in [*self._others, *(one for some in self._by_job.values() for one in some)]:
            listener.close()

    def _remember(self, event: Event) -> None:
        self._history.append(event)
        if event.job is not None:
            self._history_of.setdefault(event.job.id, []).append(event)
        if len(self._history) > self._size:
            self._forget(self._history.popleft())

    def _forget(self, oldest: Event) -> None:
        if oldest.job is None:
            return
        rest = self._history_of[oldest.job.id]
        if len(rest) > 1:
            del rest[0]  # the oldest of all is the oldest of its job
        else:
            del self._history_of[oldest.job.id]

    def _since(self, after: int, where: Interest) -> list[Event]:
        mine = [event for event in self._kept(after, where) if where.covers(event)]
        first_kept = self.last_seq + 1 - len(self._history)
        # A number we never gave out is from before a restart: what it stands for is gone as well.
        if first_kept > after + 1 or after > self.last_seq:
            at = self._history[0].at if self._history else _NEVER
            up_to = self.last_seq if after > self.last_seq else first_kept - 1
            return [Event(up_to, EventType.GAP, at, ""), *mine]
        return mine

    def _kept(self, after: int, where: Interest) -> Iterable[Event]:
        """What is kept of the events after that number, without looking at those of other jobs."""
        if where.jobs is None:
            past = after - (self.last_seq - len(self._history))  # the numbers of what is kept have no hole
            return islice(self._history, min(max(past, 0), len(self._history)), None)
        found = [event for job_id in where.jobs for event in self._history_of.get(job_id, ()) if event.seq > after]
        return found if len(where.jobs) == 1 else sorted(found, key=_by_seq)


_by_seq = attrgetter("seq")


def _tell(listeners: Iterable[Listener], event: Event) -> None:
    for listener in tuple(listeners):  # whoever hears may leave
        if listener.where.covers(event):
            listener.hear(event)
