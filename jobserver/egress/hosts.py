"""What a host in a URL really is: one spelling for each name and address, or a refusal.

A browser, ``urllib`` and the system's resolver read odd hosts differently (``0x7f.1``, ``127。0。0。1``, ``ⓔx.com``).
What passes here has one canonical spelling that all of them read alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import idna

from jobserver.errors import UrlRefused

Address = IPv4Address | IPv6Address

_MAX_NAME = 253  # RFC 1035, without the root dot
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")  # WHATWG URL, "ends in a number checker"

_LOCAL_SUFFIXES = (
    ".localhost",
    ".local",
    ".internal",
    ".home.arpa",
    ".localdomain",
    ".lan",
    ".corp",
    ".svc",
    ".cluster.local",
    ".test",
    ".invalid",
    ".onion",
)

# Not for the public, whatever `is_global` says: it lets most of these through in one Python version or another.
_SPECIAL_NETWORKS: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(network)
    for network in (
        "100.64.0.0/10",  # shared address space, RFC 6598
        "168.63.129.16/32",  # Azure's wire server
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relay anycast, RFC 7526
        "198.18.0.0/15",  # benchmarking, RFC 2544
        "::/96",  # IPv4-compatible, RFC 4291
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "100::/64",  # discard, RFC 6666
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, RFC 2928
        "2002::/16",  # 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # SRv6 SIDs, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)


@lru_cache(maxsize=4_096)
def canonical_host(text: str) -> str:
    """The one spelling of a URL's host: a lower-case ASCII name, a dotted quad, or IPv6 without its brackets.

    One trailing dot is dropped, names are mapped with UTS 46, punycode is decoded and must encode back to itself.
    Raises UrlRefused with stage ``host``.
    """
    if text.startswith("[") and text.endswith("]"):
        return _ipv6(text[1:-1])
    name = _to_ascii(text).removesuffix(".")
    if _ENDS_IN_NUMBER.fullmatch(name):
        return _ipv4(name)
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise UrlRefused(stage="host")
    return name


@lru_cache(maxsize=4_096)
def address_of(host: str) -> Address | None:
    """The address that a canonical host is, or None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def check_name(host: str) -> None:
    """Refuse names that only a local network knows. Raises UrlRefused with stage ``name``."""
    if "." not in host or host.endswith(_LOCAL_SUFFIXES):
        raise UrlRefused(stage="name")


def check_address(address: Address) -> None:
    """Refuse every address that is not a host on the public internet. Raises UrlRefused with stage ``address``."""
    public = address.is_global and not address.is_multicast and not address.is_reserved
    if not public or any(address in network for network in _SPECIAL_NETWORKS):
        raise UrlRefused(stage="address")


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise UrlRefused(stage="host") from None


def _ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except ValueError:
        raise UrlRefused(stage="host") from None
    if address.scope_id is not None:
        raise UrlRefused(stage="host")
    return str(address)


def _to_ascii(text: str) -> str:
    # The length is checked first: punycode takes quadratic time.
    if len(text) > _MAX_NAME + 1 or not unicodedata.is_normalized("NFKC", text):
        raise UrlRefused(stage="host")
    if any(unicodedata.category(character) == "Cf" for character in text):
        raise UrlRefused(stage="host")
    try:
        mapped = text.lower() if text.isascii() else idna.uts46_remap(text)
        return ".".join(_ascii_label(label) for label in mapped.split("."))
    except UnicodeError:
        raise UrlRefused(stage="host") from None


def _ascii_label(label: str) -> str:
    if label.startswith("xn--"):
        return _checked_punycode(label)
    if label.isascii():
        return label
    # Not `idna.encode`: IDNA 2008 forbids the symbols (emoji) that UTS 46, browsers and registries allow.
    idna.check_hyphen_ok(label)
    idna.check_initial_combiner(label)
    idna.check_bidi(label)
    return "xn--" + label.encode("punycode").decode("ascii")


def _checked_punycode(label: str) -> str:
    decoded = label[4:].encode("ascii").decode("punycode")
    if _to_ascii(decoded) != label:
        raise UrlRefused(stage="host")
    return label
