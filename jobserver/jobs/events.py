"""The one ordered log of everything that happened, with a bounded memory."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from jobserver.jobs.model import Job, JobId, Progress, State


class EventType(StrEnum):
    """What can happen. The words are the wire's."""

    QUEUED = "job.queued"
    SCHEDULED = "job.scheduled"
    STARTED = "job.started"
    PROGRESS = "job.progress"
    LOG = "job.log"
    RETRYING = "job.retrying"
    DONE = "job.done"
    FAILED = "job.failed"
    CANCELLED = "job.cancelled"
    EXPIRED = "job.expired"
    PAUSED = "queue.paused"
    RESUMED = "queue.resumed"
    GAP = "gap"
    """Not an event of the log: the history asked for is gone, look at the job itself."""


_NEVER = datetime.min.replace(tzinfo=UTC)
_TERMINAL = frozenset({EventType.DONE, EventType.FAILED, EventType.CANCELLED, EventType.EXPIRED})


@dataclass(frozen=True, slots=True)
class News:
    """What a change left of a job, without its arguments, results and tracebacks: thousands of these are kept."""

    id: JobId
    state: State
    attempt: int
    progress: Progress | None
    error: str | None


def news_of(job: Job) -> News:
    """What there is to tell of the job as it stands."""
    return News(job.id, job.state, job.attempt, job.progress, job.failure.message if job.failure else None)


@dataclass(frozen=True, slots=True)
class Event:
    """One change. ``seq`` counts all events of the server from 1; ``job`` is how the change left the job."""

    seq: int
    type: EventType
    at: datetime
    queue: str
    job: News | None = None
    text: str | None = None
    """The line of a ``job.log``."""

    @property
    def terminal(self) -> bool:
        """Whether it is the last event of its job's run."""
        return self.type in _TERMINAL


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

    def __init__(self, log: EventLog, job_id: JobId | None, backlog: list[Event], limit: int) -> None:
        self.job_id = job_id
        self.since = log.last_seq
        self._log = log
        self._waiting = deque(backlog)
        self._limit = limit
        self._last_seq = self.since
        self._overrun = False
        self._closed = False
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
            if self._closed:
                raise StopAsyncIteration
            self._wakeup = asyncio.get_running_loop().create_future()
            await self._wakeup
        event = self._waiting.popleft()
        self._last_seq = event.seq
        return event

    @property
    def pending(self) -> bool:
        """Whether something is there to read at once."""
        return bool(self._waiting)

    def hear(self, event: Event) -> None:
        """Called by the log. A listener that is too far behind hears nothing more: never a stream with a hole."""
        if self._overrun or self._closed:
            return
        if len(self._waiting) >= self._limit:
            self._overrun = True
        else:
            self._waiting.append(event)
        self._wake()

    def close(self) -> None:
        """Hear no more; what was heard already can still be read."""
        self._closed = True
        self._log.leave(self)
        self._wake()

    def _wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done():
            self._wakeup.set_result(None)


class EventLog:
    """Every change in the order it was made; the last ``history`` are kept for those who come back.

    A listener may fall ``patience`` events behind before it is cut off.
    """

    def __init__(self, *, history: int = 10_000, patience: int = 1_000) -> None:
        self.last_seq = 0
        self._history: deque[Event] = deque(maxlen=history)
        self._patience = patience
        self._by_job: dict[JobId, set[Listener]] = {}
        self._to_all: set[Listener] = set()

    def append(
        self, kind: EventType, at: datetime, queue: str, job: Job | None = None, text: str | None = None
    ) -> Event:
        """Write the next event and let everyone concerned hear it."""
        self.last_seq += 1
        event = Event(self.last_seq, kind, at, queue, None if job is None else news_of(job), text)
        self._history.append(event)
        for listener in tuple(self._to_all):
            listener.hear(event)
        if job is not None:
            for listener in tuple(self._by_job.get(job.id, ())):
                listener.hear(event)
        return event

    def listen(self, *, after: int | None = None, job_id: JobId | None = None) -> Listener:
        """Listen to one job, or to all. ``after``: first what followed that sequence number, as far as it is kept.

        When part of it is gone the first event is a ``gap``: the listener must look at the job's state itself.
        """
        backlog = [] if after is None else self._since(after, job_id)
        listener = Listener(self, job_id, backlog, self._patience + len(backlog))
        if job_id is None:
            self._to_all.add(listener)
        else:
            self._by_job.setdefault(job_id, set()).add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener; a second time is harmless."""
        self._to_all.discard(listener)
        if listener.job_id is not None and (others := self._by_job.get(listener.job_id)) is not None:
            others.discard(listener)
            if not others:
                del self._by_job[listener.job_id]

    def close(self) -> None:
        """End every listener's stream: the server is going away."""
        for listener in [*self._to_all, *(one for some in self._by_job.values() for one in some)]:
            listener.close()

    def _since(self, after: int, job_id: JobId | None) -> list[Event]:
        kept = [event for event in self._history if event.seq > after]
        mine = [e for e in kept if job_id is None or (e.job is not None and e.job.id == job_id)]
        # A number we never gave out is from before a restart: what it stands for is gone as well.
        first_kept = kept[0].seq if kept else self.last_seq + 1
        if first_kept > after + 1 or after > self.last_seq:
            at = kept[0].at if kept else _NEVER
            return [Event(max(first_kept - 1, 0), EventType.GAP, at, ""), *mine]
        return mine
