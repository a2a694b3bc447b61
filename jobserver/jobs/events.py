"""What happens to jobs and queues, and who wants to hear which of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

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


@dataclass(frozen=True, slots=True)
class Interest:
    """Which events a listener hears; None is any.

    ``owner``: of the job; events of a queue itself have none, and everybody hears them: they tell nothing of anybody's
    jobs. ``jobs``: their ids. ``queues``: their names. ``types``: what happened.
    """

    owner: str | None = None
    jobs: frozenset[JobId] | None = None
    queues: frozenset[str] | None = None
    types: frozenset[EventType] | None = None

    def covers(self, event: Event) -> bool:
        """Whether such an event is of interest."""
        return (
            (self.owner is None or event.owner is None or event.owner == self.owner)
            and (self.jobs is None or (event.job is not None and event.job.id in self.jobs))
            and (self.queues is None or event.queue in self.queues)
            and (self.types is None or event.type in self.types)
        )


ALL = Interest()
_TERMINAL = frozenset({EventType.DONE, EventType.FAILED, EventType.CANCELLED, EventType.EXPIRED})


class News(NamedTuple):
    """What a change left of a job, without its arguments, results and tracebacks: thousands of these are kept."""

    id: JobId
    state: State
    attempt: int
    progress: Progress | None
    error: str | None


def news_of(job: Job) -> News:
    """What there is to tell of the job as it stands."""
    return News(job.id, job.state, job.attempt, job.progress, job.failure.message if job.failure else None)


class Event(NamedTuple):
    """One change. ``seq`` counts all events of the server from 1; ``job`` is how the change left the job.

    ``owner``: whose job it is; None for an event of a queue.
    """

    seq: int
    type: EventType
    at: datetime
    queue: str
    job: News | None = None
    owner: str | None = None
    text: str | None = None
    """The line of a ``job.log``."""

    @property
    def terminal(self) -> bool:
        """Whether it is the last event of its job's run."""
        return self.type in _TERMINAL


def happened(
    kind: EventType, at: datetime, queue: str, job: Job | None = None, text: str | None = None, *, seq: int = 0
) -> Event:
    """An event; ``seq`` 0 until it has its number."""
    if job is None:
        return Event(seq, kind, at, queue, text=text)
    return Event(seq, kind, at, queue, news_of(job), job.spec.owner, text)
