"""HMAC-SHA256 (RFC 2104) with the key's share of the work done once."""

from __future__ import annotations

from hashlib import sha256

_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Mac:
    """HMAC-SHA256 under one key: both pads are hashed here and only copied for each message.

    For the short bodies jobs have, this takes less than half the time of a new `hmac.HMAC`.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def digest(self, *parts: bytes) -> bytes:
        """The 32 bytes that vouch for ``parts`` joined; they are never copied into one."""
        inner = self._inner.copy()
        for part in parts:
            inner.update(part)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()


def to_bytes(text: str) -> bytes:
    """``text`` as UTF-8. Never raises: a header may hold surrogates, which then equal nothing we ever make."""
    return text.encode("utf-8", "surrogatepass")
