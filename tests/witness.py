"""A witness of every packet that this process sends by way of Python."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

_SPEAKING = frozenset(
    {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
)
_heard: list[list[str]] = []


def _listen(event: str, args: tuple[object, ...]) -> None:
    if _heard and event in _SPEAKING:
        for each in _heard:
            each.append(f"{event} {[about for about in args if not isinstance(about, socket)]!r}")


# An audit hook cannot be taken away again, so there is one, and it only speaks while somebody listens.
sys.addaudithook(_listen)


@contextmanager
def packets() -> Iterator[list[str]]:
    """Every look-up, connection attempt and datagram of this process, as it happens."""
    heard: list[str] = []
    _heard.append(heard)
    try:
        yield heard
    finally:
        _heard.remove(heard)
