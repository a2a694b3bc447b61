"""What a job's record must be like, and an engine's memory beside what is on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from jobserver.engines.memory import MemoryEngine
from jobserver.engines.packed import pack
from jobserver.jobs.model import Job, State
from jobserver.jobs.states import LEASE_ENDED, POISON, SERVER_DIED


def check_well_formed(job: Job, unclean: Collection[int], leaps: int) -> None:
    """Raise AssertionError when a record contradicts itself, or what can have happened to it."""
    told = f"{job.id} is {job.state} with {job}"
    policy, attempts = job.spec.policy, job.attempts
    assert 0 <= job.attempt <= policy.max_attempts, told
    assert len(attempts) >= job.attempt, told
    run = attempts[len(attempts) - job.attempt :]
    assert [each.number for each in run] == list(range(1, job.attempt + 1)), told
    running = job.state is State.PROCESSING
    assert [each for each in attempts if each.ended_at is None] == list(run[-1:] if running else ()), told
    assert running <= (job.token is not None), told
    assert job.state.ended is (job.finished_at is not None), told
    assert (job.deadline is not None) or job.state is State.QUEUED, told
    assert (job.state is State.DONE) is (job.result is not None), told
    assert (job.state is State.FAILED) is (job.failure is not None), told
    causes = Counter(each.failure.code for each in attempts if each.failure)
    assert causes[SERVER_DIED.code] + causes[POISON.code] <= len(unclean), f"no process died: {told}"
    assert causes[LEASE_ENDED.code] <= leaps, f"no lease can have ended: {told}"


def snapshot(memory: MemoryEngine) -> dict[str, Any]:
    """All that an engine keeps, in a form that can be compared: after a restart it must be the same."""
    shelf, keys, attached = memory._shelf, memory._idempotency, memory._attached
    ids = [job_id for _, job_id in shelf.listing.newest_first()][::-1]
    jobs = [job for job in (shelf.records.get(job_id) for job_id in ids) if job is not None]
    queues = shelf._queues
    return {
        "jobs": {job.number: pack(_held(job), None) for job in jobs},
        "order": {name: lanes for name, queue in sorted(queues.items()) if (lanes := _lanes(queue.order))},
        "counts": {
            name: {state.value: number for state, number in sorted(queue.total.items()) if number}
            for name, queue in sorted(queues.items())
            if any(queue.total.values())
        },
        "processing": {name: queue.processing for name, queue in sorted(queues.items()) if queue.processing},
        "running": {name: dict(queue.running) for name, queue in sorted(queues.items()) if queue.running},
        "ended": {name: queue.ended for name, queue in sorted(queues.items()) if queue.ended},
        "owners": {name: [job_id for _, job_id in mine.newest_first()] for name, mine in shelf.listing.owners.items()},
        "chosen": {
            name: {each: getattr(queue.settings, each) for each in sorted(queue.chosen)}
            for name, queue in sorted(queues.items())
            if queue.chosen
        },
        "unfinished": shelf._unfinished,
        "bytes": shelf._bytes,
        "dedup": dict(sorted(shelf.dedup.all().items())),
        "deadlines": _deadlines(memory),
        "logs": {job.id: list(lines) for job in jobs if (lines := attached.lines(job.id, 0, 1_000_000))},
        "files": {job.id: list(files) for job in jobs if (files := attached.files(job.id))},
        "attached": attached.size,
        "keys with jobs": {name: _entry(each) for name, each in sorted(keys._with_job.items())},
        "keys that outlive": [(name, _entry(each)) for name, each in keys._orphans.items()],
        "api keys": {name: key for name, key in memory._api_keys.items() if not key.configured},
        "last event": memory._events.last_seq,
        "events": list(memory._events._history),
    }


def differences(ones: dict[str, Any], others: dict[str, Any]) -> list[str]:
    """What two snapshots do not agree on."""
    return [f"{name}: {_apart(ones[name], others[name])}" for name in ones if ones[name] != others[name]]


def _apart(one: Any, other: Any) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
        return ", ".join(f"{name}: {one.get(name)} and {other.get(name)}" for name in names)
    return f"{one} and {other}"


def check_positions(memory: MemoryEngine) -> None:
    """Where nobody takes turns those that wait stand at 1 to n, in order of priority."""
    for name, queue in memory._shelf._queues.items():
        waiting = _lanes(queue.order)
        if any(turn is not None for _, turn, _ in waiting):
            continue
        ids = [job_id for _, _, lane in waiting for job_id in lane]
        ahead = [position and position.ahead for position in map(memory._shelf.position, ids)]
        assert ahead == list(range(len(ids))), f"positions in {name} are {ahead}"


def _deadlines(memory: MemoryEngine) -> list[tuple[int, int, str]]:
    """Those of jobs that wait."""
    deadlines, records = memory._shelf.deadlines, memory._shelf.records
    stand = sorted(each for each in {*deadlines._heap} if deadlines._stands(*each))
    return [each for each in stand if (job := records.get(each[2])) and job.state in (State.QUEUED, State.SCHEDULED)]


def _held(job: Job) -> Job:
    """A job being worked on without the end of its lease: that is renewed in memory alone."""
    return job._replace(deadline=None) if job.state is State.PROCESSING else job


def _lanes(order: Any) -> list[tuple[int, Any, list[str]]]:
    """(priority, turn, jobs in order), highest first."""
    found = []
    for priority in reversed(order._priorities):
        level = order._levels[priority]
        for turn, lane in sorted(level.lanes.items(), key=lambda each: str(each[0])):
            holes = {place - lane.head for place in lane.holes}
            found.append((priority, turn, [each for place, each in enumerate(lane.ids) if place not in holes]))
    return found


def _entry(entry: Any) -> tuple[Any, ...]:
    return entry.job.id, entry.fingerprint, entry.expires_at
