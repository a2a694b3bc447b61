"""What kinds of job there are, and what a handler of one is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from jobserver.jobs.policy import Policy

Args = dict[str, Any]


class Context(Protocol):
    """What a running handler knows and may say."""

    @property
    def job_id(self) -> str:
        """The job being run."""

    @property
    def attempt(self) -> int:
        """Which attempt this is; 1 is the first."""

    @property
    def deadline(self) -> datetime | None:
        """When the attempt will be stopped, or None without a limit."""

    def progress(self, fraction: float, step: str = "") -> None:
        """Say how far the job has come: ``fraction`` from 0 to 1, ``step`` in a few words. Cheap; call it freely."""


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
    """

    kind: str
    run: Run
    queue: str = "default"
    policy: Policy = field(default_factory=Policy)
    validate: Callable[[Args], Args] = _any_args


def registry(handlers: Iterable[Handler]) -> dict[str, Handler]:
    """Kind → handler; ValueError when two claim one kind."""
    by_kind: dict[str, Handler] = {}
    for handler in handlers:
        if by_kind.setdefault(handler.kind, handler) is not handler:
            raise ValueError(f"two handlers for kind {handler.kind!r}")
    return by_kind
