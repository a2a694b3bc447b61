"""The seam: what every keeper of jobs promises, in words that no database has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from jobserver.errors import StoreBroken
from jobserver.jobs.access import ApiKey
from jobserver.jobs.event_log import Listener
from jobserver.jobs.events import ALL, Interest
from jobserver.jobs.histogram import Histogram
from jobserver.jobs.model import (
    Artifact,
    Filter,
    Job,
    JobId,
    JobSpec,
    Lease,
    LogLine,
    Outcome,
    Page,
    Position,
    Progress,
    QueueStanding,
    State,
)


@dataclass(frozen=True, slots=True)
class Caps:
    """What an engine is like. ``durable``: survives its process. ``shared``: other machines see the same jobs."""

    name: str
    durable: bool
    shared: bool
    exact_position: bool


@dataclass(frozen=True, slots=True)
class OnDisk:
    """How an engine does with its disk. ``bytes``: its files take. ``writable``: whether it can write now.

    ``commits``: seconds that each write took which succeeded, the wait for the disk included. ``failures``: writes that
    did not.
    """

    bytes: int
    writable: bool
    commits: Histogram
    failures: int


@dataclass(frozen=True, slots=True)
class Kept:
    """How much an engine keeps. ``bytes``: of memory, as its limits count them. ``events``: ever told of.

    ``disk``: None of an engine that writes to none.
    """

    bytes: int
    events: int
    disk: OnDisk | None = None


class Engine(Protocol):
    """Keeps jobs and hands them out, at least once each.

    One rule: a job is run only under a lease, and every worker, wherever it is, uses claim, renew, report, finish.
    A token that is not the current one gets LeaseLost on each of them. Nothing is announced before it is as safe as
    ``caps`` says. A verb that is not legal in the job's state raises WrongState and changes nothing; an id that is not
    kept raises JobNotFound. While a durable engine cannot write, whatever would change something raises
    StoreUnavailable: a job submitted was not accepted, of any other change it is not known yet whether it was made.
    What is read goes on, and so do renew, report and finish. The engine has a clock of its own, since `claim` waits and
    a shared engine has one anyway.
    """

    @property
    def caps(self) -> Caps:
        """What this engine can promise."""

    @property
    def broken(self) -> StoreBroken | None:
        """Why nobody knows any more what it keeps; None while all is as it says."""

    async def open(self) -> None:
        """Be ready to keep jobs; raises StartupError when that cannot be."""

    async def close(self) -> None:
        """Let go of everything; listeners end."""

    async def health(self) -> str | None:
        """None when it can write, else a sentence that says why not."""

    async def kept(self) -> Kept:
        """How much there is."""

    async def submit(self, spec: JobSpec, *, quota: int | None = None, reserve: bool = False) -> tuple[Job, bool]:
        """Keep a new job; (job, True).

        (That job, False) for the same id again, a known idempotency key, or a dedup key that an unfinished job of the
        same owner and kind has. Raises IdempotencyMismatch when the key came with another fingerprint, QuotaExceeded
        when its owner has ``quota`` unfinished jobs or more, and QueueFull. ``reserve``: it may use the places kept for
        operators, who must be able to act on a full queue.
        A key outlives its job by a while: the job it then answers with is a record of what was accepted, its arguments
        empty bytes, and `get` does not know it.
        """

    async def get(self, job_id: JobId) -> Job:
        """The job as it stands."""

    async def page(self, where: Filter, *, cursor: str | None = None, limit: int = 50) -> Page:
        """Jobs that match, newest first; a page may be short of ``limit``, even empty, and still have a next one.

        A cursor stays right while jobs come and go; a strange one is InvalidRequest.
        """

    async def counts(self, queue: str | None = None, *, owner: str | None = None) -> dict[State, int]:
        """State → number of jobs, of one queue or of all, of one owner or of all; every state is present."""

    async def position(self, job_id: JobId) -> Position | None:
        """How many jobs of its queue run before it; None when it does not wait, or is not kept.

        Exact but where jobs with concurrency keys take turns.
        """

    async def cancel(self, job_id: JobId, reason: str) -> Job:
        """End a job that has not ended. One being worked on is cancelled at once, and its worker learns why."""

    async def retry(self, job_id: JobId, *, quota: int | None = None) -> Job:
        """Queue a failed or cancelled job again, with all its attempts before it.

        WrongState also when another unfinished job has its dedup key by now; QuotaExceeded and QueueFull as `submit`.
        """

    async def promote(self, job_id: JobId) -> Job:
        """Queue a scheduled job now."""

    async def remove(self, job_id: JobId) -> None:
        """Forget an ended job now."""

    async def logs(self, job_id: JobId, *, start: int = 0, limit: int = 100) -> Sequence[LogLine]:
        """Lines from number ``start`` on; the oldest of a very talkative job may be gone."""

    async def artifacts(self, job_id: JobId) -> Sequence[Artifact]:
        """The files its handler kept, in the order they were first named."""

    def events(self, where: Interest = ALL, *, after: int | None = None) -> Listener:
        """Listen from now or from a sequence number; see `EventLog.listen`."""

    async def queues(self, *, owner: str | None = None) -> Sequence[QueueStanding]:
        """Every queue there is, by name; with ``owner``, the counts and the oldest are of that owner's jobs."""

    async def set_queue(
        self,
        queue: str,
        *,
        paused: bool | None = None,
        concurrency: int | None = None,
        keep: timedelta | None = None,
        keep_count: int | None = None,
        default: bool = False,
    ) -> QueueStanding:
        """Change a queue (`QueueSettings`); None leaves as it is, a ``keep_count`` of 0 stands for any number.

        A new ``keep`` is for jobs that end from now on. ``default``: the terms of the server's settings, which hold
        where nobody has set others and are not kept beyond the process.
        """

    async def claim(self, queues: Sequence[str], *, worker: str, lease: timedelta, wait: float) -> Lease | None:
        """Take the next job of the first queue that has one; wait up to ``wait`` seconds for one to come, else None."""

    async def renew(self, lease: Lease) -> str | None:
        """Hold on for another length of the lease. None: go on. A string: the job was cancelled, for that reason."""

    async def report(
        self,
        lease: Lease,
        *,
        progress: Progress | None = None,
        log: str | None = None,
        artifact: Artifact | None = None,
    ) -> None:
        """Tell how far the attempt has come, add a line to the job's log, or keep a file.

        Raises ArtifactTooLarge when there is no room for the file.
        """

    async def finish(self, lease: Lease, outcome: Outcome) -> State:
        """Record how the attempt ended, once, and answer what became of the job.

        An attempt of a job that was cancelled meanwhile changes nothing and is told ``cancelled``.
        """

    async def keys(self) -> Sequence[ApiKey]:
        """Every API key, in the order they were made."""

    async def key(self, key_id: str) -> ApiKey | None:
        """One API key, or None."""

    async def put_key(self, key: ApiKey) -> None:
        """Keep a key, or replace the one with its id; a ``configured`` one not beyond the process."""

    async def remove_key(self, key_id: str) -> None:
        """Forget a key; KeyNotFound."""

    async def tick(self, now: datetime) -> datetime | None:
        """Do what is due by ``now``: queue scheduled jobs, expire, take leases back, forget old jobs.

        Any process may call it. Returns the next deadline, which is in the past when there was more to do than fits one
        call.
        """

    async def wait_due(self, limit: float) -> None:
        """Return when a deadline may have come, after ``limit`` seconds at the latest."""
