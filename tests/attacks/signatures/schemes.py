"""Every way to be let in: a right request, what it means, and what a forger makes of it."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.attacks.signatures.altering import ALTER, altered, glue, macs_of_others
from tests.attacks.signatures.pipeline import Sent

SECRET = b"a secret of the tests, long enough"
BODY = b'{"url":"https://example.com/a.b?c=1&url=https://example.org"}'
_NAMES = (
    b"x_cliq_signature",
    b"X-Cliq-Signatures",
    b"cliq-signature",
    b"x-cliq-signature-256",
    b"x-hub-signature-256",
    b"webhook-signature",
    b"Signature",
    b"Cookie",
)


@dataclass(frozen=True)
class Asked:
    """A request in its parts; None is a header that is not sent. ``more``: further lines of the head."""

    method: str
    path: bytes
    body: bytes = b""
    signature: bytes | None = None
    timestamp: bytes | None = None
    bearer: bytes | None = None
    more: tuple[bytes, ...] = ()
    name: bytes = b"x-cliq-signature"

    def sent(self) -> Sent:
        """As it goes over the wire."""
        lines = [*self.more]
        if self.signature is not None:
            lines.append(self.name + b": " + self.signature)
        if self.timestamp is not None:
            lines.append(b"x-cliq-timestamp: " + self.timestamp)
        if self.bearer is not None:
            lines.append(b"Authorization: " + self.bearer)
        return Sent(self.method, self.path, tuple(lines), self.body)


Forge = Callable[[Random, Asked], Asked]
Meaning = Callable[[Asked], Any]


@dataclass(frozen=True)
class Scheme:
    """``right``: a request that is let in. ``forge``: what to make of it.

    ``meaning``: what of a request this scheme vouches for, in one spelling. What means the same is no forgery.
    """

    name: str
    right: Callable[[Random], Asked]
    forge: Sequence[Forge]
    meaning: Meaning


def mac(message: bytes, secret: bytes = SECRET) -> bytes:
    return hmac.digest(secret, message, "sha256")


def bare(value: bytes | None) -> bytes:
    """A header's value as HTTP has it (RFC 9110, 5.5)."""
    return b"" if value is None else value.strip(b" \t")


def one_spelling(signature: bytes | None) -> bytes:
    """The hex or base64 of an HMAC, in the case and without the prefix that do not matter."""
    text = bare(signature).removeprefix(b"sha256=")
    return text.lower() if len(text) == 64 else text


# --- what every forger tries with a signature


def another_signature(chance: Random, asked: Asked) -> Asked:
    return replace(asked, signature=altered(chance, asked.signature or b""))


def another_name(chance: Random, asked: Asked) -> Asked:
    return replace(asked, name=chance.choice(_NAMES))


def two_signatures(chance: Random, asked: Asked) -> Asked:
    other = chance.choice([asked.signature or b"", altered(chance, asked.signature or b""), b"", b"0" * 64])
    line = chance.choice([asked.name, asked.name.upper()]) + b": " + other
    return replace(asked, more=(*asked.more, line))


def another_mac(chance: Random, asked: Asked) -> Asked:
    others = [asked.path, asked.method.encode() + asked.body, asked.body + b"\n", b"null"]
    if asked.body:  # without one these are what is signed
        others += [b"", b"{}"]
    return replace(asked, signature=macs_of_others(chance, SECRET, asked.body, others))


def another_body(chance: Random, asked: Asked) -> Asked:
    body = asked.body or b"{}x"
    body = chance.choice(
        [
            chance.choice(ALTER)(chance, body),
            body.replace(b"example", b"another", 1) if b"example" in body else body + b"x",
            body
            + chance.choice([b"\n", b" ", b"\0", b"{}", body, glue(body), glue(body) + b"&url=https://example.net"]),
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
            b"url=https%3A%2F%2Fexample.net",
            b'--b\r\nContent-Disposition: form-data; name="url"\r\n\r\nhttps://example.net/\r\n--b--\r\n',
            json.dumps({"url": "https://example.net/"}).encode(),
        ]
    )
    return replace(asked, body=body)


def unsigned(chance: Random, asked: Asked) -> Asked:
    return replace(asked, signature=None, bearer=chance.choice([None, b"Bearer " + (asked.signature or b"")]))


SIGNATURES: tuple[Forge, ...] = (another_signature, another_signature, another_signature, another_name, two_signatures)


