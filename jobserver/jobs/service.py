"""The use cases: everything a client may ask of its jobs, in one verb each."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from weakref import WeakKeyDictionary

from jobserver.errors import ArtifactNotFound, JobNotFound, QueueNotFound, ShuttingDown, WrongState
from jobserver.jobs.access import ApiKey, Owner
from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Caps, Engine, Kept
from jobserver.jobs.event_log import Listener
from jobserver.jobs.events import ALL, Interest
from jobserver.jobs.model import (
    Artifact,
    Filter,
    Job,
    JobId,
    LogLine,
    Page,
    Position,
    QueueStanding,
    State,
)
from jobserver.jobs.stats import Stats
from jobserver.jobs.submission import Kind, Submission, to_spec

_SOONEST_POLL, _LATEST_POLL = 1, 30
_PAGES_LOOKED_AT = 40


class Standing(NamedTuple):
    """A job as a poll shows it. ``position`` is None unless it is queued, ``eta`` (seconds) when nobody can know."""

    job: Job
    position: Position | None = None
    eta: float | None = None

    @property
    def poll_after(self) -> int:
        """Whole seconds after which asking again is worth while."""
        return max(_SOONEST_POLL, min(round(self.eta or 0), _LATEST_POLL))


class Jobs:
    """The service. It mints ids, reads the clock, knows who owns what, and calls the engine.

    Another owner's job is JobNotFound on every verb: nobody learns that it exists. ``owner`` None reaches every job.
    ``queues``: names of queues that are worked, beside those of ``kinds``.
    """

    def __init__(
        self, engine: Engine, kinds: Mapping[str, Kind], clock: Clock, stats: Stats, *, queues: Collection[str] = ()
    ) -> None:
        self._engine = engine
        self._kinds = kinds
        self._clock = clock
        self._queues = {*queues, *(kind.queue for kind in kinds.values())}
        self._public = {*queues, *(kind.queue for kind in kinds.values() if not kind.internal)}
        self._concurrency: dict[str, int] = {}
        self._listeners: WeakKeyDictionary[Listener, None] = WeakKeyDictionary()
        self.stats = stats
        self.draining = False

    @property
    def caps(self) -> Caps:
        """What the engine promises."""
        return self._engine.caps

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """The kinds of job there are."""
        return self._kinds

    @property
    def listeners(self) -> int:
        """How many waits and streams are open."""
        return sum(not listener.closed and listener.notify is None for listener in self._listeners)

    def now(self) -> datetime:
        """The server's time."""
        return self._clock.now()

    # --- jobs

    async def submit(self, submission: Submission) -> tuple[Standing, bool]:
        """Accept a job: (how it stands, True), or (the job a repeated request made before, False)."""
        if self.draining:
            raise ShuttingDown
        spec = to_spec(submission, self._kinds, self._public, self._clock.now())
        job, created = await self._engine.submit(spec, quota=submission.quota, reserve=submission.internal)
        if created:
            self.stats.note_submitted(job)
        return await self.standing(job), created

    async def get(self, job_id: JobId, owner: Owner) -> Standing:
        """How the job stands."""
        return await self.standing(await self._own(job_id, owner))

    async def standing(self, job: Job) -> Standing:
        """How a job that was read already stands: its place, and when it will have ended."""
        if job.state is State.PROCESSING:
            return Standing(job, eta=self._left(job))
        if job.state is not State.QUEUED:
            return Standing(job)
        position = await self._engine.position(job.id)
        if position is None:  # a repeated request's job, forgotten meanwhile
            return Standing(job)
        concurrency = self._concurrency.get(job.spec.queue, 1)
        return Standing(job, position, self.stats.eta(job.spec.kind, position.ahead, concurrency))

    async def wait(self, job_id: JobId, owner: Owner, seconds: float) -> Standing:
        """How the job stands when it has ended, or after ``seconds``, or when the server begins to stop."""
        if seconds > 0 and not self.draining:
            await self._wait(job_id, owner, seconds)
        return await self.get(job_id, owner)

    async def page(self, where: Filter, owner: Owner, *, cursor: str | None = None, limit: int = 50) -> Page:
        """Jobs that match, newest first. ``owner`` None shows those of ``where.owner``, or everybody's.

        A page is full as long as that takes no long search; then it is short and has a next one.
        """
        where = where if owner is None else replace(where, owner=owner)
        page = await self._engine.page(where, cursor=cursor, limit=limit)
        found = list(page.jobs)
        for _ in range(_PAGES_LOOKED_AT):
            if page.next is None or len(found) == limit:
                break
            await asyncio.sleep(0)  # each look is short; others have their turn between
            page = await self._engine.page(where, cursor=page.next, limit=limit - len(found))
            found += page.jobs
        return Page(tuple(found), page.next)

    async def cancel(self, job_id: JobId, owner: Owner, reason: str = "Job cancelled.") -> Standing:
        """End a job that has not ended."""
        await self._own(job_id, owner)
        job = await self._engine.cancel(job_id, reason)
        self.stats.note_cancelled(job)
        return await self.standing(job)

    async def retry(self, job_id: JobId, owner: Owner, *, quota: int | None = None) -> Standing:
        """Queue a failed or cancelled job again; one that only the server makes must be asked for anew.

        ``quota``: unfinished jobs its owner may have.
        """
        if self.draining:
            raise ShuttingDown
        job = await self._own(job_id, owner)
        if (kind := self._kinds.get(job.spec.kind)) is not None and kind.internal:
            # Whoever may retry may not always do what it does, which was checked when it was made.
            raise WrongState("An operation cannot be retried: make another one.")
        return await self.standing(await self._engine.retry(job_id, quota=quota))

    async def promote(self, job_id: JobId, owner: Owner) -> Standing:
        """Queue a scheduled job now."""
        await self._own(job_id, owner)
        return await self.standing(await self._engine.promote(job_id))

    async def remove(self, job_id: JobId, owner: Owner) -> None:
        """Forget an ended job now."""
        await self._own(job_id, owner)
        await self._engine.remove(job_id)

    async def logs(self, job_id: JobId, owner: Owner, *, start: int = 0, limit: int = 100) -> Sequence[LogLine]:
        """Lines its handler wrote, from number ``start`` on."""
        await self._own(job_id, owner)
        return await self._engine.logs(job_id, start=start, limit=limit)

    async def artifacts(self, job_id: JobId, owner: Owner) -> Sequence[Artifact]:
        """The files its handler kept."""
        await self._own(job_id, owner)
        return await self._engine.artifacts(job_id)

    async def artifact(self, job_id: JobId, owner: Owner, name: str) -> Artifact:
        """One of them; ArtifactNotFound."""
        for artifact in await self.artifacts(job_id, owner):
            if artifact.name == name:
                return artifact
        raise ArtifactNotFound

    async def credential(self, job_id: JobId) -> tuple[str, bytes | None]:
        """(owner, hash of the signature that queued the job), for whoever checks signatures; JobNotFound."""
        job = await self._engine.get(job_id)
        return job.spec.owner, job.spec.credential

    # --- events

    async def watch(self, job_id: JobId, owner: Owner, *, after: int | None = None) -> tuple[Job, Listener]:
        """The job as it stands, and what happens to it from then on (or since ``after``)."""
        listener = self.listen(Interest(jobs=frozenset({job_id})), after=after)
        try:
            return await self._own(job_id, owner), listener
        except JobNotFound:
            listener.close()
            raise

    def listen(self, where: Interest = ALL, *, after: int | None = None) -> Listener:
        """What happens from now on (or since ``after``). It ends when the server begins to stop."""
        listener = self._engine.events(where, after=after)
        self._listeners[listener] = None
        if self.draining:
            listener.close()
        return listener

    # --- queues

    async def counts(self, owner: Owner = None) -> dict[State, int]:
        """State → number of jobs, the owner's or everybody's."""
        return await self._engine.counts(owner=owner)

    async def queues(self, owner: Owner = None) -> list[QueueStanding]:
        """Every queue by name, counting the owner's jobs or everybody's."""
        standings = {standing.name: standing for standing in await self._engine.queues(owner=owner)}
        return [
            standings[name]
            for name in sorted(standings)
            if name in self._queues or any(standings[name].counts.values())
        ]

    async def queue(self, name: str, owner: Owner = None) -> QueueStanding:
        """One queue; QueueNotFound."""
        for standing in await self.queues(owner):
            if standing.name == name:
                return standing
        raise QueueNotFound

    async def set_queue(
        self,
        name: str,
        *,
        paused: bool | None = None,
        concurrency: int | None = None,
        keep: timedelta | None = None,
        keep_count: int | None = None,
        default: bool = False,
    ) -> QueueStanding:
        """Change a queue; see `Engine.set_queue`. QueueNotFound."""
        if name not in self._queues:
            raise QueueNotFound
        standing = await self._engine.set_queue(
            name, paused=paused, concurrency=concurrency, keep=keep, keep_count=keep_count, default=default
        )
        self._concurrency[name] = standing.settings.concurrency
        return standing

    # --- keys

    async def keys(self) -> Sequence[ApiKey]:
        """Every API key."""
        return await self._engine.keys()

    async def key(self, key_id: str) -> ApiKey | None:
        """One API key, or None."""
        return await self._engine.key(key_id)

    async def put_key(self, key: ApiKey) -> None:
        """Keep a key."""
        await self._engine.put_key(key)

    async def remove_key(self, key_id: str) -> None:
        """Forget a key: from now on it opens nothing. KeyNotFound."""
        await self._engine.remove_key(key_id)

    # --- the server

    async def health(self) -> str | None:
        """None while jobs are accepted, else a sentence that says why not."""
        return "The server is shutting down." if self.draining else await self._engine.health()

    async def kept(self) -> Kept:
        """How much the engine keeps."""
        return await self._engine.kept()

    def begin_drain(self) -> None:
        """Accept nothing more and end every wait and stream. What was accepted can be read until the end."""
        self.draining = True
        for listener in tuple(self._listeners):
            listener.close()

    async def _wait(self, job_id: JobId, owner: Owner, seconds: float) -> None:
        with self.listen(Interest(jobs=frozenset({job_id}))) as changes, suppress(TimeoutError):
            if (await self._own(job_id, owner)).state.ended:
                return
            async with asyncio.timeout(seconds):
                async for change in changes:
                    if change.terminal:
                        return

    async def _own(self, job_id: JobId, owner: Owner) -> Job:
        job = await self._engine.get(job_id)
        if owner is not None and job.spec.owner != owner:
            raise JobNotFound
        return job

    def _left(self, job: Job) -> float | None:
        mean = self.stats.mean(job.spec.kind)
        ran = (self._clock.now() - job.attempts[-1].started_at).total_seconds()
        return None if mean is None else max(mean - ran, 0.0)
