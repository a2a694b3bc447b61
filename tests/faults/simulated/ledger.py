"""What was asked, answered, shown, heard and run, and everything in it that may not be."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable

from jobserver.engines.sqlite.batch import Batch
from jobserver.jobs.events import Event, EventType
from jobserver.jobs.model import Job, JobId, State
from tests.faults.simulated.asked import Request, Running
from tests.faults.simulated.batches import Said, check_complete, check_said
from tests.faults.simulated.disk import Disk
from tests.faults.simulated.records import check_well_formed

STOP_GRACE = 3.0

_FOLLOWS: dict[EventType, tuple[State | None, ...]] = {
    EventType.QUEUED: (None, State.SCHEDULED, State.PROCESSING, State.FAILED, State.CANCELLED),
    EventType.SCHEDULED: (None,),
    EventType.STARTED: (State.QUEUED,),
    EventType.PROGRESS: (State.PROCESSING,),
    EventType.RETRYING: (State.PROCESSING,),
    EventType.DONE: (State.PROCESSING,),
    EventType.FAILED: (State.PROCESSING, State.QUEUED),
    EventType.CANCELLED: (State.SCHEDULED, State.QUEUED, State.PROCESSING),
}
"""event → states in which it may find its job; None: the job is new."""


class Wrong(AssertionError):
    """A promise was broken."""


class Ledger:
    """``now``: the time in seconds. ``unclean``: lives that ended before all they knew was on disk."""

    def __init__(self, disk: Disk, now: Callable[[], float]) -> None:
        self.disk = disk
        self._now = now
        self.requests: list[Request] = []
        self.acknowledged: dict[JobId, Request] = {}
        self.states: dict[JobId, State] = {}
        """How the events on disk leave each job."""
        self.gone: dict[JobId, None] = {}
        self.withdrawn: dict[JobId, None] = {}
        self.removing: set[JobId] = set()
        self.crowded = False
        """Whether jobs may be forgotten before their time."""
        self.forgetful = False
        """Whether keys may be forgotten before theirs."""
        self.unclean: set[int] = set()
        self.leaps = 0
        self.begun: Counter[JobId] = Counter()
        self.started: Counter[JobId] = Counter()
        self.running: list[Running] = []
        self.said: defaultdict[JobId, Said] = defaultdict(Said)
        """Of each job's last attempt."""
        self._shown: dict[JobId, int] = {}
        self._seen_gone: set[JobId] = set()

    # --- what goes to disk

    def written(self, batch: Batch) -> None:
        """A batch is about to be on disk."""
        disk = self.disk
        if batch.first_seq != len(disk.events) + 1:
            raise Wrong(f"events from {batch.first_seq} on follow number {len(disk.events)}")
        check_complete(batch, disk)
        for event in batch.events:
            self._follow(event, batch)
        for number, job in batch.jobs.items():
            before = disk.jobs.get(number)
            if job is not None:
                self._file(job, before)
                if job.state is State.DONE:
                    check_said(job, self.said[job.id], batch, disk)
            elif before is not None and before.id not in self.gone:
                raise Wrong(f"{before.id} is no longer on disk and nobody will hear of it")

    def _file(self, job: Job, before: Job | None) -> None:
        check_well_formed(job, self.unclean, self.leaps)
        if before is not None and (before.id != job.id or before.version > job.version):
            raise Wrong(f"{job.id} went back from version {before.version} to {job.version}")
        if self.states.get(job.id) is not job.state:
            raise Wrong(f"{job.id} is {job.state} on disk and was last told to be {self.states.get(job.id)}")
        number = json.loads(job.spec.args)["n"]
        if job.result is not None and json.loads(job.result.body) != {"n": number, "attempt": job.attempt}:
            raise Wrong(f"{job.id} has the result of another: {job.result}")
        request = self.requests[number]
        if job.id not in request.jobs:
            request.jobs.append(job.id)

    def _follow(self, event: Event, batch: Batch) -> None:
        if event.job is None:
            return
        job_id = event.job.id
        was = self.states.get(job_id)
        if job_id in self.gone:
            raise Wrong(f"{event.type} of {job_id}, which is forgotten")
        if event.type is EventType.EXPIRED:
            self._forget(job_id, was, event, batch)
        elif event.type is not EventType.LOG:
            if was not in _FOLLOWS[event.type]:
                raise Wrong(f"{event.type} of {job_id}, which is {was}")
            self.started[job_id] += event.type is EventType.STARTED
            self.states[job_id] = event.job.state
        elif was is None:
            raise Wrong(f"a line of {job_id}, which does not exist")

    def _forget(self, job_id: JobId, was: State | None, event: Event, batch: Batch) -> None:
        if was is None:
            raise Wrong(f"{job_id} is forgotten and never was")
        del self.states[job_id]
        self.gone[job_id] = None
        if not was.ended and job_id in self.acknowledged:
            raise Wrong(f"{job_id} was acknowledged and is forgotten while it is {was}")
        kept = self.disk.job(job_id)
        at_once = kept is None or not kept.state.ended
        early = kept is not None and kept.state.ended and kept.deadline is not None and event.at < kept.deadline
        early = early and not self.crowded  # then the oldest go before their time
        # Of a job that is taken back the time may have run out meanwhile, as that of any other.
        if (at_once or early) and not self.begun[job_id] and job_id not in self.acknowledged:
            self.withdrawn[job_id] = None
        elif early and job_id not in self.removing:
            raise Wrong(f"{job_id} is forgotten before its time")

    # --- what clients are told

    def sent(self, request: Request) -> None:
        """A submit is on its way."""
        request.sent += 1
        key = request.asked.idempotency
        if key is not None and request.sent == 1 and not self.forgetful:
            request.key_ends = self._now() + key.keep.total_seconds()

    def accepted(self, request: Request, job: Job) -> None:
        """A submit was answered with this job."""
        if job.id not in self.states and job.id not in self.gone:
            raise Wrong(f"request {request.number} was answered with {job.id} before it was on disk")
        if job.id in self.withdrawn:
            raise Wrong(f"request {request.number} was answered with {job.id}, which was taken back")
        if request.job_id not in (None, job.id) and self._now() < request.key_ends:
            raise Wrong(f"request {request.number} was answered with {request.job_id} before and with {job.id} now")
        request.job_id = job.id
        self.acknowledged[job.id] = request

    def floor(self, job_id: JobId) -> int | None:
        """The version that whoever asks from now on sees at least; None: it is gone, as somebody was told."""
        return None if job_id in self._seen_gone else self._shown.get(job_id, 0)

    def shown(self, job: Job, floor: int | None) -> None:
        """A read that began when ``floor`` held was answered with this record."""
        on_disk = self.disk.job(job.id)
        if floor is None or (on_disk is None and job.id not in self.gone):
            raise Wrong(f"{job.id} was shown and is not there")
        if on_disk is not None and job.version > on_disk.version:
            raise Wrong(f"{job.id} was shown {job.state} before that was on disk")
        if job.version < floor:
            raise Wrong(f"{job.id} was shown as it was before, {job.state}")
        self._shown[job.id] = max(self._shown.get(job.id, 0), job.version)

    def not_found(self, job_id: JobId) -> None:
        """A read was told that there is no such job."""
        if self.disk.job(job_id) is not None:
            raise Wrong(f"{job_id} was not found and is on disk")
        self._seen_gone.add(job_id)

    def heard(self, event: Event) -> None:
        """Somebody was told of this."""
        if event.type is EventType.EXPIRED and event.job is not None:
            self._seen_gone.add(event.job.id)

    # --- what handlers do

    def begin(self, job_id: JobId, number: int, life: int) -> Running:
        """A handler begins."""
        self.begun[job_id] += 1
        self.said[job_id] = Said()
        if self.begun[job_id] > self.started[job_id]:
            raise Wrong(f"{job_id} runs before that is on disk")
        request = self.requests[number]
        if not request.keyed and request.job_id is None and life in request.refused_by:
            raise Wrong(f"request {number} was refused, and {job_id} runs even so")
        for other in self.running:
            if (other.job_id, other.life) == (job_id, life) and not self._left_behind(other):
                raise Wrong(f"{job_id} runs twice at once")
        running = Running(job_id, life)
        self.running.append(running)
        return running

    def _left_behind(self, running: Running) -> bool:
        return running.told_to_stop is not None and self._now() >= running.told_to_stop + STOP_GRACE - 0.001

    def told(self, running: Running) -> None:
        """It was cancelled."""
        if running.told_to_stop is None:
            running.told_to_stop = self._now()

    def end(self, running: Running) -> None:
        """It has ended."""
        self.running.remove(running)

    # --- at the end

    def check_settled(self) -> None:
        """Everything had the time it needs."""
        for job_id, state in self.states.items():
            if not state.ended:
                raise Wrong(f"{job_id} never ends: it is {state}")
        for request in self.requests:
            self._check_made(request)

    def _check_made(self, request: Request) -> None:
        stay = [job_id for job_id in request.jobs if job_id not in self.withdrawn]
        told = f"request {request.number} has made {stay or 'nothing'}"
        if len(stay) > 1 and (request.sent == 1 or (request.keyed and self._now() < request.key_ends)):
            raise Wrong(told)
        if stay and request.job_id is None and not request.unknown and not request.refused_by & self.unclean:
            raise Wrong(f"{told}, and its client was told that it did not")
        if request.job_id is not None and request.job_id not in self.states and request.job_id not in self.gone:
            raise Wrong(f"{told}, and was answered with {request.job_id}")
