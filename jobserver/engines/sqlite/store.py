"""What a `SqliteEngine` stands on: whoever keeps these promises may be its disk."""

from __future__ import annotations

from typing import Protocol

from jobserver.engines.restoring import Restoring
from jobserver.engines.sqlite.batch import Batch, Marks


class Disk(Protocol):
    """Where batches go."""

    async def commit(self, batch: Batch) -> None:
        """Write it whole and return when a power cut cannot undo it.

        Raises StoreUnavailable when nothing of it was written and another try may help, StoreBroken when nobody knows
        what is on the disk now.
        """


class Store(Disk, Protocol):
    """The file under a `SqliteEngine`."""

    async def open(self, restoring: Restoring) -> Marks:
        """Take the file, make it if there is none, and hand over what is in it; raises StartupError."""

    async def close(self) -> None:
        """Let go of the file."""

    async def size(self) -> int:
        """Bytes that all its files take on disk."""
