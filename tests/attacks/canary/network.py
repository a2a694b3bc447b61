"""A network of its own with nobody else in it, where every packet is counted and every private address listens.

It is made by ``unshare`` for one process and all it starts, so nothing of it reaches the machine's own network.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import subprocess
import threading
from collections import Counter
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Self

PUBLIC = "93.184.216.34"
"""Where the page is: to the policy an address like any other on the internet."""

OURS = "93.184.216.35"
"""By which the harness talks to the server, so that 127.0.0.1 is left to the page."""

NAME = "intranet.example.com"
"""A name that resolves to a private address."""

PRIVATE = ("127.0.0.1", "::1", "10.0.0.5", "10.0.0.7", "192.168.7.7", "169.254.169.254", "fd00::5")
_HOSTS = f"127.0.0.1 localhost\n::1 localhost\n10.0.0.7 {NAME}\n"
_ADDRESSES = (*PRIVATE[2:], PUBLIC, OURS, "10.0.0.53")

_OUTGOING = 4  # PACKET_OUTGOING: on the loopback interface every packet is seen twice
_TCP, _UDP = 6, 17
_IPV4, _IPV6 = 0x0800, 0x86DD
_SYN, _ACK = 0x02, 0x10
_PATH = re.compile(rb"[A-Z]+ /way/([a-z0-9-]+)")

Flow = tuple[str, str, int]
"""``tcp`` or ``udp``, address and port of where it went."""


def make(directory: Path) -> None:
    """Give this process's network namespace its interfaces and its mount namespace its names."""
    (directory / "hosts").write_text(_HOSTS)
    (directory / "resolv.conf").write_text("nameserver 10.0.0.53\n")
    commands = [
        "ip link set lo up",
        "ip link add outside type veth peer name beyond",
        "ip link set outside up",
        "ip link set beyond up",
        *(
            f"ip address add {one}/{ip_address(one).max_prefixlen} dev outside{' nodad' if ':' in one else ''}"
            for one in _ADDRESSES
        ),
        "ip route add default dev outside",
        "ip -6 route add default dev outside",
        f"mount --bind {directory}/hosts /etc/hosts",
        f"mount --bind {directory}/resolv.conf /etc/resolv.conf",
    ]
    for command in commands:
        subprocess.run(command.split(), check=True, capture_output=True, text=True)


class Sniffer:
    """Counts what leaves on every interface: the first packet of each TCP connection, and every UDP datagram.

    ``questions``: names that DNS was asked for. ``listening``: ports of 127.0.0.1 that took a connection.
    """

    def __init__(self) -> None:
        self.flows: Counter[Flow] = Counter()
        self.questions: Counter[str] = Counter()
        self.listening: set[int] = set()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._open = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        self._socket.settimeout(0.05)
        while self._open:
            try:
                packet, (_, protocol, kind, *_) = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            if kind == _OUTGOING:
                self._note(protocol, packet)

    def _note(self, protocol: int, packet: bytes) -> None:
        if protocol == _IPV4:
            kind, of, to, body = packet[9], packet[12:16], packet[16:20], packet[(packet[0] & 15) * 4 :]
        elif protocol == _IPV6:
            kind, of, to, body = packet[6], packet[8:24], packet[24:40], packet[40:]
        else:
            return
        if kind not in {_TCP, _UDP} or len(body) < 8:
            return
        own_port, port = struct.unpack("!HH", body[:4])
        if kind == _UDP:
            self.flows["udp", str(ip_address(to)), port] += 1
            if port in {53, 5353}:
                self.questions[_asked(body[8:])] += 1
        elif body[13] & (_SYN | _ACK) == _SYN:
            self.flows["tcp", str(ip_address(to)), port] += 1
        elif body[13] & (_SYN | _ACK) == _SYN | _ACK and str(ip_address(of)) == "127.0.0.1":
            self.listening.add(own_port)


def _asked(query: bytes) -> str:
    labels, at = [], 12
    while at < len(query) and (length := query[at]):
        labels.append(query[at + 1 : at + 1 + length].decode(errors="replace"))
        at += 1 + length
    return ".".join(labels)


class Canaries:
    """Listen at every private address. ``arrived``: which way out reached which address."""

    def __init__(self, ports: tuple[int, ...]) -> None:
        self.arrived: set[tuple[str, str]] = set()
        self.connections = 0
        self._ports = ports

    async def __aenter__(self) -> Self:
        self._servers = [
            await asyncio.start_server(self._hear, address, port) for address in PRIVATE for port in self._ports
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        address = writer.get_extra_info("sockname")[0]
        with suppress(OSError, ValueError, asyncio.IncompleteReadError):
            # It has all the time there is: some connect before they know what to ask.
            while line := await reader.readline():
                if path := _PATH.match(line):
                    self.arrived.add((path[1].decode(), address))
                if line == b"\r\n":
                    writer.write(_ANSWER)
                    await writer.drain()
                    break
        writer.close()


_ANSWER = (
    b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\n"
    b"Access-Control-Allow-Private-Network: true\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
