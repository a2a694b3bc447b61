"""Room for connections among the files a process may have open."""

from __future__ import annotations

import logging
import resource
from contextlib import suppress

_log = logging.getLogger(__name__)

RESERVE = 256
"""Descriptors that are no connections: the store, child processes, the browser, and what they are spoken to by."""


def room_for(connections: int) -> int:
    """How many of ``connections`` fit, once the process may open as many files as its system lets it."""
    wanted = connections + RESERVE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_less(soft, wanted):
        with suppress(ValueError, OSError):  # some systems have a limit below the one they name
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if _is_less(wanted, hard) else hard, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if not _is_less(soft, wanted):
        return connections
    room = max(1, soft - RESERVE, soft // 2)
    _log.warning("MAX_CONNECTIONS is %d, but only %d files may be open: %d it is.", connections, soft, room)
    return min(room, connections)


def _is_less(limit: int, other: int) -> bool:
    return limit != resource.RLIM_INFINITY and (other == resource.RLIM_INFINITY or limit < other)
