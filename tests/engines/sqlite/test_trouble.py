"""Which errors of SQLite pass, and after which nobody knows what is on the disk."""

from __future__ import annotations

import sqlite3

import pytest

from jobserver.engines.sqlite.trouble import trouble_of
from jobserver.errors import StoreBroken, StoreUnavailable


def an_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SQLITE_FULL", "The disk is full."),
        ("SQLITE_IOERR_SHMSIZE", "The disk is full."),
        ("SQLITE_BUSY", "The store is locked by another program."),
        ("SQLITE_BUSY_SNAPSHOT", "The store is locked by another program."),
        ("SQLITE_READONLY_DIRECTORY", "The store cannot be written to: it is read-only."),
        ("SQLITE_CANTOPEN", "A file of the store cannot be opened."),
        ("SQLITE_IOERR_WRITE", "The disk cannot be written to."),
        ("SQLITE_NOMEM", "The server's memory is exhausted."),
    ],
)
def test_what_passes_is_said_in_a_sentence(name: str, said: str):
    trouble = trouble_of(an_error(name))
    assert type(trouble) is StoreUnavailable
    assert trouble.message == said


@pytest.mark.parametrize(
    "name",
    [
        "SQLITE_IOERR",
        "SQLITE_IOERR_FSYNC",
        "SQLITE_IOERR_DIR_FSYNC",
        "SQLITE_IOERR_TRUNCATE",
        "SQLITE_IOERR_CORRUPTFS",
        "SQLITE_CORRUPT",
        "SQLITE_CORRUPT_INDEX",
        "SQLITE_NOTADB",
        "SQLITE_SOMETHING_NEW",
    ],
)
def test_after_any_other_nobody_knows_what_is_on_the_disk(name: str):
    assert isinstance(trouble_of(an_error(name)), StoreBroken)


def test_an_error_of_our_own_making_is_never_taken_for_a_passing_one():
    assert isinstance(trouble_of(sqlite3.ProgrammingError("wrong number of bindings")), StoreBroken)
