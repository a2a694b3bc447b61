"""Which ended jobs are forgotten: those whose time is over, a queue's surplus, the oldest when room is short."""

from __future__ import annotations

import asyncio
from datetime import datetime

from jobserver.engines.attachments import Attachments
from jobserver.engines.idempotency import IdempotencyKeys
from jobserver.engines.journal import Journal
from jobserver.engines.shelf import Shelf
from jobserver.jobs.clock import to_micros
from jobserver.jobs.events import EventType
from jobserver.jobs.model import Job

CHUNK = 500
"""Jobs that are done at a time, at most."""

_TURN = 0.005
"""Seconds of work on many jobs after which others have their turn."""

_AT_LEAST = 50
"""Jobs that are done in one turn however long they take: few never need a second one."""


class Turn:
    """Many jobs are done a turn at a time, between which the loop is everybody's."""

    __slots__ = ("_done", "_ends", "_now")

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._ends = self._now() + _TURN
        self._done = 0

    @property
    def over(self) -> bool:
        """Whether it is somebody else's turn; asked once a job."""
        self._done += 1
        return self._done > CHUNK or (self._done > _AT_LEAST and self._now() > self._ends)


class Forgetting:
    """Takes ended jobs off the shelf with all that hangs on them, and tells the journal."""

    def __init__(
        self,
        shelf: Shelf,
        idempotency: IdempotencyKeys,
        attached: Attachments,
        journal: Journal,
    ) -> None:
        self._shelf = shelf
        self._idempotency = idempotency
        self._attached = attached
        self._journal = journal
        self._crowded: set[str] = set()
        """Queues that keep more ended jobs than they may, until `sweep` is through with them."""

    @property
    def reserved(self) -> int:
        """Bytes that are taken beside the shelf's own."""
        return self._idempotency.size + self._attached.size

    def forget(self, job: Job, now: datetime) -> None:
        """Keep nothing of it but its idempotency key, which has a time of its own."""
        self._shelf.forget(job)
        if job.spec.idempotency is not None:
            self._idempotency.outlive(job, now)
        self._attached.forget(job.id)
        self._journal.job(job, None)
        self._journal.event(EventType.EXPIRED, now, job.spec.queue, job)

    def make_room(self, now: datetime, new: int = 0) -> bool:
        """Forget the oldest while ``new`` bytes do not fit; True when there are more than fit one turn."""
        turn = Turn()
        while (oldest := self._shelf.overfull(new, self.reserved)) is not None:
            if turn.over:
                return True
            self.forget(oldest, now)
        return False

    def thin_out(self, queue: str, now: datetime) -> bool:
        """Forget the oldest of a queue that keeps only so many; True when `sweep` has more to do."""
        for _ in range(CHUNK):
            surplus = self._shelf.surplus(queue)
            if surplus is None:
                self._crowded.discard(queue)
                return False
            self.forget(surplus, now)
        self._crowded.add(queue)
        return True

    def sweep(self, now: datetime, turn: Turn) -> bool:
        """Forget what is due for one of these reasons; True when there are more than fit one turn."""
        for job_id in self._shelf.ended.due(to_micros(now), 0 if turn.over else CHUNK):
            self.forget(self._shelf.get(job_id), now)
            if turn.over:
                break
        if self._crowded:
            self.thin_out(next(iter(self._crowded)), now)
        return self._idempotency.expire(now) | self.make_room(now) | bool(self._crowded)
