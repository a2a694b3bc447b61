"""Peers that take all the time they can get, as a program of its own.

``python -m tests.attacks.slow_peers.crowd URL DRIPPING STALLED LARGE_JOB QUIET_JOB`` opens all of them, says ``ready``,
drips a byte a second, and ends with its standard input.
"""

from __future__ import annotations

import base64
import select
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

ADDRESSES = [f"127.0.0.{number}" for number in range(2, 10)]
"""Loopback has many addresses on Linux: each of these is counted apart."""

HEAD = b"Host: 127.0.0.1\r\nx-cliq-signature: testsecret\r\n"
_REPAIR = 19
"""TCP_REPAIR of <linux/tcp.h>: a socket in repair is closed without a word to its peer (needs CAP_NET_ADMIN)."""

_KEY = base64.b64encode(bytes(16))
_AT_ONCE = 25


class Peer:
    """One connection: ``begins`` with these bytes, then sends ``drips`` a byte a second, for ever."""

    def __init__(self, begins: bytes = b"", drips: bytes = b"", *, vanishes: bool = False) -> None:
        self.begins = begins
        self.drips = drips
        self.vanishes = vanishes
        self._at = 0

    def connect(self, address: tuple[str, int], source: str) -> None:
        self.socket = socket.create_connection(address, source_address=(source, 0))
        if self.begins:
            self.socket.sendall(self.begins)

    def drip(self) -> None:
        if self.drips:
            with suppress(OSError):
                self.socket.send(self.drips[self._at % len(self.drips) :][:1], socket.MSG_DONTWAIT)
            self._at += 1

    def vanish(self) -> None:
        with suppress(OSError):
            self.socket.setsockopt(socket.IPPROTO_TCP, _REPAIR, 1)
        self.socket.close()


def dripping() -> Iterator[Peer]:
    """The kinds in turn, for ever."""
    post = b"POST /v1/jobs HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
    while True:
        yield Peer()
        yield Peer(b"GET /health HTTP/1.1\r\nX-Slow: ", b"x")
        yield Peer(post + b"Content-Length: 1000\r\n\r\n{", b" ")
        yield Peer(b"", b"GET /health HTTP/1.1\r\n")
        yield Peer(post + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{ ")
        yield Peer(b"", b"\r\n")
        yield Peer(b"", b"\x16\x03\x01\x02\x00")


def stalled(large: str, quiet: str) -> Iterator[Peer]:
    """The kinds in turn, for ever."""

    def get(path: str, more: bytes = b"") -> bytes:
        return b"GET %b HTTP/1.1\r\n" % path.encode() + HEAD + more + b"\r\n"

    upgrade = (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n" % _KEY
    )
    while True:
        yield Peer(get("/v1/events"))
        yield Peer(get("/v1/ws", upgrade) + _frame(b'{"type":"subscribe","jobIds":"*"}'))
        yield Peer(get(f"/v1/jobs/{quiet}?wait=60"), vanishes=True)
        yield Peer(get(f"/v1/jobs/{large}/result"))
        yield Peer(get(f"/v1/jobs/{large}/result") * 40)  # as many answers as may wait in line


def _frame(text: bytes) -> bytes:
    """A client's text message, masked with zeros (RFC 6455, 5.2)."""
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


def main(url: str, drips: int, stalls: int, large: str, quiet: str) -> None:
    target = urlsplit(url)
    address = (target.hostname or "", target.port or 0)
    slow, deaf = dripping(), stalled(large, quiet)
    peers = [next(slow) for _ in range(drips)] + [next(deaf) for _ in range(stalls)]
    for number, peer in enumerate(peers):
        peer.connect(address, ADDRESSES[number % len(ADDRESSES)])
        if number % _AT_ONCE == 0:
            _pause(0.01)
    _pause(1)
    for peer in peers:
        if peer.vanishes:
            peer.vanish()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 1)[0]:
        for peer in peers:
            if not peer.vanishes:
                peer.drip()


def _pause(seconds: float) -> None:
    select.select([], [], [], seconds)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
