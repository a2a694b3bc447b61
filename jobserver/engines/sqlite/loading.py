"""Hands all that is in a store to the engine that goes on with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from jobserver.engines.packed import NUMBER, Restored
from jobserver.engines.restoring import Restoring
from jobserver.engines.sqlite import rows
from jobserver.engines.sqlite.batch import Marks, Number
from jobserver.engines.sqlite.job_rows import packed_job
from jobserver.engines.sqlite.values import Damaged, Values
from jobserver.jobs.model import JobId

T = TypeVar("T")

_AT_A_TIME = 1_000

JOBS = (
    "SELECT jobs.*, arguments.body, arguments.checksum, results.body, results.brief, results.checksum "
    "FROM jobs LEFT JOIN arguments USING (number) LEFT JOIN results USING (number) ORDER BY jobs.number"
)
LOGS_OF = "SELECT * FROM logs WHERE number = ? ORDER BY line"
LOGS = "SELECT * FROM logs ORDER BY number, line"
FILES = "SELECT number, name, content_type, body, checksum FROM files ORDER BY place"
IDEMPOTENCY_KEYS = "SELECT owner, key, fingerprint, expires_at, job, checksum FROM idempotency_keys ORDER BY place"
QUEUES = "SELECT * FROM queues ORDER BY name"
API_KEYS = (
    "SELECT id, digest, owner, scopes, created_at, name, rate, quota, expires_at, checksum FROM api_keys ORDER BY place"
)
EVENTS = "SELECT * FROM events ORDER BY seq"


class Standing(NamedTuple):
    """Where the store stands: ``jobs``: how many there are; ``seq``: number of the last event."""

    marks: Marks
    jobs: int
    seq: int


def load(connection: sqlite3.Connection, restoring: Restoring) -> Standing:
    """Everything, in the order `Restoring` wants it; Damaged says which row is not what was written."""
    standing = read_standing(connection)
    for name, terms in read_all(connection, "queues", QUEUES, rows.queue_terms):
        restoring.queue(name, terms.settings, terms.chosen)
    ids = _load_jobs(connection, restoring, standing)
    for number, line in read_all(connection, "logs", LOGS, rows.log_line):
        restoring.line(_job_of(ids, "logs", number), line)
    for number, file in read_all(connection, "files", FILES, rows.artifact):
        restoring.file(_job_of(ids, "files", number), file)
    for owner_and_key, entry in read_all(connection, "idempotency_keys", IDEMPOTENCY_KEYS, rows.idempotency_entry):
        restoring.idempotency(owner_and_key, entry)
    for key in read_all(connection, "api_keys", API_KEYS, rows.api_key):
        restoring.key(key)
    _load_events(connection, restoring, standing.seq)
    restoring.finish(standing.marks.arrived)
    return standing


def read_standing(connection: sqlite3.Connection) -> Standing:
    """Where the store stands; Damaged."""
    row = connection.execute("SELECT * FROM marks").fetchone()
    if row is None:
        raise Damaged("the row of marks is missing")
    return Standing(*read("marks", rows.marks_of, row))


def read_all(connection: sqlite3.Connection, table: str, query: str, reader: Callable[[Values], T]) -> Iterator[T]:
    """What the rows of a table are; Damaged, with its name, at the first that is not what was written."""
    for row in select(connection, query):
        try:
            yield reader(row)
        except Exception as error:  # noqa: BLE001 - whatever its damage makes it do
            raise _damaged(table, row, error) from None


def read(table: str, reader: Callable[[Values], T], row: Values) -> T:
    """What one row is; see `read_all`."""
    try:
        return reader(row)
    except Exception as error:  # noqa: BLE001 - whatever its damage makes it do
        raise _damaged(table, row, error) from None


def select(connection: sqlite3.Connection, query: str, *values: int) -> Iterator[Values]:
    """The rows, of which few are in memory at a time."""
    cursor = connection.execute(query, values)
    while some := cursor.fetchmany(_AT_A_TIME):
        yield from some


def _load_jobs(connection: sqlite3.Connection, restoring: Restoring, standing: Standing) -> dict[Number, JobId]:
    """Number → id of those that logs and files hang on."""
    attached = {number for (number,) in select(connection, "SELECT number FROM logs UNION SELECT number FROM files")}
    ids: dict[Number, JobId] = {}
    number = count = 0
    for jobs in _jobs(connection):
        restoring.jobs(jobs)
        count += len(jobs)
        number = jobs[-1][1][NUMBER]
        if attached:
            ids |= {row[NUMBER]: job_id for job_id, row, _ in jobs if row[NUMBER] in attached}
    if count != standing.jobs or number > standing.marks.arrived:
        raise Damaged(f"there are {count} jobs up to number {number} in it, where {standing.jobs} should be")
    return ids


def _jobs(connection: sqlite3.Connection) -> Iterator[list[Restored]]:
    """All jobs, many at a time: there may be a million."""
    cursor = connection.execute(JOBS)
    while some := cursor.fetchmany(_AT_A_TIME):
        try:
            jobs = list(map(packed_job, some))
        except Exception:  # noqa: BLE001 - whatever its damage makes it do: one by one it is told which it was
            jobs = [read("jobs", packed_job, row) for row in some]
        yield jobs


def _damaged(table: str, row: Values, error: Exception) -> Damaged:
    return Damaged(f"{table}, row {row[0]}: {error if isinstance(error, Damaged) else 'it cannot be read'}")


def _load_events(connection: sqlite3.Connection, restoring: Restoring, last: int) -> None:
    seq = None
    for event in read_all(connection, "events", EVENTS, rows.event_of):
        if seq is not None and event.seq != seq + 1:
            raise Damaged(f"events between {seq} and {event.seq} are missing")
        seq = event.seq
        restoring.event(event)
    if (seq or 0) != last:
        raise Damaged(f"the last event in it is {seq or 0}, where {last} should be")


def _job_of(ids: dict[Number, JobId], table: str, number: Number) -> JobId:
    if number not in ids:
        raise Damaged(f"{table}: job {number} is missing")
    return ids[number]
