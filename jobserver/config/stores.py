"""The setting STORE: where jobs are kept."""

from __future__ import annotations

import re
from pathlib import Path

MEMORY = "memory"
"""In this process, and gone with it."""

_SQLITE = "sqlite:"
_UNDERSTOOD = f"it must be {MEMORY}, {_SQLITE}///absolute/path/jobs.db or {_SQLITE}relative.db"
_NOT_YET = re.compile(r"rediss?:", re.IGNORECASE)
_STRANGE = re.compile(r"[\x00-\x1f\x7f?#]|^//|^:|(^|/)\.{0,2}$")


def store(text: str) -> str:
    """The setting as it is kept: ``memory``, or ``sqlite:`` and a path. Raises ValueError.

    >>> store(" Memory "), store("sqlite:///var/lib/jobserver/jobs.db"), store("sqlite:jobs.db")
    ('memory', 'sqlite:///var/lib/jobserver/jobs.db', 'sqlite:jobs.db')
    """
    said = text.strip()
    if said.lower() in {"", MEMORY}:
        return MEMORY
    if _NOT_YET.match(said):
        raise ValueError(f"a store in Redis is not built yet; {_UNDERSTOOD}")
    if not said.startswith(_SQLITE) or _STRANGE.search(_path(said)):
        raise ValueError(_UNDERSTOOD)
    return said


def store_file(setting: str) -> Path | None:
    """The file that the setting names, a relative one from where the server was started; None for memory.

    >>> store_file("sqlite:///var/lib/jobserver/jobs.db"), store_file("sqlite:jobs.db"), store_file("memory")
    (PosixPath('/var/lib/jobserver/jobs.db'), PosixPath('jobs.db'), None)
    """
    return None if setting == MEMORY else Path(_path(setting))


def _path(setting: str) -> str:
    """``///absolute`` has an empty host before the path, as in every URL of a file."""
    path = setting.removeprefix(_SQLITE)
    return path.removeprefix("//") if path.startswith("///") else path
