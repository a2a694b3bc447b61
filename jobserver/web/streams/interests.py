"""What a socket is subscribed to: named by its client, shown to it, and taken back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from jobserver.errors import InvalidRequest
from jobserver.jobs.access import Owner
from jobserver.jobs.events import Event, EventType, Interest
from jobserver.jobs.model import JobId
from jobserver.web.reading.members import Check, Members, texts
from jobserver.web.streams.listening import MOST_NAMED, event_types

MOST_SUBSCRIPTIONS = 100
"""Subscriptions of one socket; together they name `MOST_NAMED` jobs at most."""

_EVERY_JOB = "*"


def read_interest(members: Members, owner: Owner) -> tuple[Interest, Sequence[JobId]]:
    """What ``jobIds``, ``queues`` and ``types`` name of that owner's, and the jobs among it in their order."""
    jobs = members.take("jobIds", _job_ids) or ()
    queues, types = members.take("queues", _some(texts(MOST_NAMED, 200))), members.take("types", _some(event_types))
    return interest_of(owner, jobs, queues, types), jobs


def interest_of(
    owner: Owner, jobs: Sequence[JobId] | None, queues: Sequence[str] | None, types: Sequence[str] | None
) -> Interest:
    """The same, read already; nothing named is everything."""
    return Interest(
        owner=owner,
        jobs=frozenset(jobs) if jobs else None,
        queues=frozenset(queues) if queues else None,
        types=frozenset(map(EventType, types)) if types else None,
    )


def check_room(interests: Collection[Interest]) -> None:
    """Raise InvalidRequest for more than one socket may have."""
    if len(interests) > MOST_SUBSCRIPTIONS or sum(len(each.jobs or ()) for each in interests) > MOST_NAMED:
        raise InvalidRequest(f"A socket has {MOST_SUBSCRIPTIONS} subscriptions and names {MOST_NAMED} jobs at most.")


def shown(interest: Interest) -> dict[str, Any]:
    """The members that name it."""
    members: dict[str, Any] = {"jobIds": _EVERY_JOB if interest.jobs is None else sorted(interest.jobs)}
    if interest.queues is not None:
        members["queues"] = sorted(interest.queues)
    if interest.types is not None:
        members["types"] = sorted(interest.types)
    return members


def was_told(event: Event, interests: Mapping[Interest, int], told: int) -> bool:
    """Whether it was, when everything up to ``told`` was; ``interests``: each with the number after which it counts."""
    return event.seq <= told and any(event.seq > after and each.covers(event) for each, after in interests.items())


def without(interests: Mapping[Interest, int], gone: Interest, jobs: frozenset[JobId]) -> dict[Interest, int]:
    """What is left: jobs are taken out of whatever names them; the rest only goes as it came."""
    if not jobs:
        return {each: after for each, after in interests.items() if each != gone}
    kept: dict[Interest, int] = {}
    for each, after in interests.items():
        left = None if each.jobs is None else each.jobs - jobs
        if left is None or left:
            kept[Interest(each.owner, left, each.queues, each.types)] = after
    return kept


def _some(check: Check[tuple[str, ...]]) -> Check[tuple[str, ...]]:
    """Not none of them: that could be taken for all."""

    def checked(value: Any) -> tuple[str, ...]:
        found = check(value)
        if not found:
            raise ValueError("must not be empty: leave it out to mean all")
        return found

    return checked


def _job_ids(value: Any) -> tuple[str, ...]:
    """An array of ids; ``*`` is every job, which an empty tuple stands for."""
    if value == _EVERY_JOB:
        return ()
    ids = texts(MOST_NAMED, 200)(value)
    if not ids:
        raise ValueError(f"must name a job, or be {_EVERY_JOB!r}")
    return ids
