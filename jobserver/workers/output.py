"""What a child process prints, on its way to the log."""

from __future__ import annotations

import asyncio
import logging
import socket

_log = logging.getLogger(__name__)

_LINES = 100
_LINE_BYTES = 1_000
_CHUNK = 256 * 1024


class Output:
    """What a child prints, on its way to the log: 100 lines a job, 1,000 bytes a line.

    The rest is read and dropped, so that a child that prints gigabytes neither waits for us nor fills our memory.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._lines_left = _LINES
        sock.setblocking(False)
        self._loop.add_reader(sock, self._read)

    def allow_more(self) -> None:
        """Another job begins."""
        self._lines_left = _LINES

    def close(self) -> None:
        """Log its last words and stop listening."""
        self._read()
        if self._rest and self._lines_left > 0:
            self._log(self._rest)
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def _read(self) -> None:
        try:
            heard = self._sock.recv(_CHUNK)
        except BlockingIOError:
            return
        if not heard:
            self._loop.remove_reader(self._sock)
        if self._lines_left > 0:
            self._take(self._rest + heard)

    def _take(self, text: bytes) -> None:
        *lines, rest = text.split(b"\n", self._lines_left)
        self._rest = rest[:_LINE_BYTES]
        for line in lines:
            self._log(line)
        self._lines_left -= len(lines)
        if self._lines_left <= 0:
            self._rest = b""
            self._log(b"(what else this job prints is dropped)")

    def _log(self, line: bytes) -> None:
        _log.warning("child: %s", line[:_LINE_BYTES].decode(errors="backslashreplace"))
