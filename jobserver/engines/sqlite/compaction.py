"""Gives the disk back what forgotten jobs took, a little at a time."""

from __future__ import annotations

import sqlite3

_WORTH_IT = 1_000
"""Pages of 4 kB that are free, at least; fewer are soon used again."""

_PAGES = 64
"""Pages given back in one step, which takes a few milliseconds."""


def compact_a_little(connection: sqlite3.Connection) -> bool:
    """One step, when most of the file is free; True when there is more to do."""
    ((free,), (pages,)) = (connection.execute(f"PRAGMA {what}").fetchone() for what in ("freelist_count", "page_count"))
    if free < _WORTH_IT or free * 2 < pages:
        return False
    # As a script, which runs to its end: of a statement without columns ``execute`` makes one step, here one page.
    connection.executescript(f"PRAGMA incremental_vacuum({_PAGES})")
    return True


def compact(connection: sqlite3.Connection) -> None:
    """All at once: the file is written anew as short as can be, and nothing is left in its log."""
    for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
        connection.execute(statement).fetchall()
