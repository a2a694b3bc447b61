"""Zoho Cliq's own signature: base64 of RSA-SHA256 (PKCS#1 v1.5, RFC 8017) over the body, under one key per extension.

Verifiers in JavaScript check what ``JSON.stringify`` makes of the body, so that is accepted as well as its bytes, where
both mean the same to us.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from jobserver.auth.javascript import stringify
from jobserver.errors import MissingExtra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

SHORTEST, LONGEST = 2048, 8192
"""Bits of a key. Longer ones would only make it dearer to be sent nonsense."""

_WRITTEN_AGAIN = 16_384
"""Bytes of a body, at most, that is tried as JavaScript would write it: a stranger can ask for that work."""


class CliqKey:
    """The public key of an extension."""

    def __init__(self, key: RSAPublicKey) -> None:
        self._key = key
        self._size = (key.key_size + 7) // 8
        self._spelt = len(b64encode(bytes(self._size)))

    def vouches(self, body: bytes, signature: bytes) -> bool:
        """Whether ``signature``, as the header has it, is Cliq's for ``body``. What cannot be one costs very little.

        An empty body has no signature: it would vouch for every other request without a body.
        """
        raw = self._decoded(signature)
        if raw is None or not body:
            return False
        if self._is_of(raw, body):
            return True
        again = _written_again(body)
        return again is not None and self._is_of(raw, again) and _mean_the_same(body, again)

    def _decoded(self, signature: bytes) -> bytes | None:
        """Its bytes, where it is the one base64 spelling (RFC 4648, 3.5) of as many as the key has."""
        if len(signature) != self._spelt:
            return None
        try:
            raw = b64decode(signature, validate=True)
        except binascii.Error:
            return None
        return raw if len(raw) == self._size and b64encode(raw) == signature else None

    def _is_of(self, signature: bytes, message: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        try:
            self._key.verify(signature, message, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def read_public_key(text: str) -> CliqKey:
    r"""The key in PEM, or as Zoho shows it, the base64 of a SubjectPublicKeyInfo; a newline may be written ``\n``.

    ValueError for what is no RSA key of a usable size; it never repeats any of it. MissingExtra without `cryptography`.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    except ImportError as missing:
        raise MissingExtra("CLIQ_PUBLIC_KEY needs: pip install 'jobserver[cliq]'") from missing
    lines = text.replace("\\n", "\n").strip()
    try:
        if lines.startswith("-----BEGIN"):
            key = serialization.load_pem_public_key(lines.encode())
        else:
            key = serialization.load_der_public_key(b64decode("".join(lines.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):  # binascii.Error is a ValueError
        raise ValueError("it is no public key, neither PEM nor base64") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("it is no RSA key")  # noqa: TRY004 - the value of a setting
    if not SHORTEST <= key.key_size <= LONGEST:
        raise ValueError(f"an RSA key has {SHORTEST} to {LONGEST} bits")
    return CliqKey(key)


def _written_again(body: bytes) -> bytes | None:
    """``body`` as JavaScript would write it; None where that is no other JSON, or none at all."""
    if len(body) > _WRITTEN_AGAIN or body.lstrip(b" \t\r\n")[:1] != b"{":
        return None
    try:
        again = stringify(body.decode()).encode()
    except ValueError:
        return None
    return None if again == body else again


def _mean_the_same(body: bytes, again: bytes) -> bool:
    """Whether we, who read ``body``, read what was signed: JavaScript rounds long numbers, and so would a forger."""
    try:
        return bool(json.loads(body) == json.loads(again))
    except ValueError:  # a number of too many digits for us
        return False
