"""What a peer may take of the server before it has asked anything."""

from __future__ import annotations

from dataclasses import dataclass

from jobserver.auth.addresses import Network


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """``most``, ``most_per_address``: connections open at once, in all and of one address (of a /64, of IPv6).

    ``trusted``: proxies, which have no limit of their own and may idle; so may peers on a unix socket.
    ``head_within``: seconds the first line and the headers of a request may take, from its first byte, and a new
    connection to send them. ``read_within``: seconds in which a peer must read something that waits for it.
    ``idle``, ``idle_proxy``: seconds a connection may stay open between two requests.
    """

    most: int = 10_000
    most_per_address: int = 2_000
    trusted: tuple[Network, ...] = ()
    head_within: float = 15.0
    read_within: float = 30.0
    idle: float = 930.0
    """Longer than proxies keep theirs (Google 600 s, Cloudflare 900 s): they must not write into one that closes."""
    idle_proxy: float = 3_630.0
