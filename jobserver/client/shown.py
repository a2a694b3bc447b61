"""Jobs as they are asked for, and as a server shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict

from jobserver.client.refusals import failure_of
from jobserver.errors import JobFailed, WrongState
from jobserver.jobs.clock import to_wire
from jobserver.jobs.model import State
from jobserver.jobs.policy import Backoff

Length = float | timedelta
"""Seconds, or a timedelta."""


class Options(TypedDict, total=False):
    """What else a job may be submitted with: see `JobRequest`."""

    queue: str | None
    priority: int | None
    delay: Length | None
    run_at: datetime | None
    expires_in: Length | None
    max_attempts: int | None
    backoff: Backoff | None
    timeout: Length | None
    total_timeout: Length | None
    dedup_key: str | None
    concurrency_key: str | None
    tags: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to submit; None is what its kind says.

    ``delay`` or ``run_at``: when it may first run. ``expires_in``: it fails unless it has begun so long after that.
    ``timeout``: of one attempt. ``total_timeout``: of all attempts together. ``dedup_key``: while an unfinished job of
    the kind has it, that job is the answer. ``concurrency_key``: jobs that share it take turns.
    """

    kind: str
    args: Mapping[str, Any] = field(default_factory=dict)
    queue: str | None = None
    priority: int | None = None
    delay: Length | None = None
    run_at: datetime | None = None
    expires_in: Length | None = None
    max_attempts: int | None = None
    backoff: Backoff | None = None
    timeout: Length | None = None
    total_timeout: Length | None = None
    dedup_key: str | None = None
    concurrency_key: str | None = None
    tags: Sequence[str] | None = None

    def to_wire(self) -> dict[str, Any]:
        """The members of ``POST /v1/jobs``."""
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {_camel(name): _said(value) for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job as the server showed it. ``members``: everything it said, by the names of docs/protocol.md."""

    members: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The job's id."""
        return str(self.members["jobId"])

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.members["kind"])

    @property
    def queue(self) -> str:
        """Its queue."""
        return str(self.members["queue"])

    @property
    def status(self) -> State:
        """Where it is in its life."""
        return State(self.members["status"])

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.status.ended

    @property
    def progress(self) -> float:
        """How far it has come, 0 to 1."""
        return float(self.members.get("progress", 0))

    @property
    def step(self) -> str:
        """What it is doing, in a few words."""
        return str(self.members.get("step", ""))

    @property
    def duplicate(self) -> bool:
        """Whether it was there already: it has the ``dedup_key`` that was asked for."""
        return bool(self.members.get("duplicate", False))

    @property
    def error(self) -> JobFailed | None:
        """Why it failed, of the class that has its code; None unless it has."""
        error = self.members.get("error")
        return failure_of(str(error.get("code")), str(error.get("message"))) if isinstance(error, dict) else None

    @property
    def result(self) -> Any:
        """What it made. Raises `error` for one that failed, WrongState for one that has none."""
        if self.error is not None:
            raise self.error
        if self.status is not State.DONE:
            raise WrongState(str(self.members.get("reason") or f"A job that is {self.status} has no result."))
        return self.members.get("result")


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened.

    ``type`` and ``data``: as in docs/protocol.md. ``seq``: where to go on; None for what has no number.
    """

    type: str
    seq: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that a job's handler kept. ``size``: bytes."""

    name: str
    content_type: str
    size: int


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _said(value: Any) -> Any:
    match value:
        case timedelta():
            return value.total_seconds()
        case datetime():
            return to_wire(value)
        case Backoff():
            kind = {"type": "fixed"} if value.factor == 1 else {"type": "exponential", "factor": value.factor}
            longest = {"max": value.longest.total_seconds()}
            return {**kind, "delay": value.delay.total_seconds(), **longest, "jitter": value.jitter}
        case _:
            return value
