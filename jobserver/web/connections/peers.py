"""What the system does for us about peers that say nothing, or read nothing."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

_SILENT_FOR = 15
_ASK_EVERY = 5
_DEAD_AFTER = 30
"""Seconds without an acknowledgement after which a peer is dead, or reads nothing of what waits for it."""

_ACKED = struct.Struct("=Q")
_ACKED_AT = 120
"""Where ``tcp_info`` of <linux/tcp.h> has ``tcpi_bytes_acked``; it only ever grew at its end."""

_OPTIONS = (
    ("SO_KEEPALIVE", socket.SOL_SOCKET, 1),
    ("TCP_KEEPIDLE", socket.IPPROTO_TCP, _SILENT_FOR),
    ("TCP_KEEPINTVL", socket.IPPROTO_TCP, _ASK_EVERY),
    ("TCP_KEEPCNT", socket.IPPROTO_TCP, (_DEAD_AFTER - _SILENT_FOR) // _ASK_EVERY),
    ("TCP_USER_TIMEOUT", socket.IPPROTO_TCP, _DEAD_AFTER * 1000),
)


def notice_dead_peers(connection: socket.socket) -> None:
    """Close it half a minute after its peer has vanished, or has left no room for what waits (tcp(7)).

    The system forgets neither without being told to for hours. What a listening socket is told holds for all that are
    accepted from it. A system without such an option, and a unix socket, do without.
    """
    if connection.family == socket.AF_UNIX:
        return
    for name, level, value in _OPTIONS:
        if hasattr(socket, name):
            with suppress(OSError):
                connection.setsockopt(level, getattr(socket, name), value)


def acknowledged(connection: socket.socket | None) -> int | None:
    """How many bytes the peer has taken in all; None where the system does not say."""
    if connection is None or connection.family == socket.AF_UNIX or not hasattr(socket, "TCP_INFO"):
        return None
    try:
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKED_AT + _ACKED.size)
        return int(_ACKED.unpack_from(told, _ACKED_AT)[0])
    except (OSError, struct.error):
        return None
