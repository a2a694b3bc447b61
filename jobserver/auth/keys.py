"""API keys: how one is made, what is kept of it, and whether a token is one.

A token is ``jsk_<id>_<secret>``. Whoever has it is its key's owner, as far as the key's scopes go. Of the secret only
the SHA-256 is kept: it is 256 random bits, which no dictionary holds, so that a slow hash would only cost us time.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from jobserver.auth.mac import to_bytes
from jobserver.jobs.access import ApiKey, Scope

OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
"""What an owner is called: no colon and no comma, which divide the entries of the setting."""

MOST_REQUESTS, MOST_JOBS = 1_000_000, 10_000_000
"""The highest rate and the highest quota of a key."""

_TOKEN = re.compile(r"jsk_([A-Za-z0-9-]{1,32})_([A-Za-z0-9_-]{16,128})", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_ENTRY = "an entry is id:sha256:owner:scope+scope, and then :rate and :quota where it has them"


def new_key(
    owner: str,
    scopes: Iterable[Scope],
    now: datetime,
    *,
    name: str = "",
    rate: int | None = None,
    quota: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """(a new key, its token): the token is nowhere else and cannot be had again. See `ApiKey` for the limits."""
    secret = secrets.token_hex(32)
    key = ApiKey(
        id=secrets.token_hex(6),
        digest=_hash(secret),
        owner=owner,
        scopes=frozenset(scopes),
        created_at=now,
        name=name,
        rate=rate,
        quota=quota,
        expires_at=expires_at,
    )
    return key, f"jsk_{key.id}_{secret}"


def key_id(token: str) -> str | None:
    """The id of the key ``token`` claims to be; None for what is no token of ours."""
    parts = _TOKEN.fullmatch(token)
    return None if parts is None else parts[1]


def opens(key: ApiKey | None, token: str, now: datetime) -> bool:
    """Whether ``token`` is ``key``'s and it has not expired. Never raises; None, an unknown key, opens nothing."""
    parts = _TOKEN.fullmatch(token)
    if key is None or parts is None or key.id != parts[1]:
        return False
    return compare_digest(_hash(parts[2]), key.digest) and (key.expires_at is None or now < key.expires_at)


def read_entries(text: str, now: datetime) -> tuple[ApiKey, ...]:
    """The keys of the setting API_KEYS, commas between them; each is what `entry_of` writes.

    ValueError says which entry is wrong by its number, and never repeats any of it.
    """
    entries = [part.strip() for part in text.split(",") if part.strip()]
    keys = tuple(_numbered(number, entry, now) for number, entry in enumerate(entries, 1))
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("two entries have the same id")
    return keys


def entry_of(key: ApiKey) -> str:
    """The key as the setting API_KEYS has it. It keeps neither its name nor its end, and opens nothing by itself."""
    fields = [key.id, key.digest.hex(), key.owner, "+".join(scope for scope in Scope if scope in key.scopes)]
    if key.rate is not None or key.quota is not None:
        fields.append("" if key.rate is None else f"{key.rate:.0f}")
    if key.quota is not None:
        fields.append(str(key.quota))
    return ":".join(fields)


def read_scopes(words: Iterable[str]) -> frozenset[Scope]:
    """The scopes of that name; ValueError names those there are."""
    try:
        scopes = frozenset(Scope(word.strip()) for word in words)
    except ValueError:
        raise ValueError(f"the scopes are {', '.join(Scope)}") from None
    if not scopes:
        raise ValueError(f"name at least one scope: {', '.join(Scope)}")
    return scopes


def _numbered(number: int, entry: str, now: datetime) -> ApiKey:
    try:
        return _read_entry(entry, now)
    except ValueError as error:
        raise ValueError(f"entry {number}: {error}") from None


def _read_entry(entry: str, now: datetime) -> ApiKey:
    fields = entry.split(":")
    if not 4 <= len(fields) <= 6:
        raise ValueError(_ENTRY)
    identity, digest, owner, scopes, rate, quota = [*fields, "", ""][:6]
    if not (_ID.fullmatch(identity) and _DIGEST.fullmatch(digest) and OWNER.fullmatch(owner)):
        raise ValueError(_ENTRY)
    return ApiKey(
        id=identity,
        digest=bytes.fromhex(digest),
        owner=owner,
        scopes=read_scopes(scopes.split("+")),
        created_at=now,
        rate=_whole(rate, 1, MOST_REQUESTS),
        quota=_whole(quota, 0, MOST_JOBS),
        configured=True,
    )


def _whole(text: str, low: int, high: int) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise ValueError(f"a rate or a quota is a whole number from {low} to {high}")
    return int(text)


def _hash(secret: str) -> bytes:
    return sha256(to_bytes(secret)).digest()