# --- the secret, and an HMAC of the body


def lines_of(read: Callable[[bytes | None], bytes]) -> Callable[[Asked], tuple[Any, ...]]:
    """The signature as it is understood, where there is one line of it."""

    def said(asked: Asked) -> tuple[Any, ...]:
        lines: list[tuple[bytes, bytes | None]] = [(asked.name, asked.signature)]
        lines += [(name, value) for name, _, value in (line.partition(b": ") for line in asked.more)]
        ours = [value for name, value in lines if name.lower() == b"x-cliq-signature"]
        return tuple(read(value) for value in ours if value is not None)

    return said


def the_secret() -> Scheme:
    signature = lines_of(bare)
    return Scheme(
        "1 secret",
        lambda _: Asked("GET", b"/jobs", signature=SECRET),
        (
            *SIGNATURES,
            unsigned,
            lambda chance, asked: replace(asked, signature=macs_of_others(chance, SECRET, SECRET, ())),
        ),
        signature,
    )


def of_the_body(name: str, spell: Callable[[bytes], bytes]) -> Scheme:
    signature = lines_of(one_spelling)
    return Scheme(
        f"2 {name}",
        lambda chance: _about(chance, lambda body: spell(mac(body))),
        (*SIGNATURES, another_mac, another_body, another_body, another_body, unsigned),
        lambda asked: (signature(asked), asked.body),
    )


def _about(chance: Random, sign: Callable[[bytes], bytes]) -> Asked:
    """A change that makes no jobs: a question in a body that is refused by what it says."""
    body = BODY.replace(b"c=1", b"c=%d" % chance.randrange(10**6))
    return Asked("POST", b"/v1/bulk", body, sign(body))


def of_a_form() -> Scheme:
    signature = lines_of(one_spelling)

    def right(chance: Random) -> Asked:
        return _form([("action", "none"), ("url", f"https://example.com/{chance.randrange(10**6)}")])

    def other_fields(chance: Random, _: Asked) -> Asked:
        fields = [("action", "none"), ("url", f"https://example.com/{chance.randrange(10**6)}")]
        signed = _form(fields)
        made = [*fields]
        at = chance.randrange(len(made))
        name, value = made[at]
        change = chance.randrange(6)
        if change == 0:
            made[at] = (name, value + chance.choice(["x", " ", "\r\n", "/", "\u0430"]))
        elif change == 1:
            made.append((name, f"{value}2"))
        elif change == 2:
            del made[at]
        elif change == 3:
            made.reverse()
        elif change == 4:
            made[at] = (name + "x", value)
        else:
            made.insert(0, ("more", "1"))
        return replace(_form(made), signature=signed.signature)

    def fields_of(asked: Asked) -> Any:
        parts = re.findall(rb'name="([^"]*)"\r\n\r\n(.*?)\r\n--b0', asked.body, re.DOTALL)
        return list(dict(parts).items()), asked.body[:6]

    return Scheme(
        "2 multipart",
        right,
        (*SIGNATURES, other_fields, other_fields, other_fields, other_fields),
        lambda asked: (signature(asked), fields_of(asked)),
    )


def _form(fields: Sequence[tuple[str, str]]) -> Asked:
    parts = [f'--b0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields]
    signed = json.dumps(dict(fields), separators=(",", ":"), ensure_ascii=False).encode()
    body = ("".join(parts) + "--b0--\r\n").encode()
    return Asked("POST", b"/v1/bulk", body, mac(signed).hex().encode())


def of_an_empty_object() -> Scheme:
    signature = lines_of(one_spelling)

    def elsewhere(chance: Random, asked: Asked) -> Asked:
        method = chance.choice(["POST", "DELETE", "PATCH", "PUT"])
        return replace(
            asked, method=method, path=chance.choice([b"/v1/bulk", b"/v1/queues/default", b"/v1/keys/a", b"/v1/jobs/a"])
        )

    def with_a_body(chance: Random, asked: Asked) -> Asked:
        return replace(asked, body=chance.choice([b"{} ", b"{}\n", b"[]", b"x", b" ", b"{}{}", b"\0"]))

    return Scheme(
        "2 {} of a GET",
        lambda _: Asked("GET", b"/jobs", signature=mac(b"{}").hex().encode()),
        (*SIGNATURES, another_mac, elsewhere, with_a_body, unsigned),
        lambda asked: (signature(asked), asked.method == "GET", asked.body),
    )
