"""Whose address a request comes from, when proxies stand between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

LOOPBACK = "127.0.0.1"
"""What a peer without an address counts as: whoever reaches a unix socket is on this machine."""

_LOOPBACKS = ("127.0.0.0/8", "::1/128")
_MOST_HOPS = 32
_HOUSEHOLD = 64
"""Bits of an IPv6 address that a provider gives to one customer: the rest it may change with every request."""

_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.%]+)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}", re.ASCII)


def parse_proxies(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of proxies that are believed: CIDRs, addresses, or ``loopback``; ValueError names a wrong one."""
    return tuple(_network(each) for text in texts for each in (_LOOPBACKS if text == "loopback" else (text,)))


def client_address(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """Who a request is counted against: an IPv4 address, or the /64 of an IPv6 one.

    ``forwarded``: the X-Forwarded-For headers in order. Each proxy adds to its right whoever it was called by, so it is
    read from the right for as long as the one who added it is ``trusted``. What is no address ends it there: the one
    who passed it on counts. Without trust the header is what a stranger wrote, and the peer counts.
    """
    if not trusted or not forwarded:
        return household(peer or LOOPBACK)
    hop = peer or LOOPBACK
    for claimed in reversed(",".join(forwarded).rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]):
        if not _is_trusted(hop, tuple(trusted)) or (address := _address(claimed)) is None:
            break
        hop = str(address)
    return household(hop)


def is_trusted(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether ``peer`` is a proxy whose word is taken for what it was asked."""
    return bool(trusted) and _is_trusted(peer or LOOPBACK, tuple(trusted))


@lru_cache(maxsize=4096)
def household(text: str) -> str:
    """What an address is counted as; the text itself where it is none."""
    address = _address(text)
    if not isinstance(address, IPv6Address):
        return text if address is None else str(address)
    return f"{IPv6Network((address.packed, _HOUSEHOLD), strict=False)}"


@lru_cache(maxsize=1024)
def _is_trusted(text: str, trusted: tuple[Network, ...]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in ``text``, with or without a port or a zone; an IPv4 address is one in whatever dress."""
    bare = text.strip()
    if parts := _WITH_PORT.fullmatch(bare):
        bare = parts[1] or parts[2]
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no network: say 10.0.0.0/8, 2001:db8::/32 or loopback") from None
