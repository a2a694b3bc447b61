"""The tables of a store, and how an older file gets them: numbered migrations, of which none is ever changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

APPLICATION_ID = 0x6A6F6273
"""Marks a SQLite file as one of ours: the letters "jobs"."""

# Times are microseconds since 1970 (UTC), spans microseconds. JSON stands as ASCII text, so that any string fits.
# A checksum is the CRC-32 of the rest of its row (`values`): SQLite itself would not notice a bit that has flipped.
_FIRST = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY, -- in order of arrival
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    queue TEXT NOT NULL,
    owner TEXT NOT NULL,
    priority INTEGER NOT NULL, -- higher runs first
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL, -- scheduled, queued, processing, done, failed or cancelled
    version INTEGER NOT NULL,
    deadline INTEGER, -- scheduled: due; queued: expires; processing: lease ends; ended: may be forgotten
    line INTEGER, -- place in line while it is queued, lower goes first
    policy TEXT NOT NULL, -- [attempts, timeout, total timeout, per key, delay, factor, longest, jitter]
    rest TEXT, -- what most jobs have none of: an object
    life TEXT, -- attempts, progress and how it ended: an object
    checksum INTEGER NOT NULL
);
CREATE TABLE arguments (number INTEGER PRIMARY KEY, body BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE results (number INTEGER PRIMARY KEY, body BLOB NOT NULL, brief BLOB, checksum INTEGER NOT NULL);
CREATE TABLE logs (
    number INTEGER NOT NULL, -- the job's
    line INTEGER NOT NULL, -- counts its lines from 0
    at INTEGER NOT NULL,
    text TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (number, line)
) WITHOUT ROWID;
CREATE TABLE files (
    place INTEGER PRIMARY KEY, -- the order in which they were named
    number INTEGER NOT NULL, -- the job's
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    UNIQUE (number, name)
);
CREATE TABLE idempotency_keys (
    place INTEGER PRIMARY KEY, -- the order in which they outlived their jobs
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    job TEXT NOT NULL, -- the columns of the job it was answered with: a list
    checksum INTEGER NOT NULL,
    UNIQUE (owner, key)
);
CREATE TABLE queues (name TEXT PRIMARY KEY, chosen TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE api_keys (
    place INTEGER PRIMARY KEY, -- the order in which they were made
    id TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL, -- SHA-256 of its secret
    owner TEXT NOT NULL,
    scopes TEXT NOT NULL, -- a list
    created_at INTEGER NOT NULL,
    name TEXT NOT NULL,
    rate REAL,
    quota INTEGER,
    expires_at INTEGER,
    checksum INTEGER NOT NULL
);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    queue TEXT NOT NULL,
    owner TEXT,
    job TEXT, -- its id; the next four are how the change left it
    state TEXT,
    attempt INTEGER,
    progress TEXT, -- [fraction, step]
    error TEXT,
    text TEXT, -- the line of a job.log
    checksum INTEGER NOT NULL
);
CREATE TABLE marks (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at INTEGER NOT NULL, -- the server's time at the last commit
    arrived INTEGER NOT NULL, -- number of the last job there ever was
    line INTEGER NOT NULL, -- the last place in line that was given
    jobs INTEGER NOT NULL, -- how many there are
    seq INTEGER NOT NULL, -- number of the last event
    checksum INTEGER NOT NULL
);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""What makes a file of version n + 1 of one of version n. One that was released is never changed: add another."""


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring a file of any earlier version to the last, each step whole or not at all."""
    for version in range(version_of(connection), len(migrations)):
        step = f"BEGIN IMMEDIATE; {migrations[version]}; PRAGMA user_version = {version + 1}; COMMIT;"
        connection.executescript(step)


def version_of(connection: sqlite3.Connection) -> int:
    """The file's schema version, 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def differences(connection: sqlite3.Connection, version: int, migrations: Sequence[str] = MIGRATIONS) -> list[str]:
    """Names of tables that are not what that version made them; what operators added beside them is theirs."""
    pattern = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(pattern, migrations[:version])
        wanted, found = _tables(pattern), _tables(connection)
    finally:
        pattern.close()
    return [name for name, made in wanted.items() if found.get(name) != made]


def _tables(connection: sqlite3.Connection) -> dict[str, str | None]:
    return dict(connection.execute("SELECT name, sql FROM sqlite_master").fetchall())
