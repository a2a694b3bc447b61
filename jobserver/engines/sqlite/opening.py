"""What a file must be before it is used: ours, whole, and not newer than we are. It is never quietly made anew."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from jobserver.engines.sqlite import schema
from jobserver.engines.sqlite.batch import Marks
from jobserver.engines.sqlite.trouble import BUSY_SECONDS, is_foreign, trouble_of
from jobserver.engines.sqlite.wal import lost_commits
from jobserver.engines.sqlite.writing import STATEMENTS, Writer
from jobserver.errors import StoreBroken, UnusableStore

_OLDEST_SQLITE = (3, 35, 0)
_MAGIC = b"SQLite format 3\0"
_PAGES_OF_LOG = 2_000
_BYTES_OF_LOG = 16_000_000


def check_directory(path: Path) -> None:
    """The directory is there, and what is there under that name is a file."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise UnusableStore(f"SQLite {sqlite3.sqlite_version} is too old: the store needs 3.35 or later.")
    if not path.parent.is_dir():
        raise UnusableStore(f"{path} cannot be made: the directory {path.parent} does not exist. Make it first.")
    if path.is_dir():
        raise UnusableStore(f"{path} is a directory: name a file in it.")


def check_file(path: Path) -> bool:
    """Whether there is one; UnusableStore when it is not ours.

    Not to be asked while this process has it open: closing a file gives up all locks that the process has on it.
    """
    left = [other for other in (beside(path, "-wal"), beside(path, "-journal")) if other.exists()]
    try:
        with path.open("r+b") as file:
            head = file.read(100)
    except FileNotFoundError:
        if left:
            raise UnusableStore(
                f"{path} is missing, but {left[0]}, which belongs to it, is there: put the file back where it was, or "
                "move what is left away to start with an empty store."
            ) from None
        return False
    except OSError as error:
        raise UnusableStore(
            f"{path} cannot be opened for writing: {error.strerror}. Look at its permissions."
        ) from None
    if not head:
        raise UnusableStore(f"{path} is empty, which no store ever is: restore it, or delete it to start with none.")
    if len(head) < 100 or not head.startswith(_MAGIC):
        raise UnusableStore(f"{path} is not a SQLite file: restore it from a copy, or name another file.")
    if int.from_bytes(head[68:72], "big") != schema.APPLICATION_ID:
        raise UnusableStore(f"{path} is a SQLite file of another program: name another file.")
    if lost_commits(beside(path, "-wal")):
        raise damaged(path, f"what was written after some place in {path.name}-wal cannot be read")
    return True


def connect(path: Path) -> sqlite3.Connection:
    """The one connection that writes to it; the file is brought to this version's schema."""
    connection = _open(path, "rw", cached_statements=STATEMENTS)
    try:
        check_version(connection, path)
        _set_up(connection, path)
        schema.migrate(connection)
        check_integrity(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, beside a server that runs."""
    connection = _open(path, "ro")
    # A damaged text is no reason to stop: its checksum will tell.
    connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    return connection


def check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """It is one of our files, of a version that we know; UnusableStore."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != schema.APPLICATION_ID:
        raise UnusableStore(f"{path} is a SQLite file of another program: name another file.")
    check_version(connection, path)
    if schema.version_of(connection) < len(schema.MIGRATIONS):
        raise UnusableStore(f"{path} is of an earlier version: jobserver store compact brings it up to date.")


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """It is of a version that we know, and has its tables; UnusableStore."""
    version, newest = schema.version_of(connection), len(schema.MIGRATIONS)
    if version > newest:
        raise UnusableStore(
            f"{path} was written by a newer jobserver (schema {version}; this one knows {newest}): run that one, or "
            "restore a copy that is as old as this one."
        )
    if version < 1 or (wrong := schema.differences(connection, version)):
        raise damaged(path, f"its schema says {version}" if version < 1 else f"{wrong[0]} is not the table it was")


def check_integrity(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite finds every page in order; UnusableStore."""
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise damaged(path, " ".join(said.split()))


def create(path: Path, now: datetime) -> None:
    """Make an empty store: under another name first, so that a file of this one is always whole."""
    unfinished = beside(path, ".new")
    for ending in ("", "-journal", "-wal", "-shm"):
        beside(unfinished, ending).unlink(missing_ok=True)
    connection = _open(unfinished, "rwc")
    try:
        unfinished.chmod(0o600)  # what is in it is nobody else's business
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        schema.migrate(connection)
        Writer(connection).mark(Marks(now, 0, 0))
        _set_up(connection, path)
    finally:
        connection.close()
    unfinished.rename(path)
    _sync(path.parent)


def damaged(path: Path, what: str) -> UnusableStore:
    """What is said of a file that is not what was written."""
    return UnusableStore(
        f"{path} is damaged: {what}. Restore it from a copy; jobserver store export {path} prints what can still be "
        "read of it."
    )


def unusable(path: Path, error: sqlite3.Error) -> UnusableStore:
    """What is said when SQLite cannot use it."""
    trouble = trouble_of(error)
    if is_foreign(error):
        return UnusableStore(f"{path} is not a SQLite file: restore it from a copy, or name another file.")
    if isinstance(trouble, StoreBroken):
        return damaged(path, str(error).partition(" with text ")[0])  # a log is no place for what is in it
    return UnusableStore(f"{path} cannot be used. {trouble.message}")


def whole_size_of(path: Path) -> int:
    """Bytes that it takes with what belongs to it."""
    return sum(size_of(beside(path, ending)) for ending in ("", "-wal", "-shm"))


def size_of(path: Path) -> int:
    """Bytes of a file, 0 when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def beside(path: Path, ending: str) -> Path:
    """The file beside it whose name ends so."""
    return path.with_name(path.name + ending)


def _open(path: Path, mode: str, *, cached_statements: int = 128) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        cached_statements=cached_statements,
        timeout=BUSY_SECONDS,
    )


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise UnusableStore(f"{path} cannot have a write-ahead log here (its journal mode stays {mode}).")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_OF_LOG}")
    connection.execute(f"PRAGMA journal_size_limit = {_BYTES_OF_LOG}")


def _sync(directory: Path) -> None:
    """A new name is on disk when its directory is."""
    if os.name == "nt":
        return
    file = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
