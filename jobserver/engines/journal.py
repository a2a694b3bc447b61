"""Who hears of every change to what an engine keeps, in the order they are made."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from jobserver.engines.idempotency import Entry, KeyName
from jobserver.jobs.access import ApiKey
from jobserver.jobs.event_log import EventLog
from jobserver.jobs.events import EventType
from jobserver.jobs.model import Artifact, Job, LogLine, QueueSettings


class Journal(Protocol):
    """Told in the step that makes the change, before anybody else hears of it. It never fails and never waits."""

    def event(
        self, kind: EventType, at: datetime, queue: str, job: Job | None = None, text: str | None = None
    ) -> object:
        """Something happened; those who listen are to hear of it as soon as what it tells of is safe."""

    def job(self, before: Job | None, after: Job | None, *, in_front: bool = False) -> None:
        """A job changed: ``before`` is None for a new one, ``after`` for one that is forgotten.

        One that is queued now stands last of those of its queue, or ``in_front`` of them.
        """

    def line(self, job: Job, line: LogLine) -> None:
        """A job's log has one more line."""

    def file(self, job: Job, file: Artifact) -> None:
        """A job has a file, instead of the one of that name if there was one."""

    def idempotency(self, name: KeyName, entry: Entry | None) -> None:
        """A key that outlives its job is kept, or no longer."""

    def queue(self, name: str, settings: QueueSettings, chosen: frozenset[str]) -> None:
        """A queue has these settings, of which operators have ``chosen`` those fields."""

    def key(self, key_id: str, key: ApiKey | None) -> None:
        """An API key is kept as it is now, or no longer."""


class Unwritten:
    """The journal of an engine that lasts as long as its process: whatever happens is told at once."""

    def __init__(self, log: EventLog) -> None:
        self.event = log.append

    def job(self, before: Job | None, after: Job | None, *, in_front: bool = False) -> None:
        """See `Journal.job`."""

    def line(self, job: Job, line: LogLine) -> None:
        """See `Journal.line`."""

    def file(self, job: Job, file: Artifact) -> None:
        """See `Journal.file`."""

    def idempotency(self, name: KeyName, entry: Entry | None) -> None:
        """See `Journal.idempotency`."""

    def queue(self, name: str, settings: QueueSettings, chosen: frozenset[str]) -> None:
        """See `Journal.queue`."""

    def key(self, key_id: str, key: ApiKey | None) -> None:
        """See `Journal.key`."""
