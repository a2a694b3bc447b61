"""Apply to all that match: which jobs, and what to do to each; itself a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from jobserver.jobs.access import Scope
from jobserver.jobs.model import Filter, State
from jobserver.jobs.submission import Submission

KIND = "bulk"
QUEUE = "operations"

WAITING = (State.SCHEDULED, State.QUEUED)
"""Jobs that were not started, in the order in which no such job slips through."""


class Action(StrEnum):
    """What can be done to many jobs at once. The words are the wire's."""

    CANCEL = "cancel"
    RETRY = "retry"
    PROMOTE = "promote"
    DELETE = "delete"

    @property
    def scope(self) -> Scope:
        """What a caller needs for it."""
        return Scope.SUBMIT if self is Action.RETRY else Scope.CANCEL


@dataclass(frozen=True, slots=True)
class Operation:
    """``action`` for every job that ``where`` shows and that is in one of ``states``; of any state without them.

    ``where.owner`` None: everybody's. ``reason``: for those it cancels. ``quota``: unfinished jobs that the owner of
    those it retries may have.
    """

    action: Action
    where: Filter
    states: tuple[State, ...] = ()
    reason: str | None = None
    quota: int | None = None

    def submission(self, owner: str) -> Submission:
        """The job that does it. Those of one owner run one after the other."""
        return Submission(KIND, self.to_args(), owner, concurrency_key=KIND, internal=True)

    def to_args(self) -> dict[str, Any]:
        """As the job's arguments, in the words of the wire."""
        where = self.where
        members = {
            "owner": where.owner or "*",
            "status": list(self.states) or None,
            "kind": where.kind,
            "queue": where.queue,
            "tag": where.tag,
            "createdAfter": _wire(where.created_after),
            "createdBefore": _wire(where.created_before),
            "text": where.text,
        }
        present = {name: value for name, value in members.items() if value is not None}
        more = {"reason": self.reason, "quota": self.quota}
        return {"action": self.action, "filter": present} | {name: it for name, it in more.items() if it is not None}

    @classmethod
    def from_args(cls, args: dict[str, Any]) -> Operation:
        """What `to_args` said."""
        told = args["filter"]
        where = Filter(
            owner=None if told["owner"] == "*" else told["owner"],
            kind=told.get("kind"),
            queue=told.get("queue"),
            tag=told.get("tag"),
            created_after=_moment(told.get("createdAfter")),
            created_before=_moment(told.get("createdBefore")),
            text=told.get("text"),
        )
        states = tuple(State(word) for word in told.get("status", ()))
        return cls(Action(args["action"]), where, states, args.get("reason"), args.get("quota"))


def _wire(moment: datetime | None) -> str | None:
    # To the microsecond: jobs made within one millisecond must fall on the side that was asked for.
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
