"""What a web page may do to a server that its reader's browser can reach: nothing, unless it is one of our own.

A page cannot forge the headers ``Host``, ``Origin`` and ``Sec-Fetch-Site`` (Fetch, "forbidden request-header").
Other clients send the last two of them not at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from ipaddress import ip_address

from aiohttp import hdrs, web

from jobserver.auth.addresses import Network, is_trusted
from jobserver.errors import CrossOrigin, WrongHost

ANY = "*"
"""Pages of every origin: they can do nothing without a credential of their own, since a browser adds none here."""

_OURS = frozenset({"same-origin", "none"})
"""What ``Sec-Fetch-Site`` says of our own pages, and of what a person typed (Fetch Metadata Request Headers, 2.3)."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
"""No browser says these in an ``Origin``; a proxy may in ``Host``."""

_NAME = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::[0-9]*)?", re.ASCII)


class Origins:
    """Tells requests that other people's web pages made from all others.

    ``cors``: origins whose pages may call, as `cors.parse_origins` makes them. ``trusted``: proxies whose
    X-Forwarded-Host and X-Forwarded-Proto are believed. ``hosts``: names this server is called by, as `parse_hosts`
    makes them; empty is any, and with ``local_only`` only those of this machine.
    """

    def __init__(
        self,
        cors: Collection[str] = (),
        trusted: Sequence[Network] = (),
        hosts: Collection[str] = (),
        *,
        local_only: bool = False,
    ) -> None:
        self._cors = frozenset(cors)
        self._trusted = tuple(trusted)
        self._hosts = frozenset(hosts)
        self._local_only = local_only and not hosts
        self._is_called = lru_cache(maxsize=256)(self._names_us)

    def check_host(self, request: web.Request) -> None:
        """WrongHost where the request is for somebody else.

        A name that an attacker points at this machine makes his page and this server one origin (DNS rebinding), but
        the browser goes on sending his name. A request without ``Host`` comes from no browser.
        """
        if not self._hosts and not self._local_only:
            return
        host = request.headers.get(hdrs.HOST)
        if host is None or self._is_called(host) or (self._local_only and not request.remote):
            return  # no web page can open a unix socket, whose peers have no address
        raise WrongHost

    def refuse_foreign(self, request: web.Request) -> None:
        """CrossOrigin where a page of another origin asks: for what changes something, or lets it listen in."""
        headers = request.headers
        origin = headers.get(hdrs.ORIGIN)
        if origin is None:
            # Another port of this machine is another origin of the same site.
            foreign = headers.get("Sec-Fetch-Site", "none").lower() not in _OURS
        else:
            foreign = origin not in self._cors and not self._is_own(origin.lower(), request)
        if foreign and ANY not in self._cors:
            raise CrossOrigin

    def _is_own(self, origin: str, request: web.Request) -> bool:
        """Whether the page came from where the request goes. ``null`` is the origin of nobody."""
        scheme, separator, host = origin.partition("://")
        asked, over = request.headers.get("Host", ""), request.scheme
        if is_trusted(request.remote, self._trusted):
            asked = _first(request, "X-Forwarded-Host") or asked
            over = _first(request, "X-Forwarded-Proto") or over
        # With https a page under our own name and port is ours: a proxy we were not told of took the encryption off.
        ours = asked.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))
        return bool(separator and host) and host == ours and scheme in {"https", over.lower()}

    def _names_us(self, host: str) -> bool:
        name = host.lower()
        match = _HOST_AND_PORT.fullmatch(name)
        if match is None:
            return False
        bare = match[1].removesuffix(".")
        return _is_this_machine(bare) if self._local_only else name in self._hosts or bare in self._hosts


def parse_hosts(texts: Collection[str]) -> frozenset[str]:
    """Names as ``Host`` may hold them, each for any port or for the one it has; ValueError names a wrong one."""
    hosts = frozenset(text.lower().removesuffix(".") for text in texts)
    for host in hosts:
        if not _NAME.fullmatch(host):
            raise ValueError(f"{host!r} is no name: say jobs.example.com, jobs.example.com:8080 or [::1]")
    return hosts


def _is_this_machine(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _first(request: web.Request, header: str) -> str:
    """What the outermost proxy was asked."""
    return request.headers.get(header, "").partition(",")[0].strip()
