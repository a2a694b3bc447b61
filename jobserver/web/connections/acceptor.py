"""The door: takes connections from a listening socket, a few at a time, and turns away those there is no room for."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

from jobserver.web.connections.house import House
from jobserver.web.connections.peers import notice_dead_peers
from jobserver.web.connections.refusing import Seldom

_log = logging.getLogger(__name__)

BACKLOG = 1024
"""Connections that may wait for us to take them; the system may have a lower limit (net.core.somaxconn)."""

_AT_ONCE = 8
"""Connections taken in one turn of the loop: whoever is here already is served between the turns."""

_REST = 1.0
"""Seconds without taking any, when the system has no file descriptor or memory left for one."""

_NOBODY_THERE = {errno.EAGAIN, errno.EINTR, errno.ECONNABORTED, errno.EPROTO, errno.EPERM}
"""Those who waited have gone (accept(2)); a firewall may say EPERM."""

_ON_THE_WAY = 256 * 1024
"""Bytes the system may hold for one peer. It would give megabytes to each that asks much and reads nothing."""

_DISCARDED = 65_536


class Acceptor:
    """Takes connections from ``listening`` until it is closed, and closes that as well.

    ``serve``: is given a connection and who its place in the house is counted for, and awaited until it is served.
    """

    def __init__(
        self,
        listening: socket.socket,
        house: House,
        serve: Callable[[socket.socket, str], Awaitable[None]],
    ) -> None:
        self.sockets = (listening,)
        self._listening = listening
        self._house = house
        self._serve = serve
        self._loop = asyncio.get_running_loop()
        self._arriving: set[asyncio.Future[None]] = set()
        self._rest: asyncio.TimerHandle | None = None
        self._seldom = Seldom(_log, 1)
        listening.setblocking(False)
        notice_dead_peers(listening)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THE_WAY)
        listening.listen(BACKLOG)
        self._loop.add_reader(listening, self._take)

    def close(self) -> None:
        """Take no more."""
        if self._listening.fileno() < 0:
            return
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    async def wait_closed(self) -> None:
        """Wait until what was taken is being served."""
        if self._arriving:
            await asyncio.wait(self._arriving)

    def _take(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                arrived, address = self._listening.accept()
            except OSError as error:
                if error.errno not in _NOBODY_THERE:
                    self._take_a_rest(error)
                return
            arrived.setblocking(False)
            holder = self._house.enter(address[0] if isinstance(address, tuple) else None)
            if holder is None:
                _turn_away(arrived, self._house.full())
            else:
                self._admit(arrived, holder)

    def _admit(self, arrived: socket.socket, holder: str) -> None:
        serving = asyncio.ensure_future(self._serve(arrived, holder))
        self._arriving.add(serving)
        serving.add_done_callback(self._arriving.discard)

    def _take_a_rest(self, error: OSError) -> None:
        """Whoever waits would wake us at once, again and again."""
        self._seldom.info(self._loop.time(), "No connection can be taken: %s.", error.strerror)
        self._loop.remove_reader(self._listening)
        self._rest = self._loop.call_later(_REST, self._loop.add_reader, self._listening, self._take)


def _turn_away(arrived: socket.socket, answer: bytes) -> None:
    """Bounded work: what does not go at once does not go."""
    with arrived, suppress(OSError):
        arrived.send(answer)
        arrived.shutdown(socket.SHUT_WR)
        arrived.recv(_DISCARDED)  # what is left unread would make the system take the answer back (RFC 9112, 9.6)
