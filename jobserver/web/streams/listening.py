"""What every way of listening has in common: how it begins, and until when the caller may go on."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from jobserver.errors import JobNotFound
from jobserver.jobs.access import ApiKey, Owner
from jobserver.jobs.events import Event, EventType, Interest
from jobserver.jobs.model import Job, JobId
from jobserver.jobs.service import Jobs
from jobserver.web.reading.members import one_word_of, texts
from jobserver.web.streams import event_wire
from jobserver.web.streams.event_wire import EncodedEvents, Message
from jobserver.web.streams.subscriber import Left, Subscriber

MOST_NAMED = 1_000
"""Jobs that one listener may name."""

TYPES = tuple(str(kind) for kind in EventType if kind is not EventType.GAP)
"""The types of events that can be asked for."""

LAST_WORDS = 3.0
"""Seconds a reader has for what was still to be read when its stream ended."""


async def check_named(jobs: Jobs, names: Collection[JobId], owner: Owner, after: int | None) -> None:
    """JobNotFound for a job that is not that owner's, unless what is kept of the past after a number tells of it."""
    for job_id in names:
        try:
            await named(jobs, job_id, owner)
        except JobNotFound:
            if after is None or not _is_told_of(jobs, job_id, owner, after):
                raise


def _is_told_of(jobs: Jobs, job_id: JobId, owner: Owner, after: int) -> bool:
    with jobs.listen(Interest(owner=owner, jobs=frozenset({job_id})), after=after) as listener:
        return any(event.job is not None for event in listener.take())


async def beginning(jobs: Jobs, names: Collection[JobId], owner: Owner, seq: int) -> list[Message]:
    """How things stand after event ``seq``: the jobs that are named, or how many there are. JobNotFound."""
    if not names:
        return [event_wire.snapshot_of_all(await jobs.counts(owner), seq)]
    return [event_wire.snapshot(await named(jobs, job_id, owner), seq) for job_id in names]


async def beginning_after_gap(jobs: Jobs, names: Collection[JobId], owner: Owner, seq: int) -> list[Message]:
    """The same where some of the history is gone: first that it is. A job that is forgotten has no snapshot."""
    told = [event_wire.gap(await jobs.counts(owner), seq)]
    for job_id in names:
        with suppress(JobNotFound):
            told.append(event_wire.snapshot(await named(jobs, job_id, owner), seq))
    return told


async def named(jobs: Jobs, job_id: JobId, owner: Owner) -> Job:
    """The job as it stands; JobNotFound."""
    return (await jobs.get(job_id, owner)).job


async def past(
    jobs: Jobs, encoded: EncodedEvents, events: Sequence[Event], names: Collection[JobId], owner: Owner
) -> list[Message]:
    """The messages of what has happened, beginning with how things stand where some of the history is gone."""
    if events and events[0].type is EventType.GAP:
        kept = encoded.messages(events[1:])
        return await beginning_after_gap(jobs, names, owner, events[0].seq) + kept
    return encoded.messages(events)


async def until_left(jobs: Jobs, subscriber: Subscriber, every: float) -> Left:
    """Wait until nothing more is told; ask every so many seconds whether the subscriber's key still opens anything."""
    while not (await asyncio.wait({subscriber.left}, timeout=every))[0]:
        if subscriber.key is not None and not await _is_good(jobs, subscriber.key):
            subscriber.leave(Left.REVOKED)
    return subscriber.left.result()


def farewell(subscriber: Subscriber) -> Message | None:
    """What a stream says last, where its end is no news by itself."""
    why = subscriber.left.result()
    if why is Left.STOPPING:
        return event_wire.draining()
    return event_wire.closed(why, subscriber.seq) if why in {Left.SLOW, Left.REVOKED} else None


def event_types(value: Any) -> tuple[str, ...]:
    """An array of types of events."""
    one = one_word_of(TYPES)
    return tuple(one(each) for each in texts(MOST_NAMED, 200)(value))


async def _is_good(jobs: Jobs, known: ApiKey) -> bool:
    key = await jobs.key(known.id)
    return key is not None and key.digest == known.digest and (key.expires_at is None or jobs.now() < key.expires_at)
