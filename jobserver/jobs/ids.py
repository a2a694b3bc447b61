"""Names nobody can guess: job ids and lease tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_RANDOM_CHARACTERS = 20
_UNBIASED = 252  # the largest multiple of 36 that fits a byte: larger bytes would favour the first letters
_POOL_BYTES = 4096
_LETTERS = bytes(ord(_ALPHABET[byte % 36]) for byte in range(256))
_TOO_LARGE = bytes(range(_UNBIASED, 256))


def _random_parts() -> Iterator[str]:
    # One call to the kernel serves about two hundred ids: asking per character was the costliest line of a submit.
    while True:
        characters = secrets.token_bytes(_POOL_BYTES).translate(_LETTERS, _TOO_LARGE).decode()
        for start in range(0, len(characters) - _RANDOM_CHARACTERS + 1, _RANDOM_CHARACTERS):
            yield characters[start : start + _RANDOM_CHARACTERS]


_parts = _random_parts()


def new_job_id(now: datetime) -> str:
    """``job-<epoch milliseconds>-<20 characters of base 36>``: about 103 random bits.

    >>> from datetime import UTC
    >>> new_job_id(datetime(2023, 11, 30, 12, 0, tzinfo=UTC))[:18]
    'job-1701345600000-'
    """
    return f"job-{int(now.timestamp() * 1000)}-{next(_parts)}"


def new_token() -> str:
    """A lease token: whoever holds it may report and finish the attempt."""
    return secrets.token_urlsafe(12)
