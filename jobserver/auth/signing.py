"""Who sent this request: the signature header checked against the shared secrets.

Four ways to sign, by what ``x-cliq-signature`` holds; the fourth is the one to recommend:

1. the secret itself;
2. HMAC-SHA256(secret, body), as hex of either case or base64, with or without ``sha256=`` before it;
3. the very signature that queued a job, to read that job: `bears`, for whoever knows the job;
4. beside ``x-cliq-timestamp: <unix seconds>``, HMAC of ``{timestamp}.{METHOD}.{path}.{body}``, written as in 2. The
   path is the request target exactly as sent: percent-encoding, query string and all.

A request with a timestamp is held to the fourth way. Why one was refused is for a counter (``Unauthorized.reason``):

- ``missing``: no signature;
- ``untimed``: no timestamp, where only the fourth way is allowed;
- ``timestamp``: not whole unix seconds, or more than five minutes from now;
- ``mismatch``: the signature is not one of ours.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import hexlify
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

from jobserver.auth.mac import Mac, to_bytes
from jobserver.errors import Unauthorized, WeakSecret
from jobserver.jobs.access import EVERYTHING, ApiKey, Scope

WINDOW = timedelta(minutes=5)
"""How far a timestamp may be from now, either way."""

DEFAULT_SECRET = "testsecret"  # noqa: S105 - no secret: every reader of the examples knows it
"""The secret of the examples, fit for loopback only."""

SHORTEST = 16
"""Bytes a secret must have where others can reach the server."""

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_TIMED = re.compile(rb"[0-9]{1,12}\.[A-Za-z]+\.")
_PREFIX = b"sha256="
_HEX, _BASE64 = 64, 44
"""How long 32 bytes are in either spelling."""

Message = tuple[bytes, ...]
"""What an HMAC may cover, in parts: a body of megabytes is not copied to put a timestamp before it."""


@dataclass(frozen=True)
class Credentials:
    """What the server accepts.

    ``secrets``: any of them will do, so that one can replace another; a blank one never matches. ``strict``: only
    timestamped signatures. ``allow_unsigned``: a request without a signature passes; a wrong one never does.
    """

    secrets: tuple[str, ...] = field(repr=False)
    strict: bool = False
    allow_unsigned: bool = False

    @cached_property
    def keys(self) -> tuple[tuple[bytes, Mac], ...]:
        """Each secret as bytes, and as the key of an HMAC."""
        return tuple((to_bytes(secret), Mac(to_bytes(secret))) for secret in self.secrets if secret.strip())


class Signed(NamedTuple):
    """A request as far as a signature covers it, every part exactly as received.

    ``path``: with the query string. ``signature``, ``timestamp``: the headers' values, None where there is no such
    header; several of one name are joined with a comma (RFC 9110, 5.3), which no signature contains.
    ``alternatives``: other byte forms of the body an HMAC may cover.
    """

    method: str
    path: str
    body: bytes
    signature: str | None = None
    timestamp: str | None = None
    alternatives: tuple[bytes, ...] = ()


class Caller(NamedTuple):
    """Whoever a request comes from.

    ``credential``: SHA-256 of the signature presented, None where there was none. ``scopes``: what it may do.
    ``key``: the API key it showed, None for one who signed.
    """

    owner: str = "default"
    credential: bytes | None = None
    scopes: frozenset[Scope] = EVERYTHING
    key: ApiKey | None = None

    @property
    def quota(self) -> int | None:
        """Unfinished jobs its owner may have; None is any number."""
        return None if self.key is None else self.key.quota


def authenticate(signed: Signed, credentials: Credentials, now: datetime) -> Caller:
    """The caller behind ``signed``; `Unauthorized` when no secret vouches for it.

    Nothing is remembered of a timestamped request: within its five minutes it may be repeated.
    """
    if signed.signature is None:
        if credentials.allow_unsigned:
            return Caller()
        raise Unauthorized(reason="missing")
    _check_time(signed.timestamp, now, required=credentials.strict)
    if not _vouched_for(signed, to_bytes(signed.signature), credentials):
        raise Unauthorized(reason="mismatch")
    return Caller(credential=fingerprint(signed.signature))


def holds_secret(presented: bytes, credentials: Credentials) -> bool:
    """Whether ``presented`` is one of the secrets itself."""
    return any(compare_digest(presented, secret) for secret, _ in credentials.keys)


def fingerprint(signature: str) -> bytes:
    """What is kept of a signature: enough to know it again, nothing to sign with."""
    return sha256(to_bytes(signature)).digest()


def bears(signature: str | None, credential: bytes | None) -> bool:
    """Whether ``signature`` is the very one ``credential`` was made of; an unsigned job's None is nobody's."""
    return signature is not None and credential is not None and compare_digest(fingerprint(signature), credential)


def _check_time(timestamp: str | None, now: datetime, *, required: bool) -> None:
    if timestamp is None:
        if required:
            raise Unauthorized(reason="untimed")
        return
    if not _SECONDS.fullmatch(timestamp) or abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise Unauthorized(reason="timestamp")


def _vouched_for(signed: Signed, presented: bytes, credentials: Credentials) -> bool:
    if signed.timestamp is not None:
        return _is_hmac(presented, _timed_messages(signed, signed.timestamp), credentials)
    if holds_secret(presented, credentials):
        return True
    return _is_hmac(presented, _plain_messages(signed), credentials)


def _timed_messages(signed: Signed, timestamp: str) -> Iterator[Message]:
    before = to_bytes(f"{timestamp}.{signed.method}.{signed.path}.")
    yield before, signed.body
    for form in signed.alternatives:
        yield before, form


def _plain_messages(signed: Signed) -> Iterator[Message]:
    # Otherwise a timestamped signature, sent again without its timestamp and its message as the body, never expires.
    if not _TIMED.match(signed.body):
        yield (signed.body,)
    for form in signed.alternatives:
        yield (form,)
    if signed.method == "GET" and not signed.body:
        yield (b"{}",)


def _is_hmac(presented: bytes, messages: Iterator[Message], credentials: Credentials) -> bool:
    """Whether ``presented`` spells the HMAC of a message. What cannot be one costs no hashing.

    Ours is spelt out rather than theirs decoded: one spelling per digest, and nothing in a header to trip over.
    """
    text = presented.removeprefix(_PREFIX)
    if len(text) == _HEX:
        text = text.lower()
    elif len(text) != _BASE64:
        return False
    spell: Callable[[bytes], bytes] = hexlify if len(text) == _HEX else b64encode
    return any(compare_digest(text, spell(key.digest(*message))) for message in messages for _, key in credentials.keys)


def check_secrets(secrets: Sequence[str], *, loopback: bool) -> list[str]:
    """What to warn of at start, a sentence each; `WeakSecret` where others reach a server whose secret can be guessed.

    ``loopback``: only this machine reaches the server. No message repeats a secret of yours.
    """
    faults = [fault for secret in secrets if (fault := _fault(secret))]
    if not any(secret.strip() for secret in secrets):
        faults = ["CLIQ_SECRET is empty."]
    if faults and not loopback:
        raise WeakSecret(f"{faults[0]} Set it to at least {SHORTEST} random bytes.")
    return faults


def _fault(secret: str) -> str | None:
    if not secret.strip():
        return "CLIQ_SECRET has an empty secret in it."
    if secret == DEFAULT_SECRET:
        return f"CLIQ_SECRET is {DEFAULT_SECRET!r}, which everybody knows."
    if len(to_bytes(secret)) < SHORTEST:
        return f"CLIQ_SECRET has a secret shorter than {SHORTEST} bytes."
    return None
