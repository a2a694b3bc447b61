"""Zoho Cliq's signatures, with keys made here."""

from __future__ import annotations

import base64
import builtins
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from jobserver.auth.cliq import read_public_key
from jobserver.errors import MissingExtra

PRIVATE = rsa.generate_private_key(65537, 2048)
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
BODY = b'{"name":"deploy","arguments":"https://example.com","user":{"id":"64545","age":1}}'


def pem(key: Any) -> str:
    return str(key.public_bytes(serialization.Encoding.PEM, SPKI).decode())


def der(key: Any) -> str:
    return base64.b64encode(key.public_bytes(serialization.Encoding.DER, SPKI)).decode()


PUBLIC = PRIVATE.public_key()
KEY = read_public_key(pem(PUBLIC))


def signed(
    body: bytes, *, key: rsa.RSAPrivateKey = PRIVATE, pad: Any = None, digest: hashes.HashAlgorithm | None = None
) -> bytes:
    return base64.b64encode(key.sign(body, pad or padding.PKCS1v15(), digest or hashes.SHA256()))


def test_the_signature_of_the_body_is_cliqs():
    assert KEY.vouches(BODY, signed(BODY))


@pytest.mark.parametrize(
    ("sent", "signed_as"),
    [
        (b'{ "a" : 1.0,\n "b": [ ] }', b'{"a":1,"b":[]}'),
        (b'{"b":1,"2":2,"1":3}', b'{"1":3,"2":2,"b":1}'),
        (b'{"text":"\\u00e9\\/"}', '{"text":"é/"}'.encode()),
        (b'{"time":1.5E3}', b'{"time":1500}'),
    ],
)
def test_the_signature_of_what_javascript_makes_of_it_is_too(sent: bytes, signed_as: bytes):
    assert KEY.vouches(sent, signed(signed_as))
    assert KEY.vouches(sent, signed(sent))


@pytest.mark.parametrize(
    ("sent", "signed_as"),
    [
        (b'{"id":12345678901234567890}', b'{"id":12345678901234567000}'),
        (b'{"id": 9007199254740993}', b'{"id":9007199254740992}'),
        (b'{"id":1e400}', b'{"id":null}'),
        (b'{"id":' + b"1" * 5_000 + b"}", b'{"id":null}'),
        (b"[1, 2]", b"[1,2]"),
        (b'{"a": "' + b"x" * 20_000 + b'"}', b'{"a":"' + b"x" * 20_000 + b'"}'),
        (b'\xef\xbb\xbf{"a":1}', b'{"a":1}'),
        (b'{"a":"\xe9"}', '{"a":"é"}'.encode()),
        (b'{"a":1}}', b'{"a":1}'),
        (b"{" * 2_000, b"{}"),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_but_not_where_we_would_read_something_else_or_it_would_be_much_work(sent: bytes, signed_as: bytes):
    assert not KEY.vouches(sent, signed(signed_as))


def test_an_empty_body_has_no_signature():
    assert not KEY.vouches(b"", signed(b""))


@pytest.mark.parametrize(
    "signature",
    [
        signed(BODY, key=rsa.generate_private_key(65537, 2048)),
        signed(BODY, digest=hashes.SHA1()),  # noqa: S303 - a forger would
        signed(BODY, digest=hashes.SHA512()),
        signed(BODY, pad=padding.PSS(padding.MGF1(hashes.SHA256()), 32)),
        signed(BODY + b" "),
        signed(json.dumps(json.loads(BODY), sort_keys=True).encode()),
        signed(BODY)[:-2],
        signed(BODY) + b"=",
        b" " + signed(BODY),
        signed(BODY).replace(b"=", b"A"),
        base64.urlsafe_b64encode(b"\xff" * 256),
        base64.b64encode(bytes(256)),
        base64.b64encode(b"\x01".rjust(256, b"\0")),
        base64.b64encode(b"\xff" * 256),
        signed(BODY)[:-3] + bytes([signed(BODY)[-3] + 1]) + b"==",
        "é".encode() * 172,
        b"",
        b"x" * 1_000_000,
    ],
    ids=lambda text: ascii(text)[:24],
)
def test_no_other_is(signature: bytes):
    assert not KEY.vouches(BODY, signature)


def test_a_key_is_read_in_every_way_it_is_shown():
    one_line = pem(PUBLIC).replace("\n", "\\n")
    wrapped = "\n".join(der(PUBLIC)[start : start + 64] for start in range(0, len(der(PUBLIC)), 64))
    for text in (pem(PUBLIC), one_line, pem(PUBLIC).replace("\n", "\r\n"), der(PUBLIC), wrapped, f" {der(PUBLIC)}\n"):
        assert read_public_key(text).vouches(BODY, signed(BODY))


def test_openssl_signs_as_cliq_does(tmp_path: Path):
    private = PRIVATE.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "private.pem").write_bytes(private)
    command = ["openssl", "dgst", "-sha256", "-sign", str(tmp_path / "private.pem")]
    made = subprocess.run(command, input=BODY, capture_output=True, check=True).stdout
    assert KEY.vouches(BODY, base64.b64encode(made))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("nonsense", "no public key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "no public key"),
        (der(PUBLIC)[:-8], "no public key"),
        ("é", "no public key"),
        (
            PRIVATE.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
            "no public key",
        ),
        (pem(ec.generate_private_key(ec.SECP256R1()).public_key()), "no RSA key"),
        (pem(rsa.generate_private_key(65537, 1024).public_key()), "2048 to 8192 bits"),  # noqa: S505 - refused
    ],
    ids=lambda text: text[:20],
)
def test_a_text_that_is_no_usable_key_is_refused_and_not_repeated(text: str, fault: str):
    with pytest.raises(ValueError, match=fault) as refused:
        read_public_key(text)
    assert text not in str(refused.value)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"pip install 'jobserver\[cliq\]'"):
        read_public_key(der(PUBLIC))
