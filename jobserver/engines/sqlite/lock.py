"""One process at a time has a store: a lock that the system takes back however the process ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from jobserver.errors import UnusableStore

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class Lock:
    """Held from `take` to `let_go`. The file beside the store says who holds it, for people.

    It stays when it is let go: whoever removed it could remove another's.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._path = store.with_name(store.name + ".lock")
        self._file: int | None = None

    def take(self, boot_id: str) -> None:
        """Take the store; UnusableStore when another process has it."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise UnusableStore(f"{self._path} cannot be opened: {error.strerror}.") from None
        try:
            _lock(file)
        except OSError:
            holder = os.pread(file, 200, 0).decode(errors="replace").strip() if hasattr(os, "pread") else ""
            os.close(file)
            raise UnusableStore(
                f"{self._store} is in use by another server ({holder or 'unknown'}): stop it, or give this one a file "
                "of its own."
            ) from None
        self._file = file
        os.ftruncate(file, 0)
        os.write(file, f"process {os.getpid()}, boot {boot_id}\n".encode())

    def let_go(self) -> None:
        """Give the store back; a second time is harmless."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock(file: int) -> None:
    if sys.platform == "win32":
        os.lseek(file, 1 << 30, os.SEEK_SET)  # a byte beyond what it says: locked ones cannot be read
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
