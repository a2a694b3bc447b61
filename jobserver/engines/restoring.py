"""Fills an engine with what an earlier process left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jobserver.engines.attachments import Attachments
from jobserver.engines.idempotency import Entry, IdempotencyKeys, KeyName
from jobserver.engines.packed import REST, Restored, idempotency_of, unpack
from jobserver.engines.shelf import Shelf
from jobserver.jobs import states
from jobserver.jobs.access import ApiKey
from jobserver.jobs.event_log import EventLog
from jobserver.jobs.events import Event
from jobserver.jobs.model import Artifact, JobId, LogLine, QueueSettings


class Restoring:
    """Takes what was kept, in any thread while nobody else uses the engine. `finish` comes last."""

    def __init__(
        self,
        shelf: Shelf,
        idempotency: IdempotencyKeys,
        attached: Attachments,
        api_keys: dict[str, ApiKey],
        log: EventLog,
    ) -> None:
        self._shelf = shelf
        self._idempotency = idempotency
        self._attached = attached
        self._api_keys = api_keys
        self._log = log
        self._jobs: list[Restored] = []

    def queue(self, name: str, settings: QueueSettings, chosen: frozenset[str]) -> None:
        """What operators have set of a queue."""
        queue = self._shelf.queue(name)
        queue.settings = replace(queue.settings, **{term: getattr(settings, term) for term in chosen})
        queue.chosen = chosen

    def jobs(self, jobs: Sequence[Restored]) -> None:
        """Jobs as rows (`packed`) with their places in line, in order of arrival."""
        self._jobs += jobs
        for job_id, row in [job[:2] for job in jobs if job[1][REST] is not None]:
            if idempotency_of(row) is not None:
                job, _ = unpack(job_id, row)
                self._idempotency.add(states.create(job.spec, job.number))

    def line(self, job_id: JobId, line: LogLine) -> None:
        """A line of a job's log, in order."""
        self._attached.restore(job_id, line)

    def file(self, job_id: JobId, file: Artifact) -> None:
        """A job's file, in the order they were named."""
        self._attached.keep(job_id, file)

    def idempotency(self, name: KeyName, entry: Entry) -> None:
        """A key that outlived its job, in the order they did."""
        self._idempotency.restore(name, entry)

    def key(self, key: ApiKey) -> None:
        """An API key."""
        self._api_keys[key.id] = key

    def event(self, event: Event) -> None:
        """An event with its number, in order."""
        self._log.restore(event)

    def finish(self, arrived: int) -> None:
        """That was all: those that wait get in line. ``arrived``: number of the last job there ever was."""
        self._shelf.restore(self._jobs)
        self._shelf.listing.last = arrived
        self._jobs = []
