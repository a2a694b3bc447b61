"""Where we may go: a URL is checked in stages, cheapest first, and only its rebuilt form is used afterwards.

======== ============== =================================================================
 stage    code           refuses
======== ============== =================================================================
 1        length         nothing, or more than 2048 characters, as written or as rebuilt
 1        characters     white space, control characters, backslashes, lone surrogates
 2        scheme         anything but http and https with an authority
 3        authority      user names, percent signs, anything that is not host[:port]
 3        port           ports that are not in the set
 4        host           hosts that parsers read differently (see `hosts`)
 5        name           names that only a local network knows
 6        allowlist      hosts outside the allow-list, where there is one
 7        address        addresses that are not public
 8        resolve, peer  the same for what a name resolves to (`resolver`) and connects to (`pinned`)
======== ============== =================================================================

Stage 9 rebuilds the URL from its parts, stage 10 puts every redirect, reference, sub-resource and request to the proxy
through the same stages (`UrlPolicy.join`, `check_whole`, both asked by `gate`).
The stages read a string in ways that browsers, ``urllib`` and ``yarl`` agree on, or refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urljoin

from jobserver.egress.hosts import address_of, canonical_host, check_address, check_name
from jobserver.errors import UrlRefused

MAX_URL = 2048
"""Characters in a URL, before and after it is rebuilt."""

DEFAULT_PORTS = {"http": 80, "https": 443}

# re.ASCII: without it IGNORECASE lets a long s (U+017F) through in "https".
_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.ASCII | re.IGNORECASE)
_WITHOUT_SCHEME = re.compile(r"(?:\[[^/?#\[\]]*\]|[^/?#:\[\]]+)(?::[0-9]+)?(?:[/?#].*)?", re.ASCII)
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?", re.ASCII)
_UNWANTED = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")

# What a browser leaves as it is (WHATWG URL, percent-encode sets), beside letters, digits and "-._~".
_PATH_SAFE = "%/!$&'()*+,:;=@[]|"
_QUERY_SAFE = "%/?!$&()*+,:;=@[]|^`{}"
_FRAGMENT_SAFE = "%/?#!$&'()*+,:;=@[]|^{}"


@dataclass(frozen=True, slots=True)
class Target:
    """A place we may go, as the policy understood it.

    ``url``: rebuilt from its parts; the only spelling to use from here on. A fragment stays in it for browsers and
    is never sent. ``host``: canonical, IPv6 without brackets. ``address``: the host if it is an address.
    ``private``: admitted by name, so its addresses are not checked.
    """

    url: str
    scheme: str
    host: str
    port: int
    address: str | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class UrlPolicy:
    """Which URLs may be fetched.

    ``allowed_domains``: these and their sub-domains only; None: every public host; canonical, as `parse_domains`
    makes them. ``private_targets``: ``host:port`` pairs let in past stages 5 to 8 and the port set, for development
    and tests, as `parse_private_targets` makes them; a redirect may lead to them too. ``ports``: for all others.
    """

    allowed_domains: tuple[str, ...] | None = None
    private_targets: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset({80, 443})

    def check(self, raw: str) -> Target:
        """The target that ``raw`` names; without a scheme it gets ``https://``. No input or output.

        Raises UrlRefused with the code of the stage that refused. ``check(target.url)`` is ``target`` again.
        """
        with _blaming(raw):
            _check_text(raw)
            return self._admit(f"https://{raw}" if _WITHOUT_SCHEME.fullmatch(raw) else raw)

    def check_whole(self, url: str) -> Target:
        """The same for what a page or a program asks for: there "a.css" is no host. Raises with stage ``scheme``."""
        with _blaming(url):
            _check_text(url)
            return self._admit(url)

    def join(self, base: str, reference: str) -> Target:
        """The target of a redirect, ``<base>``, link or style sheet found at ``base``. Raises like `check`."""
        with _blaming(reference):
            _check_text(reference)
            return self._admit(_resolve_reference(base, reference))

    def to_json(self) -> dict[str, Any]:
        """As JSON-able members, for a child process."""
        return {
            "allowed_domains": None if self.allowed_domains is None else list(self.allowed_domains),
            "private_targets": sorted(self.private_targets),
            "ports": sorted(self.ports),
        }

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> Self:
        """The policy that `to_json` described."""
        domains = members["allowed_domains"]
        return cls(
            allowed_domains=None if domains is None else tuple(domains),
            private_targets=frozenset(members["private_targets"]),
            ports=frozenset(members["ports"]),
        )

    def _admit(self, url: str) -> Target:
        scheme, authority, tail = _split(url)
        host, port = _split_authority(authority, DEFAULT_PORTS[scheme])
        private = _endpoint(host, port) in self.private_targets
        if not private:
            self._check_public(host, port)
        rebuilt = _rebuild(scheme, host, port, tail)
        if len(rebuilt) > MAX_URL:
            raise UrlRefused(stage="length")
        return Target(rebuilt, scheme, host, port, host if address_of(host) else None, private)

    def _check_public(self, host: str, port: int) -> None:
        if port not in self.ports:
            raise UrlRefused(stage="port")
        address = address_of(host)
        if address is None:
            check_name(host)
        self._check_allowed(host)
        if address is not None:
            check_address(address)

    def _check_allowed(self, host: str) -> None:
        if self.allowed_domains is None:
            return
        if not any(host == domain or host.endswith(f".{domain}") for domain in self.allowed_domains):
            raise UrlRefused(stage="allowlist")


def parse_domains(text: str) -> tuple[str, ...] | None:
    """The allow-list that a setting describes, comma separated: ``example.com, bücher.example``; empty: None.

    Raises ValueError with a sentence that names the entry that is wrong.
    """
    if not text.strip():
        return None
    return tuple(dict.fromkeys(_parse_domain(entry.strip()) for entry in text.split(",")))


def parse_private_targets(text: str) -> frozenset[str]:
    """The private targets that a setting describes: ``127.0.0.1:8099, localhost:3001, [::1]:80``; empty: none.

    Raises ValueError with a sentence that names the entry that is wrong.
    """
    if not text.strip():
        return frozenset()
    return frozenset(_parse_private_target(entry.strip()) for entry in text.split(","))


def _parse_domain(entry: str) -> str:
    try:
        return canonical_host(entry)
    except UrlRefused:
        hint = "a name like example.com, without scheme, port, path or *; its sub-domains are included"
        raise ValueError(f"{entry!r} is not a domain: write {hint}.") from None


def _parse_private_target(entry: str) -> str:
    try:
        host, port = _split_authority(entry, 0)
    except UrlRefused:
        host, port = "", 0
    if not 0 < port < 65536:
        raise ValueError(f"{entry!r} is not host:port: write it like 127.0.0.1:8099 or [::1]:8099.")
    return _endpoint(host, port)


@contextmanager
def _blaming(url: str) -> Iterator[None]:
    try:
        yield
    except UrlRefused as refused:
        raise UrlRefused(stage=refused.stage, url=url[:MAX_URL]) from None


def _check_text(raw: str) -> None:
    if not 1 <= len(raw) <= MAX_URL:
        raise UrlRefused(stage="length")
    if _UNWANTED.search(raw):
        raise UrlRefused(stage="characters")


def _resolve_reference(base: str, reference: str) -> str:
    try:
        return urljoin(base, reference)
    except ValueError:
        raise UrlRefused(stage="authority") from None


def _split(url: str) -> tuple[str, str, tuple[str, str, str]]:
    match = _URL.fullmatch(url)
    if match is None:
        raise UrlRefused(stage="scheme")
    scheme, authority, path, query, fragment = match.groups(default="")
    # Parsers that end the authority at a slash only would take "example.com#" for a user name.
    if "@" in url.split("/", 3)[2]:
        raise UrlRefused(stage="authority")
    return scheme.lower(), authority, (path or "/", query, fragment)


def _split_authority(authority: str, default_port: int) -> tuple[str, int]:
    match = _AUTHORITY.fullmatch(authority)
    if match is None or "%" in authority:
        raise UrlRefused(stage="authority")
    host, port = match.groups(default="")
    return canonical_host(host), int(port) if port else default_port


def _rebuild(scheme: str, host: str, port: int, tail: tuple[str, str, str]) -> str:
    path, query, fragment = tail
    authority = _endpoint(host, port).removesuffix(f":{DEFAULT_PORTS[scheme]}")
    encoded = (
        quote(_without_dots(path), safe=_PATH_SAFE),
        quote(query, safe=_QUERY_SAFE),
        quote(fragment, safe=_FRAGMENT_SAFE),
    )
    return f"{scheme}://{authority}{''.join(encoded)}"


def _without_dots(path: str) -> str:
    kept: list[str] = []
    dots = ""
    for segment in path.split("/")[1:]:
        dots = segment.lower().replace("%2e", ".")
        if dots == "..":
            del kept[-1:]
        elif dots != ".":
            kept.append(segment)
    ending = [""] if dots in {".", ".."} else []
    return "/" + "/".join(kept + ending)


def _endpoint(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
