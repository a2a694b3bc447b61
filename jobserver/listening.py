"""Where a server listens, how it says that it does, and what tells it to stop: the part that is the system's own."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import signal
import socket
import stat
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from jobserver.errors import StartupError

_log = logging.getLogger(__name__)

_FIRST_INHERITED = 3
"""systemd hands sockets over as file descriptors from this one on (sd_listen_fds(3))."""


class Listening:
    """Where a server listens: on sockets it inherited, on a unix socket, or else on a host and port.

    ``unix``: path of a unix socket, "" for none, with permissions ``mode``. Inherited ones come from systemd, or from
    whoever speaks its protocol: ``LISTEN_FDS`` in the environment, for the process of ``LISTEN_PID``. Entering it takes
    hold of both kinds and raises StartupError when that cannot be; leaving it lets go, and removes the unix socket.
    """

    def __init__(self, host: str, port: int, *, unix: str = "", mode: int = 0o600) -> None:
        self._host = host
        self._port = port
        self._unix = Path(unix) if unix else None
        self._mode = mode
        self._sockets: list[socket.socket] = []
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            self._sockets = [closing.enter_context(inherited) for inherited in _inherited()]
            if self._unix is not None:
                self._sockets.append(closing.enter_context(bind_unix(self._unix, self._mode)))
                closing.callback(_remove, self._unix, self._unix.stat().st_ino)
            self._closing = closing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return all(_is_local(one) for one in self._sockets) if self._sockets else is_loopback(self._host)

    async def start(self, listen: Callable[[socket.socket], Awaitable[None]]) -> str:
        """Listen, and return the first address: ``http://host:port``, or ``unix:`` and a path.

        ``listen``: is given every socket, bound, and closes it in the end.
        """
        sockets = self._sockets or await self._ports()
        for one in sockets:
            await listen(one)
        return _shown(sockets[0].getsockname())

    async def _ports(self) -> list[socket.socket]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            with ExitStack() as closing:
                bound = [closing.enter_context(_bind_port(each[0], each[4])) for each in dict.fromkeys(found)]
                closing.pop_all()
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise StartupError(f"Cannot listen on {self._host}, port {self._port}: {reason}.") from error
        return bound


def _bind_port(family: int, address: Any) -> socket.socket:
    with ExitStack() as closing:
        made = closing.enter_context(socket.socket(family, socket.SOCK_STREAM))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the one before us may have closed just now
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own
        made.bind(address)
        closing.pop_all()
    return made


def bind_unix(path: Path, mode: int) -> socket.socket:
    """A socket bound to ``path``, in the place of one that nobody listens on any more.

    StartupError when somebody does, when there is something else at the path, and when it cannot be made there.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Nobody may connect between the making of the file and the setting of its mode.
    before = os.umask(0o177)
    try:
        _clear(path)
        made.bind(str(path))
        path.chmod(mode)
    except OSError as error:
        made.close()
        raise StartupError(f"Cannot listen on {path}: {error.strerror or error}.") from error
    except StartupError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def notify(state: str) -> None:
    """Tell systemd, or whoever set ``NOTIFY_SOCKET``, how we are: ``READY=1``, ``STOPPING=1`` (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


async def until_told(working: asyncio.Task[None]) -> bool:
    """Say that we are ready, then wait for a signal (False) or for ``working`` to end (True).

    A second signal ends the process at once.
    """
    loop = asyncio.get_running_loop()
    told = loop.create_future()

    def tell(number: signal.Signals) -> None:
        _log.info("Stopping on %s.", number.name)
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
        if not told.done():
            told.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell, number)
    notify("READY=1")  # not sooner: whoever starts us may stop us in the very next moment
    await asyncio.wait({told, working}, return_when=asyncio.FIRST_COMPLETED)
    return working.done()


def _inherited() -> list[socket.socket]:
    """The sockets handed to this very process. What speaks of them is taken out of the environment of its children."""
    given = {name: os.environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")}
    if given["LISTEN_PID"] != str(os.getpid()) or not given["LISTEN_FDS"].isdecimal():
        return []
    numbers = range(_FIRST_INHERITED, _FIRST_INHERITED + int(given["LISTEN_FDS"]))
    return [_adopted(number) for number in numbers]


def _adopted(number: int) -> socket.socket:
    try:
        adopted = socket.socket(fileno=number)
        listens = adopted.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise StartupError(f"LISTEN_FDS: file descriptor {number} is no socket: {error.strerror}.") from error
    if not listens or adopted.type != socket.SOCK_STREAM:
        raise StartupError(f"LISTEN_FDS: nobody can connect to file descriptor {number}.")
    adopted.set_inheritable(False)
    return adopted


def _clear(path: Path) -> None:
    """Make room: remove a socket whose server is gone."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise StartupError(f"Cannot listen on {path}: there is a file that is no socket.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock, suppress(BlockingIOError):
        knock.setblocking(False)  # a server whose backlog is full is there as well
        try:
            knock.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise StartupError(f"Cannot listen on {path}: a server listens there already.")


def _remove(path: Path, inode: int) -> None:
    """Remove our socket's file, unless somebody else put theirs in its place."""
    with suppress(FileNotFoundError):
        if path.stat().st_ino == inode:
            path.unlink()


def _is_local(one: socket.socket) -> bool:
    return one.family == socket.AF_UNIX or is_loopback(one.getsockname()[0])


def _shown(address: object) -> str:
    if not isinstance(address, tuple):
        return f"unix:{address}"
    host, port = address[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
