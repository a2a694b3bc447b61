"""What one of the requests is, and what good ones are made of.

In the bodies ``OWNS`` stands for a tag: a job that has it was made by the request itself.
"""

from __future__ import annotations

from dataclasses import dataclass

SIGNED = b"x-cliq-signature: testsecret\r\n"
HOST = b"Host: 127.0.0.1\r\n"
JOB = b'{"kind":"echo","args":{},"tags":["OWNS"]}'
LENGTH = b"Content-Length: %d\r\n" % len(JOB)
JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
IN_CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(JOB), JOB)


@dataclass(frozen=True)
class Case:
    """``statuses``: what it may be answered, at first.

    ``certain``: where it ends is beyond doubt, so what follows is a request and is answered as one. Behind anything
    else nothing is, and the connection is closed.
    """

    name: str
    request: bytes
    statuses: tuple[int, ...] = (400,)
    certain: bool = False


def post(*headers: bytes, body: bytes = b"", target: bytes = b"/v1/jobs", version: bytes = b"HTTP/1.1") -> bytes:
    """A submit with these headers beside those that every good one has."""
    return b"POST %b %b\r\n" % (target, version) + HOST + SIGNED + JSON + b"".join(headers) + b"\r\n" + body


def get(target: bytes, *headers: bytes, method: bytes = b"GET", host: bytes = HOST) -> bytes:
    """A signed request without a body."""
    return b"%b %b HTTP/1.1\r\n" % (method, target) + host + SIGNED + b"".join(headers) + b"\r\n"
