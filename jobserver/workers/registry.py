"""What kinds of job there are, and what a handler of one is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from jobserver.jobs.policy import Policy

Args = dict[str, Any]


class Context(Protocol):
    """What a running handler knows and may say. Everything here may be used from any thread."""

    @property
    def job_id(self) -> str:
        """The job being run."""

    @property
    def owner(self) -> str:
        """Whose job it is."""

    @property
    def attempt(self) -> int:
        """Which attempt this is; 1 is the first."""

    @property
    def deadline(self) -> datetime | None:
        """When the attempt will be stopped, or None without a limit."""

    @property
    def traceparent(self) -> str | None:
        """The trace the job belongs to (W3C Trace Context), or None."""

    @property
    def cancelled(self) -> bool:
        """Whether the attempt is to end: cancelled, out of time, or the server stops. For loops that cannot await."""

    def progress(self, fraction: float, step: str = "") -> None:
        """Say how far the job has come: ``fraction`` from 0 to 1, ``step`` in a few words. Cheap; call it freely."""

    def log(self, line: str) -> None:
        """Add a line to the job's log."""

    def artifact(
        self, name: str, body: bytes | str, content_type: str = "application/octet-stream", *, required: bool = True
    ) -> None:
        """Keep a file beside the result, readable at once; a later one of the same name replaces it.

        ``required``: the attempt fails when the file cannot be kept; otherwise a line of the log says so.
        """


Run = Callable[[Context, Args], Awaitable[Any]]
"""A handler: returns what `json.dumps` can encode, or a `jobs.model.Result` that is encoded already.

Any exception fails the attempt; `errors.DoNotRetry` and `errors.RetryAfter` say what should follow.
It is cancelled on time-out, cancellation and shutdown, and has a short grace to end.
"""


def _any_args(args: Args) -> Args:
    return args


@dataclass(frozen=True, slots=True)
class Handler:
    """One kind of job: how it runs and on which terms.

    ``validate`` checks and normalises the arguments before a job is accepted; it raises `errors.InvalidRequest`.
    ``concurrency``: jobs of its queue that run at a time; None leaves that to the queue's other kinds or the server.
    ``internal``: only the server itself makes such jobs.
    ``isolated``: ``module:name`` of the function that the crew calls in a child process in place of ``run``.
    """

    kind: str
    run: Run
    queue: str = "default"
    policy: Policy = field(default_factory=Policy)
    validate: Callable[[Args], Args] = _any_args
    concurrency: int | None = None
    internal: bool = False
    isolated: str | None = None


def registry(handlers: Iterable[Handler]) -> dict[str, Handler]:
    """Kind → handler; ValueError when two claim one kind."""
    by_kind: dict[str, Handler] = {}
    for handler in handlers:
        if by_kind.setdefault(handler.kind, handler) is not handler:
            raise ValueError(f"two handlers for kind {handler.kind!r}")
    return by_kind
