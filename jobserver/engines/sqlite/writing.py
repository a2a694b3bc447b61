"""Writes a batch with as few statements as there can be: each gives the interpreter away and must win it back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from jobserver.engines.attachments import LINES
from jobserver.engines.sqlite import job_rows, rows
from jobserver.engines.sqlite.batch import Batch, Marks, Number
from jobserver.engines.sqlite.values import Values

_MOST = 128
"""Rows of one statement, at most. Every power of two up to it is a statement that is prepared once."""

_SPARE = 1_000
"""Events kept beside those that are wanted, so that old ones are deleted seldom."""

STATEMENTS = 256
"""Statements to keep prepared: more than there are."""


class Writer:
    """Writes batches.

    ``jobs``: how many there are; ``seq``: number of the last event. ``history``: events that are kept at least.
    """

    def __init__(self, connection: sqlite3.Connection, *, jobs: int = 0, seq: int = 0, history: int = 1) -> None:
        self._connection = connection
        self._jobs = jobs
        self._seq = seq
        self._history = max(history, 1)
        self._oldest_event = 0
        self._before = (jobs, seq, 0)
        self.forgotten = 0
        """Jobs, since somebody last looked."""

    def write(self, batch: Batch) -> None:
        """All of the batch, in a transaction that is begun and left open."""
        self._before = self._jobs, self._seq, self._oldest_event
        self._do("BEGIN IMMEDIATE", ())
        gone = [number for number, job in batch.jobs.items() if job is None and number not in batch.new]
        if gone:
            self._forget(gone)
        self._put_jobs(batch)
        if batch.logs or batch.files:
            self._attach(batch)
        if batch.events:
            self._tell(batch)
        if batch.idempotency or batch.queues or batch.keys:
            self._put_seldom(batch)
        if batch.marks is not None:
            self.mark(batch.marks)

    def undo(self) -> None:
        """The transaction was rolled back."""
        self._jobs, self._seq, self._oldest_event = self._before

    def mark(self, marks: Marks) -> None:
        """Where the store stands now."""
        self._put("marks", [rows.marks_row(marks, self._jobs, self._seq)])

    def _forget(self, gone: Sequence[Number]) -> None:
        self._jobs -= self._delete("jobs", gone)
        self.forgotten += len(gone)
        for table in ("arguments", "results", "logs", "files"):
            self._delete(table, gone)

    def _put_jobs(self, batch: Batch) -> None:
        kept = [job for job in batch.jobs.values() if job is not None]
        lines = batch.lines
        self._put("jobs", [job_rows.job_row(job, lines.get(job.number)) for job in kept])
        new = [job_rows.arguments_row(job) for job in kept if job.number in batch.new]
        self._put("arguments", new)
        self._jobs += len(new)
        if batch.ended:
            self._put(
                "results",
                [
                    job_rows.result_row(job.number, job.result)
                    for job in kept
                    if job.number in batch.ended and job.result
                ],
            )

    def _attach(self, batch: Batch) -> None:
        gone = {number for number, job in batch.jobs.items() if job is None}
        lines = [(number, line) for number, line in batch.logs if number not in gone]
        self._put("logs", [rows.log_row(number, line) for number, line in lines])
        for number, last in {number: line.number for number, line in lines}.items():
            if last >= LINES:
                self._do("DELETE FROM logs WHERE number = ? AND line <= ?", (number, last - LINES))
        for number, file in batch.files:
            if number not in gone:
                self._do(_PUT_FILE, rows.file_row(number, file))

    def _tell(self, batch: Batch) -> None:
        events = list(enumerate(batch.events, batch.first_seq))
        self._put("events", [rows.event_row(seq, event) for seq, event in events[-self._history :]])
        self._seq = events[-1][0]
        wanted = self._seq + 1 - self._history
        if len(events) > self._history or wanted - self._oldest_event >= _SPARE:  # there must be no hole
            self._do("DELETE FROM events WHERE seq < ?", (wanted,))
            self._oldest_event = wanted

    def _put_seldom(self, batch: Batch) -> None:
        for name, entry in batch.idempotency.items():
            self._do("DELETE FROM idempotency_keys WHERE owner = ? AND key = ?", rows.key_name(name))
            if entry is not None:
                self._do(_PUT_IDEMPOTENCY_KEY, rows.idempotency_row(name, entry))
        self._put("queues", [rows.queue_row(name, terms) for name, terms in batch.queues.items()])
        for key_id, key in batch.keys.items():
            if key is None:
                self._do("DELETE FROM api_keys WHERE id = ?", (key_id,))
            else:
                self._do(_PUT_API_KEY, rows.key_row(key))

    def _put(self, table: str, values: Sequence[Values]) -> None:
        """Put rows instead of those of the same numbers."""
        for chunk in _chunks(values):
            self._do(_put_many(table, len(chunk), len(chunk[0])), tuple(chain.from_iterable(chunk)))

    def _delete(self, table: str, numbers: Sequence[Number]) -> int:
        """How many there were."""
        return sum(self._do(_delete_many(table, len(chunk)), chunk) for chunk in _chunks(numbers))

    def _do(self, statement: str, values: Sequence[Any]) -> int:
        return self._connection.execute(statement, values).rowcount


_PUT_FILE = (
    "INSERT INTO files (number, name, content_type, body, checksum) VALUES (?, ?, ?, ?, ?) ON CONFLICT (number, name) "
    "DO UPDATE SET content_type = excluded.content_type, body = excluded.body, checksum = excluded.checksum"
)
_PUT_IDEMPOTENCY_KEY = (
    "INSERT INTO idempotency_keys (owner, key, fingerprint, expires_at, job, checksum) VALUES (?, ?, ?, ?, ?, ?)"
)
_API_KEY = ("id", "digest", "owner", "scopes", "created_at", "name", "rate", "quota", "expires_at", "checksum")
_PUT_API_KEY = (
    f"INSERT INTO api_keys ({', '.join(_API_KEY)}) VALUES ({', '.join('?' * len(_API_KEY))}) "  # noqa: S608 - our names
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{each} = excluded.{each}' for each in _API_KEY[1:])}"
)


@lru_cache(maxsize=STATEMENTS)
def _put_many(table: str, number: int, columns: int) -> str:
    row = f"({','.join('?' * columns)})"
    return f"INSERT OR REPLACE INTO {table} VALUES {','.join([row] * number)}"  # noqa: S608 - our names


@lru_cache(maxsize=STATEMENTS)
def _delete_many(table: str, number: int) -> str:
    return f"DELETE FROM {table} WHERE number IN ({','.join('?' * number)})"  # noqa: S608 - our names


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """All in order, in chunks whose lengths are powers of two."""
    start = 0
    while left := len(values) - start:
        size = min(1 << (left.bit_length() - 1), _MOST)
        yield values[start : start + size]
        start += size
