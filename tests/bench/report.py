"""How a benchmark says what it found, and where."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence

from jobserver import __version__


def machine() -> str:
    """The machine, the interpreter and the commit a figure belongs to."""
    load = os.getloadavg()[0]
    return (
        f"jobserver {__version__} ({_commit() or 'no commit'}), Python {platform.python_version()}, "
        f"{platform.machine()} x {os.cpu_count()}, load {load:.1f}."
    )


def _commit() -> str:
    if shutil.which("git") is None:
        return ""
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def print_rows(rows: Sequence[Sequence[str]]) -> None:
    """A table, its first row the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = enumerate(zip(row, widths, strict=True))
        print("  ".join(cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in cells))
