"""Forgeries of Zoho Cliq's signatures: form 5 of the contract."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from jobserver.auth.javascript import stringify
from tests.attacks.signatures.schemes import SIGNATURES, Asked, Scheme, another_body, bare, lines_of, mac


@dataclass(frozen=True)
class Cliq:
    """``key``: the extension's, ``other``: of somebody else."""

    key: rsa.RSAPrivateKey
    other: rsa.RSAPrivateKey

    def sign(self, body: bytes, key: rsa.RSAPrivateKey | None = None, digest: Any = None, pad: Any = None) -> bytes:
        made = (key or self.key).sign(body, pad or padding.PKCS1v15(), digest or hashes.SHA256())
        return base64.b64encode(made)

    def scheme(self, *, written_again: bool) -> Scheme:
        """The fifth way, over the raw body or over its re-serialisation."""
        signature = lines_of(bare)

        def right(chance: Random) -> Asked:
            return self._right(written_again, 12345678901234567000 + chance.randrange(9) * 100_000)

        forge = (
            *SIGNATURES,
            another_body,
            another_body,
            self._other_numbers,
            self._other_key,
            self._elsewhere,
            self._timed,
        )
        return Scheme(
            "5 RSA, re-serialised" if written_again else "5 RSA, raw",
            right,
            forge,
            lambda asked: (signature(asked), _as_javascript(asked.body), asked.method, asked.timestamp),
        )

    def _right(self, written_again: bool, number: int) -> Asked:
        """A thousand signatures are made once each: RSA is slow for those who sign."""
        body = b'{ "url": "https://example.com", "10": %d, "9": 1.50 }' % (number % 1_000)
        compact = stringify(body.decode()).encode()
        return Asked("POST", b"/v1/bulk", body if written_again else compact, self.sign(compact))

    def _other_numbers(self, chance: Random, _: Asked) -> Asked:
        """A number that JavaScript rounds to the one that was signed."""
        body = b'{"id":12345678901234567000}'
        other = b'{"id":%b}' % chance.choice(
            [b"1234567890123456%d" % chance.randrange(7001, 7800), b"12345678901234567000.0", b"1e400"]
        )
        return Asked("POST", b"/v1/bulk", other, self.sign(body))

    def _other_key(self, chance: Random, asked: Asked) -> Asked:
        kind = chance.randrange(6)
        if kind == 0:
            return replace(asked, signature=self.sign(asked.body, self.other))
        if kind == 1:
            digest = chance.choice([hashes.SHA1(), hashes.SHA512(), hashes.SHA384(), hashes.SHA224()])  # noqa: S303 - wrong ones
            return replace(asked, signature=self.sign(asked.body, digest=digest))
        if kind == 2:
            return replace(asked, signature=self.sign(asked.body, pad=padding.PSS(padding.MGF1(hashes.SHA256()), 32)))
        if kind == 3:
            raw = chance.choice([bytes(256), b"\xff" * 256, b"\1".rjust(256, b"\0"), chance.randbytes(256)])
            return replace(asked, signature=base64.b64encode(raw))
        if kind == 4:  # the public key is known to all: as the key of an HMAC it must be nothing
            numbers = self.key.public_key().public_numbers()
            return replace(asked, signature=mac(asked.body, numbers.n.to_bytes(256)).hex().encode())
        return replace(asked, signature=self.sign(chance.choice([b"", b"{}", asked.path, asked.body + b" x"])))

    def _elsewhere(self, chance: Random, asked: Asked) -> Asked:
        method, path = chance.choice(
            [("GET", b"/v1/jobs"), ("GET", b"/jobs"), ("DELETE", b"/v1/jobs/a"), ("PATCH", b"/v1/queues/default")]
        )
        empty = chance.random() < 0.5
        return replace(
            asked,
            method=method,
            path=path,
            body=b"" if empty else asked.body,
            signature=self.sign(b"") if empty else asked.signature,
        )

    def _timed(self, chance: Random, asked: Asked) -> Asked:
        return replace(asked, timestamp=b"%d" % chance.randrange(10**10))


def _as_javascript(body: bytes) -> Any:
    """What JavaScript makes of it, and what Python does: only where both are the same it is the same."""
    try:
        text = body.decode()
        again = stringify(text)
        return again if len(body) <= 16_384 and json.loads(text) == json.loads(again) else body
    except ValueError:
        return body
