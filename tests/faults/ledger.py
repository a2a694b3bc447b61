"""What clients asked for and what they were told: the book that the server is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.faults.durable import ENDED

_AGAIN = frozenset({"job.queued", "job.scheduled", "job.started"})
"""Somebody wants it once more. Its log may go on a little after its end: those are its handler's last words."""

_LAST = {"job.done": "done", "job.failed": "failed", "job.cancelled": "cancelled"}


@dataclass
class Order:
    """One job that a client wants. ``asked``: how often it was sent and not refused: so many may be there.

    ``keyed``: it was sent with an Idempotency-Key each time, so that there is one at most.
    """

    name: str
    keyed: bool
    asked: int = 0


@dataclass(frozen=True)
class Sight:
    """The last that was seen of a job."""

    version: int
    status: str


class Ledger:
    """One for all clients, through all restarts of a server on one file.

    ``accepted``: job id → name of its order. ``contradictions``: answers that cannot both be true, in words.
    ``forgotten``: jobs of which an event said so. ``missed``: those that somebody asked for and that were not there.
    """

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.accepted: dict[str, str] = {}
        self.contradictions: list[str] = []
        self.forgotten: set[str] = set()
        self.missed: set[str] = set()
        self.last_event = 0
        self._seen: dict[str, Sight] = {}
        self._promised: dict[str, str] = {}
        self._ended: dict[str, str] = {}
        self._events: dict[int, tuple[str, str | None]] = {}

    # --- what clients do

    def ask(self, name: str, *, keyed: bool = False) -> None:
        """It is being sent: from now on it may be there, whatever is answered."""
        self.orders.setdefault(name, Order(name, keyed)).asked += 1

    def refuse(self, name: str) -> None:
        """The server said that it did not take it."""
        self.orders[name].asked -= 1

    def accept(self, name: str, job_id: str) -> None:
        """The server said that it has it."""
        if self.accepted.setdefault(job_id, name) != name:
            self.contradictions.append(f"{job_id} was given for {name} and for {self.accepted[job_id]}")

    def promise(self, job_id: str, status: str | None) -> None:
        """How it must stand in the end, as the server said; None: nobody knows any more."""
        if status is None:
            self._promised.pop(job_id, None)
        else:
            self._promised[job_id] = status

    # --- what they see

    def see(self, job: dict[str, Any]) -> None:
        """Its version never goes back, and one version is one state."""
        now, before = Sight(job["version"], job["status"]), self._seen.get(job["jobId"])
        if before is not None and (now.version < before.version or (now.version == before.version and now != before)):
            self.contradictions.append(f"{job['jobId']} was {before} and then {now}")
        self._seen[job["jobId"]] = now

    def hear(self, event: dict[str, Any]) -> None:
        """Every number is of one event, whenever it is asked for, and none is left out."""
        seq, what = event["seq"], (event["type"], event.get("jobId"))
        if self._events.setdefault(seq, what) != what:
            self.contradictions.append(f"event {seq} was {self._events[seq]} and then {what}")
        if seq > self.last_event:
            if seq != self.last_event + 1:
                self.contradictions.append(f"event {self.last_event} was followed by {seq}")
            self.last_event = seq
            if what[1] is not None:
                self._follow(what[1], what[0])

    def _follow(self, job_id: str, kind: str) -> None:
        if kind == "job.expired":
            self.forgotten.add(job_id)
            if job_id in self.accepted and job_id not in self._ended:
                self.contradictions.append(f"{job_id} was forgotten before it ended")
            return
        if kind in _LAST:
            self._ended[job_id] = _LAST[kind]
        elif kind in _AGAIN:
            self._ended.pop(job_id, None)

    def broken_promises(self, job: dict[str, Any]) -> list[str]:
        """What somebody was told of a job and is not so in the end."""
        job_id, broken = job["jobId"], []
        if job_id in self.forgotten:
            broken.append(f"{job_id} was forgotten and is there")
        for told, by in ((self._promised, "an answer"), (self._ended, "an event")):
            if job["status"] in ENDED and told.get(job_id, job["status"]) != job["status"]:
                broken.append(f"{job_id} was {told[job_id]}, said {by}, and is {job['status']}")
        if (before := self._seen.get(job_id)) is not None and job["version"] < before.version:
            broken.append(f"{job_id} went back from version {before.version} to {job['version']}")
        return broken
