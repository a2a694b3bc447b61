"""What is wrong with the head of a request that can be read as one, but not by everybody as the same."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import hdrs
from aiohttp.http import HttpVersion10, HttpVersion11, RawRequestMessage

_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~!$&'()*+,;=%-]{1,255})(?::[0-9]{0,5})?", re.ASCII)
_LONGEST_HOST = 270
_LONGEST_LENGTH = 15
"""Digits. Near the 20 of 2**64 the counting of whoever reads it begins to differ."""


def fault_of(message: RawRequestMessage) -> str | None:
    """A sentence for whoever sent it; None for a good head. What stands between us and a client may read it otherwise.

    ``Host`` must be one name, and that of an absolute target (RFC 9112, 3.2); only HTTP/1.1 has chunks (RFC 9112, 6.1)
    and expectations (RFC 9110, 10.1.1); there is nobody here to connect to (RFC 9110, 9.3.6).
    """
    headers, path = message.headers, message.path
    host = headers.get(hdrs.HOST)
    if host is not None and (len(host) > _LONGEST_HOST or not _is_host(host)):
        return "Host must be a name or an address, with or without a port."
    if (
        (path[0] != "/" or not path.isascii() or message.method == hdrs.METH_CONNECT)
        and (fault := _fault_of_target(message, host)) is not None
    ):  # fmt: skip
        return fault
    version = message.version
    if version is not HttpVersion11 and version != HttpVersion11 and (fault := _fault_of_version(message)) is not None:
        return fault
    return _fault_of_body(message)


def goes_on(message: RawRequestMessage) -> bool:
    """Whether requests may follow this one. Where another protocol was asked for that is not spoken here, none may.

    What comes behind such a request may be that protocol already (RFC 9110, 7.8).
    """
    return not message.upgrade or message.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _fault_of_body(message: RawRequestMessage) -> str | None:
    """Of what is said of the body: how it is sent, how long it is, what is expected of it."""
    headers = message.headers
    coding = headers.get(hdrs.TRANSFER_ENCODING)
    if coding is not None and not (message.chunked and coding.lower() == "chunked"):
        return "Transfer-Encoding may be chunked."
    length = headers.get(hdrs.CONTENT_LENGTH)
    if length is not None and len(length) > _LONGEST_LENGTH:
        return "Content-Length has too many digits."
    expected = headers.get(hdrs.EXPECT)
    if expected is not None and expected.lower() != "100-continue":
        return "Expect may be 100-continue."
    return None


def _fault_of_version(message: RawRequestMessage) -> str | None:
    """Of one that is not HTTP/1.1."""
    if message.version != HttpVersion10:
        return "This server speaks HTTP/1.1 and HTTP/1.0."
    return "HTTP/1.0 has no Transfer-Encoding." if hdrs.TRANSFER_ENCODING in message.headers else None


def _fault_of_target(message: RawRequestMessage, host: str | None) -> str | None:
    """Of one that is no path, or not ASCII."""
    if not message.path.isascii():
        return "The target of a request is ASCII; everything else is percent-encoded."
    if message.method == hdrs.METH_CONNECT:
        return "This server is no proxy."
    if message.path[0] in "/*":
        return None
    parts = urlsplit(message.path)
    if parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc:
        return "The target of a request is a path, or an http URL."
    if host is not None and parts.netloc.lower() != host.lower():
        return "Host and the target of the request name two servers."
    return None


@lru_cache(maxsize=256)
def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None
