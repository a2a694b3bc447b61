"""Which jobs a list shows: matched by row, without unpacking more than the search asks for."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator

from jobserver.engines.packed import CREATED_AT, KIND, OWNER, QUEUE, Row, state_of, unpack
from jobserver.engines.records import Records
from jobserver.errors import InvalidRequest
from jobserver.jobs.clock import to_micros
from jobserver.jobs.model import Filter, Job, JobId, Page

_EFFORT = 3_000
"""How much is looked at for one page; a job that must be read whole counts ten, and 200 bytes of it one more."""

_BYTES = 200

Matches = Callable[[Row], bool]


def find_page(arrivals: Iterator[tuple[int, JobId]], records: Records, where: Filter, limit: int) -> Page:
    """The first jobs of ``arrivals`` that match; a rare match ends the page early rather than a long search."""
    quick, whole = _quick(where), _whole(where)
    found: list[Job] = []
    effort, number = 0, 0
    for number_of_next, job_id in arrivals:
        if len(found) == limit or effort >= _EFFORT:
            return Page(tuple(found), _write_cursor(number))
        number = number_of_next
        row = records.peek(job_id)
        effort += 1
        if row is None or not all(matches(row) for matches in quick):
            continue
        job, _ = unpack(job_id, row)
        effort += 10 + len(job.spec.args) // _BYTES if whole else 0
        if all(matches(job) for matches in whole):
            found.append(job)
    return Page(tuple(found))


def read_cursor(cursor: str | None) -> int | None:
    """The number a page begins under, or None for the first page; InvalidRequest for a strange cursor."""
    if cursor is None:
        return None
    try:
        return int(urlsafe_b64decode(cursor.encode("ascii")).decode("ascii"))
    except ValueError:
        raise InvalidRequest("This cursor is not one of ours.", pointer="/cursor") from None


def _write_cursor(number: int) -> str:
    return urlsafe_b64encode(b"%d" % number).decode()


def _quick(where: Filter) -> list[Matches]:
    """What a row's first columns can tell."""
    tests: list[Matches] = []
    if where.owner is not None:
        tests.append(lambda row: row[OWNER] == where.owner)
    if where.state is not None:
        tests.append(lambda row: state_of(row) is where.state)
    if where.kind is not None:
        tests.append(lambda row: row[KIND] == where.kind)
    if where.queue is not None:
        tests.append(lambda row: row[QUEUE] == where.queue)
    if where.created_after is not None:
        after = to_micros(where.created_after)
        tests.append(lambda row: row[CREATED_AT] > after)
    if where.created_before is not None:
        before = to_micros(where.created_before)
        tests.append(lambda row: row[CREATED_AT] < before)
    return tests


def _whole(where: Filter) -> list[Callable[[Job], bool]]:
    """What only the whole job can tell."""
    tests: list[Callable[[Job], bool]] = []
    if where.tag is not None:
        tests.append(lambda job: where.tag in job.spec.tags)
    if where.text is not None:
        wanted, in_json = where.text.casefold(), _as_in_json(where.text).casefold()
        tests.append(lambda job: in_json in job.spec.args.decode().casefold() or _is_in_texts(wanted, job))
    return tests


def _as_in_json(text: str) -> str:
    """How a JSON string spells it: quotes, backslashes and line ends are escaped there."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _is_in_texts(wanted: str, job: Job) -> bool:
    return any(wanted in text.casefold() for text in _texts(job))


def _texts(job: Job) -> Iterator[str]:
    yield job.id
    yield job.spec.kind
    yield job.spec.queue
    yield from job.spec.tags
    if job.failure is not None:
        yield job.failure.message
