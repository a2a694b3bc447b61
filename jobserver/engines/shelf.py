"""Where jobs stand: one method files a change everywhere it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

from jobserver.engines.deadlines import Deadlines
from jobserver.engines.dedup import DedupKeys
from jobserver.engines.ended import Ended
from jobserver.engines.listing import Listing
from jobserver.engines.packed import (
    CREATED_AT,
    DEADLINE,
    KIND,
    NUMBER,
    OWNER,
    PRIORITY,
    QUEUE,
    REST,
    STATE,
    STATES,
    Restored,
    Row,
    bytes_of,
    dedup_key_of,
    placed,
    state_of,
    turn_of,
)
from jobserver.engines.queues import Queue, Turn
from jobserver.engines.records import Records
from jobserver.engines.search import find_page, read_cursor
from jobserver.errors import JobNotFound, QueueFull, QuotaExceeded
from jobserver.jobs.clock import from_micros
from jobserver.jobs.model import Filter, Job, JobId, JobSpec, Page, Position, QueueStanding, State

_line = itemgetter(2)
_RECORD_BYTES = 600
_LOOKED_AT = 1_000
_RESERVE = 100
"""Places for operators' own jobs when all others are taken."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept. ``jobs``: unfinished ones. ``total_bytes``: records, arguments, results and files together.

    When bytes run short the oldest ended jobs are forgotten early; unfinished ones never are, new ones are refused.
    """

    jobs: int = 100_000
    total_bytes: int = 256_000_000


class Shelf:
    """All jobs, and every index over them. Nothing here waits, announces or knows the time."""

    def __init__(self, limits: Limits) -> None:
        self.records = Records()
        self.deadlines = Deadlines(self.records)
        self.ended = Ended(self.records)
        self.listing = Listing()
        self.dedup = DedupKeys()
        self._limits = limits
        self._queues: dict[str, Queue] = {}
        self._unfinished = 0
        self._bytes = 0

    def get(self, job_id: JobId) -> Job:
        """The job as it stands, or JobNotFound."""
        job = self.records.get(job_id)
        if job is None:
            raise JobNotFound
        return job

    def queue(self, name: str) -> Queue:
        """The queue of that name; a queue exists as soon as somebody speaks of it."""
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = Queue()
        return queue

    def twin(self, spec: JobSpec) -> Job | None:
        """The unfinished job that has the same owner, kind and dedup key, or None."""
        job_id = self.dedup.holder(spec)
        return None if job_id is None else self.records.get(job_id)

    def counts(self, queue: str | None, owner: str | None) -> dict[State, int]:
        """State → number of jobs, of one queue or of all, of one owner or of all."""
        queues = self._queues.values() if queue is None else [self.queue(queue)]
        totals: Counter[State] = sum((each.totals(owner) for each in queues), Counter())
        return {state: totals[state] for state in State}

    def standings(self, owner: str | None) -> list[QueueStanding]:
        """Every queue as it stands."""
        return [self.standing(name, owner) for name in sorted(self._queues)]

    def standing(self, name: str, owner: str | None = None) -> QueueStanding:
        """One queue as it stands."""
        queue = self.queue(name)
        oldest = self._oldest(queue) if owner is None else self._oldest_of(owner, name)
        counts = self.counts(name, owner)
        return QueueStanding(name, queue.settings, counts, None if oldest is None else from_micros(oldest))

    def position(self, job_id: JobId) -> Position | None:
        """Where a queued job stands; None when it does not wait."""
        job, place = self.records.find(job_id) or (None, None)
        if job is None or place is None:
            return None
        return Position(*self.queue(job.spec.queue).order.rank(job.spec.priority, _turn(job), place))

    def file(self, job: Job, *, in_front: bool = False) -> None:
        """Put a new or changed job where it belongs; ``in_front`` before all others of its priority."""
        kept = self.records.find(job.id)
        if kept is None:
            self.listing.add(job.number, job.id, job.spec.owner)
        else:
            self._take_down(*kept)
        queue = self.queue(job.spec.queue)
        queue.count(job.spec.owner, job.state, 1)
        self._bytes += size_of(job)
        place = None
        if job.state is State.QUEUED:
            put = queue.order.put_back if in_front else queue.order.push
            place = put(job.id, job.spec.priority, _turn(job))
        elif job.state is State.PROCESSING and (turn := _turn(job)) is not None:
            queue.running[turn] += 1
        self.records.put(job, place)
        if job.state.ended:
            self.ended.add(job)
        else:
            self._begin(job)
            self.deadlines.add(job)

    def restore(self, jobs: Sequence[Restored]) -> None:
        """Know the jobs of an earlier process, in order of arrival; nothing else is here yet."""
        alike: dict[tuple[str, str, int, int], list[Restored]] = {}
        for job in jobs:
            row = job[1]
            alike.setdefault((row[OWNER], row[QUEUE], row[STATE], row[PRIORITY]), []).append(job)
        for (owner, queue, state, _), some in alike.items():
            self.queue(queue).count(owner, STATES[state], len(some))
        waiting = [some for (_, _, state, _), some in alike.items() if STATES[state] is State.QUEUED]
        others = [some for (_, _, state, _), some in alike.items() if STATES[state] is not State.QUEUED]
        ended = [some for (_, _, state, _), some in alike.items() if STATES[state].ended]
        self._unfinished = len(jobs) - sum(map(len, ended))
        self._bytes = sum([bytes_of(job[1]) for job in jobs]) + _RECORD_BYTES * len(jobs)
        self.listing.restore(jobs, ((owner, some) for (owner, *_), some in alike.items()))
        self._restore_queued(waiting)
        self._restore_others([job[:2] for some in others for job in some])
        unfinished = [job for job in jobs if job[1][DEADLINE] is not None and not state_of(job[1]).ended]
        self.deadlines.restore((row[DEADLINE], row[NUMBER], job_id) for job_id, row, _ in unfinished)
        for job_id, row in [job[:2] for job in jobs if job[1][REST] is not None]:
            if (key := dedup_key_of(row)) is not None and not state_of(row).ended:
                self.dedup.take(row[OWNER], row[KIND], key, job_id)

    def update(self, job: Job) -> None:
        """Replace the record of a job being worked on whose state is the same: nothing else shows the change."""
        kept = self.records.get(job.id)
        self.records.put(job)
        if kept is None or kept.deadline != job.deadline:
            self.deadlines.add(job)

    def forget(self, job: Job) -> None:
        """Keep nothing of it."""
        _, place = self.records.find(job.id) or (job, None)
        self._take_down(job, place)
        self.records.remove(job.id)
        self.listing.remove(job.number, job.spec.owner)

    def processing(self) -> list[Job]:
        """Every job that is worked on."""
        running = (self.records.get(job_id) for job_id in self.deadlines.of_all())
        return [job for job in running if job is not None and job.state is State.PROCESSING]

    def next_of(self, queues: Sequence[str]) -> Job | None:
        """Who is next in the first of these queues that may give somebody. The turn of its lane counts as taken."""
        for name in queues:
            queue = self.queue(name)
            if queue.can_give and (job := self._first(queue)) is not None:
                return job
        return None

    def surplus(self, queue: str) -> Job | None:
        """The ended job to forget since its queue keeps only so many, or None."""
        it = self.queue(queue)
        if it.settings.keep_count is None or it.ended <= it.settings.keep_count:
            return None
        job_id = self.ended.oldest(queue)
        return None if job_id is None else self.records.get(job_id)

    def overfull(self, new: int, reserved: int) -> Job | None:
        """The ended job to forget so that ``new`` bytes fit beside ``reserved`` others; None when they do.

        The one that ended last is spared: somebody is about to read it.
        """
        if len(self.records) - self._unfinished < 2 or self.has_room(new, reserved):
            return None
        job_id = self.ended.oldest()
        return None if job_id is None else self.records.get(job_id)

    def check_number(self, owner: str, quota: int | None, *, reserve: bool = False) -> None:
        """Raise QuotaExceeded or QueueFull when no more unfinished jobs are taken, of this owner or at all."""
        if quota is not None:
            mine = self.counts(None, owner)
            if sum(number for state, number in mine.items() if not state.ended) >= quota:
                raise QuotaExceeded
        if self._unfinished >= self._limits.jobs + (_RESERVE if reserve else 0):
            raise QueueFull

    def has_room(self, new: int, reserved: int) -> bool:
        """Whether ``new`` bytes fit beside ``reserved`` others."""
        return self._bytes + reserved + new <= self._limits.total_bytes

    def page(self, where: Filter, cursor: str | None, limit: int) -> Page:
        """Matching jobs, newest first, after the cursor; see `search.find_page`."""
        below = read_cursor(cursor)
        if where.arrived_by is not None:
            below = where.arrived_by + 1 if below is None else min(below, where.arrived_by + 1)
        return find_page(self.listing.newest_first(where.owner, below), self.records, where, limit)

    @property
    def bytes_kept(self) -> int:
        """Bytes of records, arguments and results."""
        return self._bytes

    def _oldest(self, queue: Queue) -> int | None:
        """When the oldest of those that stand first in their lanes was created."""
        heads = islice(queue.order.heads(), _LOOKED_AT)
        return min((row[CREATED_AT] for job_id in heads if (row := self.records.peek(job_id))), default=None)

    def _oldest_of(self, owner: str, name: str) -> int | None:
        """When the owner's oldest job that waits in the queue was created, if it is among its first thousand jobs."""
        for job_id in islice(self.listing.oldest_first(owner), _LOOKED_AT):
            row = self.records.peek(job_id)
            if row is not None and row[QUEUE] == name and state_of(row) is State.QUEUED:
                created_at: int = row[CREATED_AT]
                return created_at
        return None

    def _first(self, queue: Queue) -> Job | None:
        """The first job whose turn may run one more; lanes that may not are held until one of theirs ends."""
        while (head := queue.order.first()) is not None:
            job_id, priority, turn = head
            job = self.get(job_id)
            if not isinstance(turn, tuple) or queue.running[turn] < job.spec.policy.per_key:
                queue.order.pass_turn(priority, turn)
                return job
            queue.order.hold(priority, turn)
        return None

    def _restore_queued(self, waiting: list[list[Restored]]) -> None:
        """They get in line as they stood: each lane as one, and the lanes in the order of those who are first.

        ``waiting``: those of one owner, queue and priority together.
        """
        lanes: dict[tuple[str, int, Turn | None], list[Restored]] = {}
        for some in waiting:
            queue, priority = some[0][1][QUEUE], some[0][1][PRIORITY]
            lanes.setdefault((queue, priority, None), []).extend([job for job in some if job[1][REST] is None])
            for job in [job for job in some if job[1][REST] is not None]:
                lanes.setdefault((queue, priority, turn_of(job[1])), []).append(job)
        for lane in lanes.values():
            lane.sort(key=_line)
        for (queue, priority, turn), lane in sorted(
            filter(itemgetter(1), lanes.items()), key=lambda it: _line(it[1][0])
        ):
            first = self.queue(queue).order.push_all([job[0] for job in lane], priority, turn)
            self.records.restore([(job[0], placed(job[1], place)) for place, job in enumerate(lane, first)])

    def _restore_others(self, jobs: list[tuple[JobId, Row]]) -> None:
        self.records.restore(jobs)
        self.ended.restore([job for job in jobs if state_of(job[1]).ended])
        for _, row in jobs:
            if state_of(row) is State.PROCESSING and (turn := turn_of(row)) is not None:
                self.queue(row[QUEUE]).running[turn] += 1

    def _begin(self, job: Job) -> None:
        self._unfinished += 1
        if job.spec.dedup_key is not None:
            self.dedup.take(job.spec.owner, job.spec.kind, job.spec.dedup_key, job.id)

    def _take_down(self, job: Job, place: int | None) -> None:
        queue = self.queue(job.spec.queue)
        queue.count(job.spec.owner, job.state, -1)
        self._bytes -= size_of(job)
        if place is not None:
            queue.order.remove(job.spec.priority, _turn(job), place)
        elif job.state is State.PROCESSING and (turn := _turn(job)) is not None:
            queue.running[turn] -= 1
            if not queue.running[turn]:
                del queue.running[turn]
            queue.order.release(turn)
        if not job.state.ended:
            self._unfinished -= 1
            self.dedup.free(job.spec)


def size_of(job: Job) -> int:
    """Bytes a job takes to keep, about."""
    size = _RECORD_BYTES + len(job.spec.args)
    if job.result is not None:
        size += job.result.size
    for attempt in job.attempts:
        if attempt.failure is not None:
            size += len(attempt.failure.traceback or "")
    return size


def _turn(job: Job) -> Turn | None:
    key = job.spec.concurrency_key
    return None if key is None else (job.spec.owner, key)
