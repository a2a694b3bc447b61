"""Makes a change: files it, notes it in the journal, and wakes whoever it concerns."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from jobserver.engines.forgetting import Forgetting, Turn
from jobserver.engines.journal import Journal
from jobserver.engines.shelf import Shelf
from jobserver.engines.waiting import Alarm, Claimers
from jobserver.jobs import states
from jobserver.jobs.clock import Clock, from_micros, to_micros
from jobserver.jobs.events import EventType
from jobserver.jobs.model import Failed, Job, State

_ANNOUNCED = {
    State.QUEUED: EventType.QUEUED,
    State.SCHEDULED: EventType.SCHEDULED,
    State.PROCESSING: EventType.STARTED,
    State.DONE: EventType.DONE,
    State.FAILED: EventType.FAILED,
    State.CANCELLED: EventType.CANCELLED,
}


class Changes:
    """What verbs (`states`) make of jobs, and what the passing of time does. ``alarm`` rings when something is due."""

    def __init__(
        self, clock: Clock, shelf: Shelf, forgetting: Forgetting, journal: Journal, claimers: Claimers, alarm: Alarm
    ) -> None:
        self._clock = clock
        self._shelf = shelf
        self._forgetting = forgetting
        self._journal = journal
        self._claimers = claimers
        self._alarm = alarm

    def make(self, job: Job, *, in_front: bool = False, kind: EventType | None = None) -> Job:
        """File the record first and announce it second: whoever hears of a change can read it."""
        before, now = self._shelf.records.get(job.id), self._clock.now()
        self._shelf.file(job, in_front=in_front)
        self._journal.job(before, job, in_front=in_front)
        self._journal.event(kind or _ANNOUNCED[job.state], now, job.spec.queue, job)
        self._alarm.note(job.deadline)
        if job.state.ended:
            self.thin_out(job.spec.queue, now)
        if job.state is not State.PROCESSING:
            self._claimers.wake(job.spec.queue)
        return job

    def fail(self, job: Job, outcome: Failed) -> Job:
        """Its attempt failed."""
        now = self._clock.now()
        return self._retrying(states.fail(job, outcome, now=now, keep=self.keep(job), chance=_jitter()))

    def rescue(self) -> None:
        """Take every job back that an earlier process was working on when it died."""
        now = self._clock.now()
        for job in self._shelf.processing():
            self._retrying(states.rescue(job, now=now, keep=self.keep(job), chance=_jitter()))

    def pass_time(self, now: datetime) -> datetime | None:
        """See `Engine.tick`. In chunks, so that a million jobs ending together never stop the loop for long."""
        turn, micros = Turn(), to_micros(now)
        while not turn.over and (job_id := self._shelf.deadlines.pop_due(micros)) is not None:
            self._deadline_passed(self._shelf.get(job_id), now)
        return now if self._forgetting.sweep(now, turn) else self.next_deadline()

    def thin_out(self, queue: str, now: datetime) -> None:
        """Forget the oldest of a queue that keeps only so many."""
        if self._forgetting.thin_out(queue, now):
            self._alarm.ring()

    def next_deadline(self) -> datetime | None:
        """When time will next do something."""
        deadlines = (self._shelf.deadlines.next(), self._shelf.ended.next_deadline())
        following = min((each for each in deadlines if each is not None), default=None)
        return None if following is None else from_micros(following)

    def keep(self, job: Job) -> timedelta:
        """How long the job is kept when it ends now."""
        return self._shelf.queue(job.spec.queue).settings.keep

    def _retrying(self, job: Job) -> Job:
        return self.make(job, kind=None if job.state is State.FAILED else EventType.RETRYING)

    def _deadline_passed(self, job: Job, now: datetime) -> None:
        changed = states.deadline_passed(job, now=now, keep=self.keep(job), chance=_jitter())
        if changed is None:
            self._forgetting.forget(job, now)
        elif job.state is State.PROCESSING:
            self._retrying(changed)
        else:
            self.make(changed)


def _jitter() -> float:
    return random.random()  # noqa: S311 - nobody gains by guessing when a job is tried again
