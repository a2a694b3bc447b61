"""Links that open one thing for a while, for whoever has no signature to send: a person with a browser."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hmac import compare_digest

from jobserver.auth.mac import Mac, to_bytes

_FAR = 10**12
"""No link lives beyond this unix time; it keeps a caller's number from being of any size."""


def sign(secret: str, purpose: str, job_id: str, expires: int) -> str:
    """A token that opens ``purpose`` (such as ``preview``) of one job until ``expires`` (unix seconds).

    43 characters, safe in a URL. `verify` needs the other arguments again: the link carries ``job_id`` and ``expires``.
    """
    digest = _key(secret, purpose).digest(to_bytes(f"{expires}.{job_id}"))
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def verify(secrets: Iterable[str], purpose: str, job_id: str, expires: int, token: str, now: datetime) -> bool:
    """Whether ``token`` was signed for exactly this under one of ``secrets`` and has not expired. Never raises."""
    if not now.timestamp() < expires < _FAR:
        return False
    presented = to_bytes(token)
    return any(
        compare_digest(presented, to_bytes(sign(secret, purpose, job_id, expires)))
        for secret in secrets
        if secret.strip()
    )


@lru_cache(maxsize=16)
def _key(secret: str, purpose: str) -> Mac:
    """A key for this purpose alone: a token is no signature, nor a token for anything else (RFC 5869, 3.2)."""
    return Mac(Mac(to_bytes(secret)).digest(b"jobserver link\0", to_bytes(purpose), b"\x01"))
