"""Requests as somebody signs them, and whether they are let in."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import pytest

from jobserver.auth.signing import Credentials, Signed, authenticate
from jobserver.errors import Unauthorized

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "correct horse battery staple"
ACCEPTED = Credentials((SECRET,))
STRICT = Credentials((SECRET,), strict=True)
BODY = b'{"url":"https://example.com"}'
POST = Signed("POST", "/analyze?wait=5", BODY)
GET = Signed("GET", "/result/job-1", b"")


def digest(message: bytes, secret: str = SECRET) -> bytes:
    return hmac.digest(secret.encode(), message, "sha256")


def signed(signature: str | None, request: Signed = POST) -> Signed:
    return request._replace(signature=signature)


def timed(request: Signed = POST, *, at: datetime = NOW, secret: str = SECRET) -> Signed:
    stamp = str(int(at.timestamp()))
    message = f"{stamp}.{request.method}.{request.path}.".encode() + request.body
    return request._replace(timestamp=stamp, signature=digest(message, secret).hex())


def stamped(stamp: str, request: Signed = POST) -> Signed:
    message = f"{stamp}.{request.method}.{request.path}.".encode() + request.body
    return request._replace(timestamp=stamp, signature=digest(message).hex())


def reason(request: Signed, credentials: Credentials = ACCEPTED, now: datetime = NOW) -> str:
    with pytest.raises(Unauthorized) as refused:
        authenticate(request, credentials, now)
    assert refused.value.message == "Invalid x-cliq-signature."
    return refused.value.reason


def admitted(request: Signed, credentials: Credentials = ACCEPTED, now: datetime = NOW) -> bool:
    try:
        authenticate(request, credentials, now)
    except Unauthorized:
        return False
    return True
