"""The use cases: everything a client may ask of its jobs, in one verb each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from weakref import WeakSet

from jobserver.errors import InvalidRequest, JobNotFound, ShuttingDown
from jobserver.jobs.clock import Clock
from jobserver.jobs.engine import Caps, Engine
from jobserver.jobs.events import Listener
from jobserver.jobs.ids import new_job_id
from jobserver.jobs.model import Filter, IdempotencyKey, Job, JobId, JobSpec, Page, Position, State
from jobserver.jobs.policy import Policy, RunTimes

_SOONEST_POLL, _LATEST_POLL = 1, 30


class Kind(Protocol):
    """What the service must know of a kind of job to accept one."""

    @property
    def queue(self) -> str:
        """The queue it is worked from."""

    @property
    def policy(self) -> Policy:
        """The terms on which it runs."""

    @property
    def validate(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """Check and normalise arguments; raises InvalidRequest."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client asks for. ``owner``: whose job it will be. ``credential``: hash of the signature it came with."""

    kind: str
    args: dict[str, Any]
    owner: str
    credential: bytes | None = None
    idempotency: IdempotencyKey | None = None
    priority: int = 0
    run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
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

    Another owner's job is JobNotFound on every verb: nobody learns that it exists.
    """

    def __init__(
        self, engine: Engine, kinds: Mapping[str, Kind], clock: Clock, times: RunTimes, *, concurrency: int = 1
    ) -> None:
        self._engine = engine
        self._kinds = kinds
        self._clock = clock
        self._times = times
        self._concurrency = concurrency
        self._listeners: WeakSet[Listener] = WeakSet()
        self.draining = False

    @property
    def caps(self) -> Caps:
        """What the engine promises."""
        return self._engine.caps

    def now(self) -> datetime:
        """The server's time."""
        return self._clock.now()

    async def submit(self, submission: Submission) -> tuple[Standing, bool]:
        """Accept a job: (how it stands, True), or (the job a repeated request made before, False)."""
        if self.draining:
            raise ShuttingDown
        kind = self._kind(submission.kind)
        now = self._clock.now()
        spec = JobSpec(
            id=new_job_id(now),
            kind=submission.kind,
            args=_encode(kind.validate(submission.args)),
            created_at=now,
            queue=kind.queue,
            owner=submission.owner,
            priority=submission.priority,
            policy=kind.policy,
            run_at=submission.run_at,
            credential=submission.credential,
            idempotency=submission.idempotency,
        )
        job, created = await self._engine.submit(spec)
        return await self._standing(job), created

    async def get(self, job_id: JobId, owner: str) -> Standing:
        """How the job stands."""
        return await self._standing(await self._own(job_id, owner))

    async def wait(self, job_id: JobId, owner: str, seconds: float) -> Standing:
        """How the job stands when it has ended, or after ``seconds``, or when the server begins to stop."""
        if seconds > 0 and not self.draining:
            await self._wait(job_id, owner, seconds)
        return await self.get(job_id, owner)

    async def page(self, where: Filter, owner: str, *, cursor: str | None = None, limit: int = 50) -> Page:
        """The owner's jobs, newest first."""
        return await self._engine.page(replace(where, owner=owner), cursor=cursor, limit=limit)

    async def cancel(self, job_id: JobId, owner: str, reason: str = "Job cancelled.") -> Standing:
        """End a job that has not ended."""
        await self._own(job_id, owner)
        return await self._standing(await self._engine.cancel(job_id, reason))

    async def retry(self, job_id: JobId, owner: str) -> Standing:
        """Queue a failed or cancelled job again."""
        if self.draining:
            raise ShuttingDown
        await self._own(job_id, owner)
        return await self._standing(await self._engine.retry(job_id))

    async def events(self, job_id: JobId, owner: str, *, after: int | None = None) -> tuple[Job, Listener]:
        """The job as it stands, and what happens to it from then on (or since ``after``)."""
        listener = self._listen(job_id, after)
        try:
            return await self._own(job_id, owner), listener
        except JobNotFound:
            listener.close()
            raise

    async def credential(self, job_id: JobId) -> tuple[str, bytes | None]:
        """(owner, hash of the signature that queued the job), for whoever checks signatures; JobNotFound."""
        job = await self._engine.get(job_id)
        return job.spec.owner, job.spec.credential

    async def counts(self) -> dict[State, int]:
        """State → number of jobs."""
        return await self._engine.counts()

    async def health(self) -> str | None:
        """None while jobs are accepted, else a sentence that says why not."""
        return "The server is shutting down." if self.draining else await self._engine.health()

    def begin_drain(self) -> None:
        """Accept nothing more and end every wait and stream. What was accepted can be read until the end."""
        self.draining = True
        for listener in tuple(self._listeners):
            listener.close()

    def _kind(self, name: str) -> Kind:
        try:
            return self._kinds[name]
        except KeyError:
            known = ", ".join(sorted(self._kinds)) or "none"
            raise InvalidRequest(f"Unknown kind {name!r}. Known kinds: {known}.", pointer="/kind") from None

    async def _wait(self, job_id: JobId, owner: str, seconds: float) -> None:
        with self._listen(job_id) as changes, suppress(TimeoutError):
            if (await self._own(job_id, owner)).state.ended:
                return
            async with asyncio.timeout(seconds):
                async for change in changes:
                    if change.terminal:
                        return

    def _listen(self, job_id: JobId, after: int | None = None) -> Listener:
        listener = self._engine.events(after=after, job_id=job_id)
        self._listeners.add(listener)
        if self.draining:
            listener.close()
        return listener

    async def _own(self, job_id: JobId, owner: str) -> Job:
        job = await self._engine.get(job_id)
        if job.spec.owner != owner:
            raise JobNotFound
        return job

    async def _standing(self, job: Job) -> Standing:
        if job.state is State.PROCESSING:
            return Standing(job, eta=self._left(job))
        if job.state is not State.QUEUED:
            return Standing(job)
        position = await self._engine.position(job.id)
        if position is None:  # a repeated request's job, forgotten meanwhile
            return Standing(job)
        return Standing(job, position, self._times.eta(job.spec.kind, position.ahead, self._concurrency))

    def _left(self, job: Job) -> float | None:
        mean = self._times.mean(job.spec.kind)
        ran = (self._clock.now() - job.attempts[-1].started_at).total_seconds()
        return None if mean is None else max(mean - ran, 0.0)


def _encode(args: dict[str, Any]) -> bytes:
    return json.dumps(args, separators=(",", ":"), ensure_ascii=False).encode()
