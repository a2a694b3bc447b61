"""Where jobs stand: one method files a change everywhere it shows."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from jobserver.engines.deadlines import Deadlines
from jobserver.errors import InvalidRequest, JobNotFound, QueueFull
from jobserver.jobs.model import Filter, Job, JobId, Page, State
from jobserver.jobs.order import Order

_RECORD_BYTES = 1_000
_LOOK_AT = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept. ``jobs``: unfinished ones. ``total_bytes``: records, arguments and results together.

    When bytes run short the oldest ended jobs are forgotten early; unfinished ones never are, new ones are refused.
    """

    jobs: int = 100_000
    total_bytes: int = 256_000_000


@dataclass(slots=True)
class Queue:
    """A named queue: who waits in it, how many of its jobs are in which state, and what its operator set."""

    order: Order = field(default_factory=Order)
    counts: Counter[State] = field(default_factory=Counter)
    paused: bool = False
    concurrency: int = 0

    @property
    def can_give(self) -> bool:
        """Whether a worker may take a job from it now."""
        busy = self.concurrency > 0 and self.counts[State.PROCESSING] >= self.concurrency
        return not self.paused and not busy and len(self.order) > 0


class Shelf:
    """All jobs, and every index over them. Nothing here waits, announces or knows the time."""

    def __init__(self, limits: Limits) -> None:
        self.jobs: dict[JobId, Job] = {}
        self.deadlines = Deadlines(self.jobs)
        self._limits = limits
        self._queues: dict[str, Queue] = {}
        self._ended: OrderedDict[JobId, None] = OrderedDict()  # a plain dict is slow to pop from the front
        self._bytes = 0

    def get(self, job_id: JobId) -> Job:
        """The job as it stands, or JobNotFound."""
        try:
            return self.jobs[job_id]
        except KeyError:
            raise JobNotFound from None

    def queue(self, name: str) -> Queue:
        """The queue of that name; a queue exists as soon as somebody speaks of it."""
        return self._queues.setdefault(name, Queue())

    def counts(self, queue: str | None) -> dict[State, int]:
        """State → number of jobs, of one queue or of all."""
        queues = self._queues.values() if queue is None else [self.queue(queue)]
        return {state: sum(each.counts[state] for each in queues) for state in State}

    def file(self, job: Job, *, in_front: bool = False) -> None:
        """Put a new or changed job where it belongs; ``in_front`` before all others of its priority."""
        old = self.jobs.get(job.id)
        self._take_down(old)
        self.jobs[job.id] = job
        queue = self.queue(job.spec.queue)
        queue.counts[job.state] += 1
        self._bytes += _size(job)
        if job.state is State.QUEUED:
            put = queue.order.put_back if in_front else queue.order.push
            put(job.id, job.spec.priority)
        elif job.state.ended:
            self._ended[job.id] = None
        if old is None or old.deadline != job.deadline:
            self.deadlines.add(job)

    def forget(self, job: Job) -> None:
        """Keep nothing of it."""
        self._take_down(job)
        del self.jobs[job.id]

    def next_of(self, queues: Sequence[str]) -> Job | None:
        """Who is next in the first of these queues that may give somebody."""
        for name in queues:
            queue = self.queue(name)
            if queue.can_give and (job_id := queue.order.first()) is not None:
                return self.jobs[job_id]
        return None

    def overfull(self, new: Job | None, reserved: int) -> Job | None:
        """The ended job to forget so that ``new`` fits beside ``reserved`` other bytes; None when it does.

        The one that ended last is spared: somebody is about to read it.
        """
        if len(self._ended) < 2 or not self._too_large(new, reserved):
            return None
        return self.jobs[next(iter(self._ended))]

    def check_number(self) -> None:
        """Raise QueueFull when no more unfinished jobs are taken."""
        if len(self.jobs) - len(self._ended) >= self._limits.jobs:
            raise QueueFull

    def check_size(self, new: Job, reserved: int) -> None:
        """Raise QueueFull when a new job takes more bytes than are left."""
        if self._too_large(new, reserved):
            raise QueueFull("The server's memory for jobs is full.")

    def _too_large(self, new: Job | None, reserved: int) -> bool:
        return self._bytes + reserved + (_size(new) if new else 0) > self._limits.total_bytes

    def page(self, where: Filter, cursor: str | None, limit: int) -> Page:
        """Matching jobs, newest first, after the cursor. A rare match ends the page early rather than a long search."""
        found: list[Job] = []
        last: Job | None = None
        for looked_at, job in enumerate(self._older_than(cursor)):
            if last is not None and (len(found) == limit or looked_at == _LOOK_AT):
                return Page(tuple(found), _write_cursor(last))
            if _matches(job, where):
                found.append(job)
            last = job
        return Page(tuple(found))

    def _older_than(self, cursor: str | None) -> Iterator[Job]:
        newest_first = reversed(self.jobs.values())
        if cursor is None:
            return newest_first
        number = _read_cursor(cursor)
        return (job for job in newest_first if job.number < number)

    def _take_down(self, job: Job | None) -> None:
        if job is None:
            return
        queue = self.queue(job.spec.queue)
        queue.counts[job.state] -= 1
        self._bytes -= _size(job)
        if job.state is State.QUEUED:
            queue.order.remove(job.id)
        elif job.state.ended:
            del self._ended[job.id]


def _size(job: Job) -> int:
    told = sum(len(each.failure.traceback or "") for each in job.attempts if each.failure)
    return _RECORD_BYTES + len(job.spec.args) + (job.result.size if job.result else 0) + told


def _matches(job: Job, where: Filter) -> bool:
    spec = job.spec
    wanted = (
        (where.owner, spec.owner),
        (where.state, job.state),
        (where.kind, spec.kind),
        (where.queue, spec.queue),
    )
    return all(want is None or want == have for want, have in wanted)


def _write_cursor(job: Job) -> str:
    return urlsafe_b64encode(b"%d" % job.number).decode()


def _read_cursor(cursor: str) -> int:
    try:
        return int(urlsafe_b64decode(cursor.encode("ascii")).decode("ascii"))
    except ValueError:
        raise InvalidRequest("This cursor is not one of ours.", pointer="/cursor") from None
