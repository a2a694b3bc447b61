"""``store``: a look into the file that a server keeps its jobs in, and its compaction."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from jobserver.config.stores import store, store_file
from jobserver.engines.sqlite import inspection
from jobserver.errors import BadSetting
from jobserver.logs import visible


def file_of(asked: str | None, setting: str) -> Path:
    """The file that was asked for, as a path or as STORE names one, else that of the setting. Raises BadSetting."""
    if asked is not None and not asked.startswith("sqlite:"):
        return Path(asked)
    try:
        path = store_file(setting if asked is None else store(asked))
    except ValueError as error:
        raise BadSetting(f"{asked} names no store: {error}.") from None
    if path is None:
        raise BadSetting("Name the file: STORE says that jobs are kept in memory.")
    return path


def check(path: Path) -> int:
    """Say what is in the store and what is wrong with it; 1 when something is."""
    found = inspection.check(path)
    print(f"{path}: schema {found.schema}, {found.bytes} bytes, and {found.log_bytes} in its write-ahead log")
    states = ", ".join(f"{number} {state}" for state, number in sorted(found.states.items()))
    print(f"jobs: {visible(states) or 'none'}")
    print(", ".join(f"{table.replace('_', ' ')}: {found.rows[table]}" for table in found.rows if table != "jobs"))
    for fault in found.faults:
        print(f"fault: {visible(fault)}")
    print("It is damaged." if found.faults else "It is in order.")
    return 1 if found.faults else 0


def export(path: Path) -> int:
    """Print every job as a line of JSON; 1 when some cannot be read, which are named on standard error."""
    faults: list[str] = []
    try:
        for job in inspection.export(path, faults):
            print(json.dumps(job, separators=(",", ":")))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read it has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for fault in faults:
        print(f"jobserver: {visible(fault)}", file=sys.stderr)
    return 1 if faults else 0


def compact(path: Path) -> int:
    """Make the file as short as can be, while no server has it."""
    before, after = inspection.compact(path)
    print(f"{path}: {before} bytes before, {after} after")
    return 0
