"""A connection to a checked address, and to no other."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address

from aiohappyeyeballs import start_connection

from jobserver.egress.gate import Admitted
from jobserver.errors import UrlRefused

_MOST_ADDRESSES = 8
_HEAD_START = 0.25  # seconds an address is ahead of the next, RFC 8305


async def connect(to: Admitted, time_limit: float) -> socket.socket:
    """A socket connected to one of the addresses of ``to``, whichever answers first.

    Raises UrlRefused with stage ``peer`` when it reached any other, and OSError (TimeoutError among them).
    """
    infos = [_info(address, to.target.port) for address in to.addresses[:_MOST_ADDRESSES]]
    async with asyncio.timeout(time_limit):
        sock = await start_connection(infos, happy_eyeballs_delay=_HEAD_START)
    try:
        _check_peer(sock, to)
    except BaseException:
        sock.close()
        raise
    return sock


def _check_peer(sock: socket.socket, to: Admitted) -> None:
    if ip_address(sock.getpeername()[0]) not in map(ip_address, to.addresses):
        raise UrlRefused(stage="peer", url=to.target.url)


def _info(address: str, port: int) -> tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)
