"""What a browser leaves on the machine: processes and profiles, seen from outside."""

from __future__ import annotations

from pathlib import Path


def members(pgid: int) -> list[int]:
    """The living processes of a process group; zombies do not count."""
    return [pid for pid, group, state in _stats() if group == pgid and state != "Z"]


def renderers_of(pgid: int) -> set[int]:
    return {pid for pid in members(pgid) if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def profiles(folder: Path) -> list[Path]:
    return list(folder.glob("jobserver-*"))


def _stats() -> list[tuple[int, int, str]]:
    stats = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        stats.append((int(folder.name), int(fields[2]), fields[0]))
    return stats
