"""What the processes of a browser take of the machine's memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Anyone may read these, also of the processes that Chromium hides in its sandbox (their smaps nobody may). Shared
# memory counts for each that maps it: a page that hoards it is noticed sooner rather than later.
_COUNTED = ("RssAnon:", "RssShmem:")


def used_by(group: int) -> int:
    """Bytes that the processes of a process group have to themselves, and of shared memory. Reads files: some ms."""
    return sum(map(_used, _members(group)))


def _members(group: int) -> Iterator[Path]:
    for folder in Path("/proc").glob("[0-9]*"):  # of nothing, where there is no /proc
        if _group(int(folder.name)) == group:
            yield folder


def _group(pid: int) -> int:
    with suppress(OSError):  # gone, or not for us to know
        return os.getpgid(pid)
    return 0


def _used(process: Path) -> int:
    # A process may end between any two looks.
    with suppress(OSError):
        lines = (process / "status").read_text(encoding="utf-8", errors="replace").splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_COUNTED))
    return 0
