"""A SQLite file that no power cut can undo: in memory, written and read by the package's own code."""

from __future__ import annotations

import sqlite3

from jobserver.engines.restoring import Restoring
from jobserver.engines.sqlite import schema
from jobserver.engines.sqlite.batch import Batch, Marks
from jobserver.engines.sqlite.loading import load
from jobserver.engines.sqlite.writing import Writer


class Tables:
    """``history``: events that are kept at least; ``marks``: what an empty file says."""

    def __init__(self, history: int, marks: Marks) -> None:
        self._history = history
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        schema.migrate(self._connection)
        self._writer = Writer(self._connection, history=history)
        self._writer.mark(marks)

    def write(self, batch: Batch) -> None:
        """Write it whole."""
        self._writer.write(batch)
        self._connection.execute("COMMIT")

    def read(self, restoring: Restoring) -> Marks:
        """Hand over everything, as to a server that has just started."""
        standing = load(self._connection, restoring)
        self._writer = Writer(self._connection, jobs=standing.jobs, seq=standing.seq, history=self._history)
        return standing.marks

    def close(self) -> None:
        """Forget it."""
        self._connection.close()
