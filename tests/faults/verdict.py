"""What became of all that was promised: the judgement over a store after everything ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tests.faults.durable import ENDED
from tests.faults.ledger import Ledger, Order


@dataclass
class Verdict:
    """What went wrong, in words; nothing did when all are empty.

    ``lost``: was acknowledged and is not there. ``stuck``: never ended. ``doubled``: is there twice, or ran more often
    than attempts were begun. ``invented``: nobody sent it, or its sender was told that it was refused. ``wrong``: all
    else that contradicts what somebody was told.
    """

    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def named(self, name: str) -> Verdict:
        """The same, each finding with the ``name`` of what it was found in."""
        return Verdict(*([f"{name}: {what}" for what in getattr(self, each.name)] for each in fields(self)))

    def __str__(self) -> str:
        found = ((each.name, getattr(self, each.name)) for each in fields(self))
        return "; ".join(f"{name}: {', '.join(what[:5])}" for name, what in found if what) or "nothing wrong"


def read_runs(file: Path) -> list[tuple[str, int]]:
    """(job, attempt) of every run that was begun."""
    lines = file.read_text().splitlines() if file.exists() else []
    return [(job_id, int(attempt)) for job_id, attempt in map(str.split, lines)]


def judge(
    ledger: Ledger,
    jobs: Sequence[dict[str, Any]],
    runs: Iterable[tuple[str, int]] | None,
    *,
    interruptions: int = 0,
    forgotten: Collection[str] = (),
) -> Verdict:
    """Compare what is there with what was promised and what was run; ``runs`` None: who knows what was.

    ``interruptions``: polite stops, at each of which an attempt of a job may have been given back. ``forgotten``: jobs
    that had ended and may be gone.
    """
    forgotten = {*forgotten, *ledger.forgotten}
    missed = [f"{job_id} was not there, and nobody said that it was forgotten" for job_id in ledger.missed - forgotten]
    verdict = Verdict(wrong=[*ledger.contradictions, *missed])
    by_id = {job["jobId"]: job for job in jobs}
    verdict.lost += [job_id for job_id in ledger.accepted if job_id not in by_id and job_id not in forgotten]
    verdict.stuck += [job["jobId"] for job in jobs if job["status"] not in ENDED]
    verdict.doubled += [job_id for job_id, times in Counter(job["jobId"] for job in jobs).items() if times > 1]
    _judge_orders(verdict, ledger, jobs)
    if runs is not None:
        _judge_runs(verdict, by_id, [run for run in runs if run[0] not in forgotten], interruptions)
    for job in by_id.values():
        verdict.wrong += ledger.broken_promises(job)
        if any(attempt.get("code") == "lease_ended" for attempt in job["attempts"]):
            verdict.wrong.append(
                f"{job['jobId']} was taken from a worker that was alive, or late from one that was dead"
            )
        if job["status"] == "done" and job["result"].get("name") != job["args"]["name"]:
            verdict.wrong.append(f"{job['jobId']} has another's result")
    return verdict


def _judge_orders(verdict: Verdict, ledger: Ledger, jobs: Sequence[dict[str, Any]]) -> None:
    made = Counter(str(job["args"].get("name")) for job in jobs)
    for name, times in made.items():
        order = ledger.orders.get(name, Order(name, keyed=False))
        if times > order.asked:
            kind = verdict.invented if order.asked == 0 else verdict.doubled
            kind.append(f"{name} is there {times} times, was sent {order.asked} times")
        elif order.keyed and times > 1:
            verdict.doubled.append(f"{name} had a key and is there {times} times")


def _judge_runs(
    verdict: Verdict, by_id: dict[str, dict[str, Any]], runs: list[tuple[str, int]], interruptions: int
) -> None:
    began = Counter(job_id for job_id, _ in runs)
    for job_id, times in began.items():
        if job_id not in by_id:
            verdict.invented.append(f"{job_id} ran and is not there")
        elif times > len(by_id[job_id]["attempts"]) + interruptions:
            verdict.doubled.append(f"{job_id} ran {times} times in {len(by_id[job_id]['attempts'])} attempts")
    for job_id, job in by_id.items():
        if job["status"] == "done" and job_id not in began:
            verdict.wrong.append(f"{job_id} is done and never ran")
