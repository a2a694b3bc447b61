"""The job: one frozen record, and the small records it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class Attempt:
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


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job as its owner asked for it. It never changes.

    ``args``: a JSON object, encoded. ``priority``: higher runs first. ``run_at``: not before this time.
    ``credential``: SHA-256 of the signature that queued it, which may read it later.
    """

    id: JobId
    kind: str
    args: bytes
    created_at: datetime
    queue: str = "default"
    owner: str = "default"
    priority: int = 0
    policy: Policy = field(default_factory=Policy)
    run_at: datetime | None = None
    credential: bytes | None = None
    idempotency: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. Every change makes a new record with the next ``version`` (states.py).

    ``deadline`` is read by state: scheduled → due; processing → lease ends; ended → may be forgotten; queued → None.
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


@dataclass(frozen=True, slots=True)
class Lease:
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


@dataclass(frozen=True, slots=True)
class Position:
    """Where a queued job stands: ``ahead`` jobs run before it; not ``exact`` where an engine can only estimate."""

    ahead: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs a list shows; None is any."""

    owner: str | None = None
    state: State | None = None
    kind: str | None = None
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs, newest first; ``next`` is the cursor of the following page, None on the last."""

    jobs: tuple[Job, ...]
    next: str | None = None
