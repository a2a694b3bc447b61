"""The job: one frozen record, and the small records it is made of.

Those made with every change are named tuples, which are made in a quarter of the time a frozen dataclass takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from jobserver.jobs.policy import Policy

JobId = str


class State(StrEnum):
    """Where a job is in its life. The words are the wire's."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    # Not Enum's own, which is written in Python: states are looked up with every change.
    __hash__ = str.__hash__

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the job by itself."""
        return self in _ENDED


_ENDED = frozenset({State.DONE, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt, or the job, failed: a stable code, a sentence, and the traceback for operators."""

    code: str
    message: str
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an attempt has come: ``fraction`` from 0 to 1, ``step`` what it is doing."""

    fraction: float = 0.0
    step: str = ""


class Attempt(NamedTuple):
    """One run of the job. ``failure`` is None when it succeeded, was interrupted or is still running."""

    number: int
    started_at: datetime
    worker: str
    ended_at: datetime | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a job made, encoded once. ``brief`` is the same JSON object without its bulky members, where it has any."""

    body: bytes
    brief: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes it takes to keep."""
        return len(self.body) + len(self.brief or b"")


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A client's promise that a repeated request is the same one (draft-ietf-httpapi-idempotency-key-header).

    ``fingerprint`` tells two requests apart that claim the same ``key``.
    """

    key: str
    fingerprint: bytes
    keep: timedelta = timedelta(hours=24)


class JobSpec(NamedTuple):
    """A job as its owner asked for it. It never changes.

    ``args``: a JSON object, encoded. ``priority``: higher runs first. ``run_at``: not before this time.
    ``expires_at``: fails unless an attempt has begun by then. ``credential``: SHA-256 of the signature that queued it,
    which may read it later. ``dedup_key``: while an unfinished job of its owner and kind has the same one, no other is
    made. ``concurrency_key``: jobs of its owner and queue that share one take turns with the others and run at most
    ``policy.per_key`` at a time. ``tags``: words to find it by. ``traceparent``: the trace it belongs to (W3C Trace
    Context).
    """

    id: JobId
    kind: str
    args: bytes
    created_at: datetime
    queue: str = "default"
    owner: str = "default"
    priority: int = 0
    policy: Policy = Policy()
    run_at: datetime | None = None
    expires_at: datetime | None = None
    credential: bytes | None = None
    idempotency: IdempotencyKey | None = None
    dedup_key: str | None = None
    concurrency_key: str | None = None
    tags: tuple[str, ...] = ()
    traceparent: str | None = None


class Job(NamedTuple):
    """A job as it stands. Every change makes a new record with the next ``version`` (states.py).

    ``deadline`` is read by state: scheduled → due; queued → expires unless started, if it does; processing → lease
    ends; ended → may be forgotten.
    ``number`` is its place in order of arrival, counted by the engine.
    ``attempt`` is the number of the current or last attempt, 0 before the first.
    """

    spec: JobSpec
    state: State
    number: int = 0
    version: int = 1
    deadline: datetime | None = None
    attempt: int = 0
    attempts: tuple[Attempt, ...] = ()
    token: str | None = None
    progress: Progress | None = None
    result: Result | None = None
    failure: Failure | None = None
    reason: str | None = None
    """Why it was cancelled."""
    finished_at: datetime | None = None

    @property
    def id(self) -> JobId:
        """The job's id."""
        return self.spec.id

    @property
    def started_at(self) -> datetime | None:
        """When the first attempt began."""
        return self.attempts[0].started_at if self.attempts else None


class Lease(NamedTuple):
    """The right to run one attempt of a job, until ``deadline`` unless renewed."""

    job: Job
    token: str
    deadline: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The attempt made a result."""

    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed. ``retry``: another may help. ``after``: how long to wait first; None asks the back-off."""

    failure: Failure
    retry: bool = True
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The server is stopping: the attempt does not count and the job goes back to the head of its queue."""


Outcome = Succeeded | Failed | Interrupted


class Position(NamedTuple):
    """Where a queued job stands: ``ahead`` jobs run before it; not ``exact`` where an engine can only estimate."""

    ahead: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs a list shows; None is any.

    ``text``: found, whatever its case, in the id, kind, queue, tags, arguments or error. ``created_after`` and
    ``created_before`` exclude the moment itself. ``arrived_by``: a job's `Job.number` is no greater.
    """

    owner: str | None = None
    state: State | None = None
    kind: str | None = None
    queue: str | None = None
    tag: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    text: str | None = None
    arrived_by: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs, newest first; ``next`` is the cursor of the following page, None on the last."""

    jobs: tuple[Job, ...]
    next: str | None = None


class LogLine(NamedTuple):
    """One line a handler wrote; ``number`` counts a job's lines from 0."""

    number: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a handler kept beside its result. ``name`` is unique in its job; a later one replaces it."""

    name: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """What an operator may set of a queue.

    ``paused``: no job is handed out. ``concurrency``: jobs of it that run at a time; 0 is no limit.
    ``keep``: how long an ended job stays readable. ``keep_count``: ended jobs kept, the latest; None: any number.
    """

    paused: bool = False
    concurrency: int = 0
    keep: timedelta = timedelta(hours=1)
    keep_count: int | None = None


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """A queue as it stands. ``counts``: state → number of jobs, every state present.

    ``oldest``: when the job that is next was created; None when none waits.
    """

    name: str
    settings: QueueSettings
    counts: dict[State, int]
    oldest: datetime | None = None
