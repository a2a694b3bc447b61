"""A clock that was set back while no server ran: the times in the store go back with it."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

from jobserver.engines.sqlite.loading import read, read_standing
from jobserver.engines.sqlite.values import checked, signed, to_json
from jobserver.engines.sqlite.writing import Writer

_SLIGHT = timedelta(seconds=5)
"""By so much clocks are corrected all the time, and nobody minds waiting so long."""

_AT_A_TIME = 1_000


def set_back(connection: sqlite3.Connection, now: datetime) -> None:
    """Move every deadline back by as much as ``now`` is before the last commit.

    Else what was to wait a minute would wait until the clock has caught up, and what was to be kept for an hour would
    stay as long. A clock that was set forward needs nothing: to the server it is as if it had been away so long.
    """
    marks, jobs, seq = read_standing(connection)
    behind = marks.at - now
    if behind <= _SLIGHT:
        return
    by = behind // timedelta(microseconds=1)
    connection.execute("BEGIN IMMEDIATE")
    _jobs(connection, by)
    _idempotency_keys(connection, by)
    Writer(connection, jobs=jobs, seq=seq).mark(marks._replace(at=now))
    connection.execute("COMMIT")


def _jobs(connection: sqlite3.Connection, by: int) -> None:
    last = 0
    while some := connection.execute(_SOME, (last, _AT_A_TIME)).fetchall():
        for row in some:
            *head, deadline, line, policy, rest, life = read("jobs", checked, row)
            moved = signed((*head, deadline - by, line, policy, rest, life and _ended_earlier(life, by)))
            connection.execute(_CHANGE, (moved[9], moved[13], moved[14], moved[0]))
        last = some[-1][0]


_SOME = "SELECT * FROM jobs WHERE number > ? AND deadline IS NOT NULL ORDER BY number LIMIT ?"
_CHANGE = "UPDATE jobs SET deadline = ?, life = ?, checksum = ? WHERE number = ?"


def _idempotency_keys(connection: sqlite3.Connection, by: int) -> None:
    for place, *row in connection.execute("SELECT * FROM idempotency_keys").fetchall():
        owner, key, fingerprint, expires_at, job = read("idempotency_keys", checked, tuple(row))
        moved = signed((owner, key, fingerprint, expires_at - by, job))
        connection.execute(
            "UPDATE idempotency_keys SET expires_at = ?, checksum = ? WHERE place = ?", (moved[3], moved[5], place)
        )


def _ended_earlier(life: str, by: int) -> str:
    """The end is told by the deadline and how long a job is kept: both move."""
    said = json.loads(life)
    if "finishedAt" not in said:
        return life
    return to_json(said | {"finishedAt": said["finishedAt"] - by})
