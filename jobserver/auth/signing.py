"""Who sent this request: the signature header checked against the shared secrets.

Five ways to sign, by what ``x-cliq-signature`` holds; the fourth is the one to recommend:

1. the secret itself;
2. HMAC-SHA256(secret, body), as hex of either case or base64, with or without ``sha256=`` before it;
3. the very signature that queued a job, to read that job: `bears`, for whoever knows the job;
4. beside ``x-cliq-timestamp: <unix seconds>``, HMAC of ``{timestamp}.{METHOD}.{path}.{body}``, written as in 2. The
   path is the request target exactly as sent: percent-encoding, query string and all; the timestamp too, which may have
   a fraction. What changes something is let in once (`auth.replays`);
5. on a POST, Zoho Cliq's own signature of the body (`auth.cliq`).

A request with a timestamp is held to the fourth way. Why one was refused is for a counter (``Unauthorized.reason``):

- ``missing``: no signature;
- ``untimed``: no timestamp, where one is asked for;
- ``timestamp``: not unix seconds, or more than five minutes from now;
- ``mismatch``: the signature is not one of ours;
- ``replayed``: it is, and it has been used (`web.guard`, which remembers).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import hexlify, unhexlify
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

from jobserver.auth.cliq import CliqKey
from jobserver.auth.mac import Mac, to_bytes
from jobserver.auth.replays import Use
from jobserver.errors import Unauthorized, WeakSecret
from jobserver.jobs.access import EVERYTHING, ApiKey, Scope

WINDOW = timedelta(minutes=5)
"""How far a timestamp may be from now, either way."""

_WINDOW = WINDOW.total_seconds()

DEFAULT_SECRET = "testsecret"  # noqa: S105 - no secret: every reader of the examples knows it
"""The secret of the examples, fit for loopback only."""

SHORTEST = 16
"""Bytes a secret must have where others can reach the server."""

_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", re.ASCII)
_TIMED = re.compile(rb"[0-9]{1,12}(?:\.[0-9]{1,9})?\.[A-Za-z]+\.")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PREFIX = b"sha256="
_HEX, _BASE64 = 64, 44
"""How long 32 bytes are in either spelling."""

_MARK = 16
"""Bytes of a MAC by which it is known again: nobody finds two alike, and half of one vouches for nothing."""

_OF_CLIQ = EVERYTHING - {Scope.MANAGE}

Message = tuple[bytes, ...]
"""What an HMAC may cover, in parts: a body of megabytes is not copied to put a timestamp before it."""


@dataclass(frozen=True)
class Credentials:
    """What the server accepts.

    ``secrets``: any of them will do, so that one can replace another; a blank one never matches. ``strict``: of what is
    made with them only timestamped signatures. ``allow_unsigned``: a request without a signature passes; a wrong one
    never does. ``cliq``: the key of Cliq's own signatures.
    """

    secrets: tuple[str, ...] = field(repr=False)
    strict: bool = False
    allow_unsigned: bool = False
    cliq: CliqKey | None = None

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
    ``key``: the API key it showed, None for one who signed. ``use``: set where the signature is good for one use.
    """

    owner: str = "default"
    credential: bytes | None = None
    scopes: frozenset[Scope] = EVERYTHING
    key: ApiKey | None = None
    use: Use | None = None

    @property
    def quota(self) -> int | None:
        """Unfinished jobs its owner may have; None is any number."""
        return None if self.key is None else self.key.quota


def authenticate(signed: Signed, credentials: Credentials, now: datetime) -> Caller:
    """The caller behind ``signed``; `Unauthorized` when nothing vouches for it.

    Nothing is remembered here: whoever asks must see to it that ``Caller.use`` happens once.
    """
    if signed.signature is None:
        if credentials.allow_unsigned:
            return Caller()
        raise Unauthorized(reason="missing")
    presented = to_bytes(signed.signature)
    if credentials.cliq is not None and _may_be_of_cliq(signed) and credentials.cliq.vouches(signed.body, presented):
        return Caller(credential=fingerprint(signed.signature), scopes=_OF_CLIQ)
    _check_time(signed.timestamp, now, required=credentials.strict)
    if not _vouched_for(signed, presented, credentials):
        raise Unauthorized(reason="mismatch")
    return Caller(credential=fingerprint(signed.signature), use=_use(signed, presented))


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
    if not _SECONDS.fullmatch(timestamp) or abs(now.timestamp() - float(timestamp)) > _WINDOW:
        raise Unauthorized(reason="timestamp")


def _may_be_of_cliq(signed: Signed) -> bool:
    """Cliq posts; its signature covers no address and no time, so it must not open what has no body."""
    return signed.method == "POST" and bool(signed.body) and signed.timestamp is None


def _use(signed: Signed, presented: bytes) -> Use | None:
    """What to remember of a timestamped signature that is right: the same for each of its spellings."""
    if signed.timestamp is None or signed.method in _SAFE:
        return None
    text = presented.removeprefix(_PREFIX)
    mac = unhexlify(text) if len(text) == _HEX else b64decode(text)
    return Use(mac[:_MARK], float(signed.timestamp) + _WINDOW)


def _vouched_for(signed: Signed, presented: bytes, credentials: Credentials) -> bool:
    if signed.timestamp is not None:
        return _is_hmac(presented, _timed_messages(signed, signed.timestamp), credentials)
    if holds_secret(presented, credentials):
        return True
    return _is_hmac(presented, _plain_messages(signed), credentials)


def _timed_messages(signed: Signed, timestamp: str) -> Iterator[Message]:
    if not signed.method.isalpha():  # or digits of the timestamp could pass for a part of it
        return
    before = to_bytes(f"{timestamp}.{signed.method}.{signed.path}.")
    for form in (signed.body, *signed.alternatives):
        if _is_told_apart(signed.path, form):
            yield before, form


def _is_told_apart(path: str, body: bytes) -> bool:
    """Whether ``{path}.{body}`` can only be read as these two: no dot in either passes for the one between them.

    Read like this every text has one reading. The body begins at the first ``{`` that has a dot before it; where there
    is none, a text that ends with a dot has no body, and in any other it begins after the first dot. So what the
    signature covers cannot be divided anew. It costs those who sign forms, not JSON, a dot in the path and one at the
    end of the body.
    """
    if not body or body.startswith(b"{"):
        return ".{" not in path
    return "." not in path and b".{" not in body and not body.endswith(b".")


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
