"""A look into a store from outside, beside a server that uses it: nothing is changed, and little is in memory."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from jobserver.engines.packed import unpack
from jobserver.engines.sqlite import compaction, loading, opening, rows, schema
from jobserver.engines.sqlite.describing import described
from jobserver.engines.sqlite.job_rows import packed_job
from jobserver.engines.sqlite.lock import Lock
from jobserver.engines.sqlite.values import Damaged, Values
from jobserver.engines.sqlite.wal import lost_commits
from jobserver.errors import UnusableStore
from jobserver.jobs import ids

T = TypeVar("T")

_FAULTS = 100
"""Faults that are named; nobody needs more to know that a copy is needed."""

_TABLES: tuple[tuple[str, str, Callable[[Values], object]], ...] = (
    ("jobs", loading.JOBS, packed_job),
    ("logs", loading.LOGS, rows.log_line),
    ("files", loading.FILES, rows.artifact),
    ("idempotency_keys", loading.IDEMPOTENCY_KEYS, rows.idempotency_entry),
    ("queues", loading.QUEUES, rows.queue_terms),
    ("api_keys", loading.API_KEYS, rows.api_key),
    ("events", loading.EVENTS, rows.event_of),
)


@dataclass(slots=True)
class Findings:
    """What `check` found. ``states``: word → number of jobs. ``faults``: a line for each; none: all is well."""

    schema: int = 0
    bytes: int = 0
    log_bytes: int = 0
    states: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def check(path: Path) -> Findings:
    """Read every page and every row; raises UnusableStore when it is not a store that this version knows."""
    found = Findings()
    with _snapshot(path) as connection:
        found.schema = schema.version_of(connection)
        found.bytes, found.log_bytes = opening.size_of(path), opening.size_of(opening.beside(path, "-wal"))
        found.faults += _pages(connection)
        for table, query, reader in _TABLES:
            found.rows[table] = sum(1 for _ in _readable(connection, table, query, reader, found.faults))
        found.states.update(dict(connection.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall()))
        found.faults += _missing(connection, found)
    if _log_is_damaged(path):
        found.faults.append(f"{path.name}-wal: what was written after some place in it cannot be read")
    del found.faults[_FAULTS:]
    return found


def export(path: Path, faults: list[str]) -> Iterator[dict[str, Any]]:
    """Every job that can be read, in order of arrival; what cannot is named in ``faults``."""
    with _snapshot(path) as connection:
        for job_id, packed, _ in _readable(connection, "jobs", loading.JOBS, packed_job, faults):
            job, _ = unpack(job_id, packed)
            lines = _readable(connection, "logs", loading.LOGS_OF, rows.log_line, faults, job.number)
            yield described(job, [line for _, line in lines])


def compact(path: Path) -> tuple[int, int]:
    """Make the file as short as can be: (bytes before, bytes after). UnusableStore, also while a server has it."""
    path = _found(path)  # before there is a lock file beside what is not there
    opening.check_directory(path)
    lock = Lock(path)
    lock.take(ids.new_token())
    try:
        return _compact(path)
    except sqlite3.Error as error:
        raise opening.unusable(path, error) from error
    finally:
        lock.let_go()


def _compact(path: Path) -> tuple[int, int]:
    if not opening.check_file(path):
        raise UnusableStore(f"{path} does not exist.")
    before = opening.whole_size_of(path)
    with closing(opening.connect(path)) as connection:
        compaction.compact(connection)
    return before, opening.whole_size_of(path)


@contextmanager
def _snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """The store as it is now, whatever is written meanwhile."""
    path = _found(path)
    try:
        with closing(opening.connect_read_only(path)) as connection:
            connection.execute("BEGIN")
            opening.check_ours(connection, path)
            yield connection
    except sqlite3.Error as error:
        raise opening.unusable(path, error) from error


def _found(path: Path) -> Path:
    """Where it is, whatever directory this process is in."""
    path = path.absolute()
    if not path.is_file():
        raise UnusableStore(f"{path} is not a file." if path.exists() else f"{path} does not exist.")
    return path


def _readable(
    connection: sqlite3.Connection,
    table: str,
    query: str,
    reader: Callable[[Values], T],
    faults: list[str],
    *values: int,
) -> Iterator[T]:
    """What the rows are that can be read."""
    try:
        for row in loading.select(connection, query, *values):
            try:
                value = loading.read(table, reader, row)
            except Damaged as error:
                faults.append(str(error))
            else:
                yield value
    except sqlite3.Error as error:
        faults.append(f"{table}: what follows cannot be read ({error})")


def _pages(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with the file's pages."""
    said = [row[0] for row in connection.execute(f"PRAGMA integrity_check({_FAULTS})")]
    return [] if said == ["ok"] else said


def _missing(connection: sqlite3.Connection, found: Findings) -> Iterator[str]:
    """What should be there."""
    try:
        standing = loading.read_standing(connection)
    except Damaged as error:
        yield str(error)
        return
    if standing.jobs != (jobs := sum(found.states.values())):
        yield f"there are {jobs} jobs in it, where {standing.jobs} should be"
    for table in ("arguments", "results", "logs", "files"):
        query = f"SELECT count(DISTINCT number) FROM {table} WHERE number NOT IN (SELECT number FROM jobs)"  # noqa: S608 - our names
        (number,) = connection.execute(query).fetchone()
        if number:
            yield f"{table}: there is something of {number} jobs that are missing"
    first, last, number = connection.execute("SELECT min(seq), max(seq), count(*) FROM events").fetchone()
    if (last or 0) != standing.seq or (number and last - first + 1 != number):
        yield f"there are {number} events up to {last or 0}, where {standing.seq} is the last"


def _log_is_damaged(path: Path) -> bool:
    """A server that writes to it meanwhile makes it look so."""
    log = opening.beside(path, "-wal")
    before = _touched(log)
    return lost_commits(log) and _touched(log) == before


def _touched(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
