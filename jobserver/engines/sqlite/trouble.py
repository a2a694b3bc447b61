"""What an error of SQLite means: wait and try again, or trust the file no more."""

from __future__ import annotations

import sqlite3

from jobserver.errors import StoreBroken, StoreUnavailable

BUSY_SECONDS = 5.0
"""How long it waits for another program that writes to the store."""

# After these SQLite promises that the transaction can be rolled back and nothing of it stays.
_PASSING = {
    "SQLITE_FULL": "The disk is full.",
    "SQLITE_BUSY": "The store is locked by another program.",
    "SQLITE_LOCKED": "The store is locked by another program.",
    "SQLITE_READONLY": "The store cannot be written to: it is read-only.",
    "SQLITE_PERM": "The store may not be written to.",
    "SQLITE_CANTOPEN": "A file of the store cannot be opened.",
    "SQLITE_NOMEM": "The server's memory is exhausted.",
    "SQLITE_IOERR_NOMEM": "The server's memory is exhausted.",
    "SQLITE_IOERR_WRITE": "The disk cannot be written to.",
    "SQLITE_IOERR_READ": "The disk cannot be read.",
    "SQLITE_IOERR_SHORT_READ": "The disk cannot be read.",
    "SQLITE_IOERR_LOCK": "The store cannot be locked.",
    "SQLITE_IOERR_SHMOPEN": "A file of the store cannot be opened.",
    "SQLITE_IOERR_SHMSIZE": "The disk is full.",
    "SQLITE_IOERR_SHMMAP": "A file of the store cannot be opened.",
    "SQLITE_IOERR_SHMLOCK": "The store cannot be locked.",
}


def is_full(error: sqlite3.Error) -> bool:
    """Whether there was no room on the disk."""
    return _name(error) == "SQLITE_FULL"


def is_foreign(error: sqlite3.Error) -> bool:
    """Whether it is no file of SQLite at all."""
    return _name(error) == "SQLITE_NOTADB"


def trouble_of(error: sqlite3.Error) -> StoreUnavailable:
    """StoreUnavailable when nothing was written and another try may help, else StoreBroken."""
    name = _name(error)
    passing = _PASSING.get(name) or (None if name.startswith("SQLITE_IOERR") else _PASSING.get(_family(name)))
    return StoreBroken(f"The store failed ({name}: {error}).") if passing is None else StoreUnavailable(passing)


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def _family(name: str) -> str:
    """The error that this one is a kind of: SQLITE_BUSY_SNAPSHOT is SQLITE_BUSY."""
    return "_".join(name.split("_")[:2])
