"""The SQLite file: one connection, on a thread of its own, through which everything is written."""

from __future__ import annotations

import asyncio
import gc
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jobserver.engines.restoring import Restoring
from jobserver.engines.sqlite import opening
from jobserver.engines.sqlite.batch import Batch, Marks
from jobserver.engines.sqlite.compaction import compact_a_little
from jobserver.engines.sqlite.loading import load
from jobserver.engines.sqlite.lock import Lock
from jobserver.engines.sqlite.set_back import set_back
from jobserver.engines.sqlite.thread import DiskThread
from jobserver.engines.sqlite.trouble import is_full, trouble_of
from jobserver.engines.sqlite.values import Damaged
from jobserver.engines.sqlite.writing import Writer
from jobserver.errors import StoreBroken, StoreUnavailable
from jobserver.jobs import ids
from jobserver.jobs.clock import Clock, SteadyClock

_log = logging.getLogger(__name__)

_CLOSE_WITHIN = 3.0
"""Seconds that a disk has to end what it is at."""

_VERY_MANY = 100_000
"""Jobs that a garbage collector is not to look through."""

_MANY = 1_000
"""Jobs that are forgotten before it is worth a look how much of the file is free."""


class SqliteFile:
    """The `Store` of a `SqliteEngine`. ``history``: events that are kept at least, for those who come back."""

    def __init__(self, path: Path, clock: Clock | None = None, *, history: int = 10_000) -> None:
        self.path = path.absolute()
        self._clock = clock or SteadyClock()
        self._history = history
        self._lock = Lock(self.path)
        self._thread = DiskThread()
        self._connection: sqlite3.Connection | None = None
        self._writer: Writer | None = None
        self._identity = (0, 0)
        self._was_full = False
        self._broken: StoreBroken | None = None
        self._waiting = 0
        """Batches that are to be written."""

    async def open(self, restoring: Restoring) -> Marks:
        """See `Store.open`; raises UnusableStore."""
        return await self._thread.run(lambda: self._open(restoring))

    async def commit(self, batch: Batch) -> None:
        """See `Disk.commit`."""
        self._waiting += 1
        try:
            await self._thread.run(lambda: self._commit(batch))
        finally:
            self._waiting -= 1
        if self._writer is not None and self._writer.forgotten > _MANY:
            self._thread.ask(self._tidy)

    async def close(self) -> None:
        """See `Store.close`."""
        closed = asyncio.wrap_future(self._thread.ask(self._close))
        self._thread.end()
        await asyncio.wait({closed}, timeout=_CLOSE_WITHIN)
        if not closed.done():
            _log.error("The disk does not answer: %s is left as it is.", self.path)

    async def size(self) -> int:
        """See `Store.size`."""
        # Its own thread may be waiting for the disk, and one of asyncio's would keep the process from ending.
        look = DiskThread()
        try:
            return await look.run(lambda: opening.whole_size_of(self.path))
        finally:
            look.end()

    def _open(self, restoring: Restoring) -> Marks:
        opening.check_directory(self.path)
        self._lock.take(ids.new_token())
        try:
            with _no_collections():
                return self._read(restoring)
        except Damaged as error:
            self._close()
            raise opening.damaged(self.path, str(error)) from None
        except sqlite3.Error as error:
            self._close()
            raise opening.unusable(self.path, error) from error
        except BaseException:
            self._close()
            raise

    def _read(self, restoring: Restoring) -> Marks:
        now = self._clock.now()
        if not opening.check_file(self.path):
            opening.create(self.path, now)
        self._connection = connection = opening.connect(self.path)
        self._identity = _identity(self.path)
        set_back(connection, now)
        marks, jobs, seq = load(connection, restoring)
        if jobs > _VERY_MANY:
            gc.freeze()  # nor is there anything to be found in them later
        self._writer = Writer(connection, jobs=jobs, seq=seq, history=self._history)
        return marks

    def _commit(self, batch: Batch) -> None:
        connection, writer = self._connection, self._writer
        if connection is None or writer is None:
            raise StoreBroken("The store is closed.")
        if self._broken is not None:
            raise self._broken
        if _identity(self.path) != self._identity:  # what is written to a file without a name is gone with the process
            raise StoreUnavailable(f"{self.path} is not there any more: put it back.")
        try:
            if self._was_full:
                _shorten_log(connection)
            writer.write(batch)
            connection.execute("COMMIT")
            self._was_full = False
        except sqlite3.Error as error:
            trouble = trouble_of(error)
            self._was_full = is_full(error)
            if not isinstance(trouble, StoreBroken):
                self._roll_back(connection, writer)
            raise trouble from error

    def _roll_back(self, connection: sqlite3.Connection, writer: Writer) -> None:
        """Nothing of it stays; StoreBroken when nobody can say so."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StoreBroken(f"The store failed ({error}).") from error
        writer.undo()

    def _tidy(self) -> None:
        """Between batches, while none waits."""
        connection, writer = self._connection, self._writer
        if connection is None or writer is None or self._waiting:
            return
        try:
            if compact_a_little(connection):
                self._thread.ask(self._tidy)
            else:
                writer.forgotten = 0
        except sqlite3.Error as error:  # there is no hurry, unless nobody knows what is on the disk now
            trouble = trouble_of(error)
            if isinstance(trouble, StoreBroken):
                self._broken = trouble

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        self._lock.let_go()


@contextmanager
def _no_collections() -> Iterator[None]:
    """A garbage collector would look through a million new rows again and again, and find nothing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _shorten_log(connection: sqlite3.Connection) -> None:
    """On a full disk the log may be what there is room in."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _identity(path: Path) -> tuple[int, int]:
    """Which file has this name."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_dev, status.st_ino
