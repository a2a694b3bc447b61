"""Ways to alter what somebody has signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from random import Random

Alter = Callable[[Random, bytes], bytes]

_LOOK_ALIKES = {
    "a": "\u0430", "e": "\u0435", "o": "\u043e", "c": "\u0441", "p": "\u0440", "A": "\u0391",
    "B": "\u0392", "E": "\u0395", "0": "\uff10", "1": "\uff11", "5": "\u0665", "f": "\uff46",
    "d": "\u0501", "=": "\uff1d", "-": "\u2010", ".": "\u2024", "_": "\uff3f", "s": "\u017f",
    "k": "K", "i": "\u0131",
}  # fmt: skip
_OTHERS = b"0123456789abcdefABCDEFzZ=+/-_.,;:%$ \t\"'{}[]()!\x7f\x80\xa0\xe9\xff"


def flip_a_bit(chance: Random, text: bytes) -> bytes:
    at = chance.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << chance.randrange(8))]) + text[at + 1 :]


def change_a_byte(chance: Random, text: bytes) -> bytes:
    at = chance.randrange(len(text))
    return text[:at] + bytes([chance.choice(_OTHERS)]) + text[at + 1 :]


def leave_out(chance: Random, text: bytes) -> bytes:
    start = chance.randrange(len(text))
    return text[:start] + text[start + chance.randint(1, 4) :]


def cut_off(chance: Random, text: bytes) -> bytes:
    return text[: chance.randrange(len(text))]


def put_in(chance: Random, text: bytes) -> bytes:
    at = chance.randrange(len(text) + 1)
    return text[:at] + bytes(chance.choices(_OTHERS, k=chance.randint(1, 4))) + text[at:]


def add(chance: Random, text: bytes) -> bytes:
    return text + chance.choice(
        [b"=", b"0", b"00", b"A", b".", b"%00", b"%20", b"\\0", text, b"," + text, b";q=1", text[-1:]]
    )


def swap_two(chance: Random, text: bytes) -> bytes:
    letters = list(text)
    one, other = chance.randrange(len(letters)), chance.randrange(len(letters))
    letters[one], letters[other] = letters[other], letters[one]
    return bytes(letters)


def other_case(chance: Random, text: bytes) -> bytes:
    return chance.choice([text.upper(), text.lower(), text.swapcase(), text.title()])


def case_of_some(chance: Random, text: bytes) -> bytes:
    return bytes(chance.choice([letter, ord(chr(letter).swapcase()[:1]) & 0xFF]) for letter in text)


def space(chance: Random, text: bytes) -> bytes:
    at = chance.randrange(1, max(len(text), 2))
    return text[:at] + chance.choice([b" ", b"\t", b"  ", b"\xa0", b"\xe2\x80\x8b", b"+"]) + text[at:]


def look_alike(chance: Random, text: bytes) -> bytes:
    letters = list(text.decode("latin-1"))
    places = [at for at, letter in enumerate(letters) if letter in _LOOK_ALIKES]
    if not places:
        return text + "\N{ZERO WIDTH SPACE}".encode()
    for at in chance.sample(places, min(len(places), chance.randint(1, 3))):
        letters[at] = _LOOK_ALIKES[letters[at]]
    return "".join(letters).encode()


def wrapped(chance: Random, text: bytes) -> bytes:
    before, after = chance.choice(
        [(b'"', b'"'), (b"sha256=sha256=", b""), (b"sha1=", b""), (b"SHA256=", b""), (b"v1,", b""), (b"0x", b""),
         (b"sha256:", b""), (b"Bearer ", b""), (b"'", b"'"), (b"<", b">"), (b"=?utf-8?q?", b"?="), (b"", b"#"),
         (b"*", b"")]
    )  # fmt: skip
    return before + text + after


def escaped(chance: Random, text: bytes) -> bytes:
    at = chance.randrange(len(text))
    return text[:at] + b"%%%02X" % text[at] + text[at + 1 :]


def last_letter(chance: Random, text: bytes) -> bytes:
    """Its last bits are of no byte, in base64."""
    bare = text.rstrip(b"=")
    if not bare:
        return text + b"="
    return bare[:-1] + bytes([max(bare[-1] + chance.choice([-1, 1, 2, 3]), 33)]) + text[len(bare) :]


def backwards(_: Random, text: bytes) -> bytes:
    return text[::-1]


def made_up(chance: Random, text: bytes) -> bytes:
    size = len(text)
    return chance.choice(
        [
            chance.randbytes(size // 2 + 1).hex()[:size].encode(),
            base64.b64encode(chance.randbytes(size))[:size],
            b"0" * size,
            b"A" * size,
            b"",
            b"null",
            b"true",
            b"x" * chance.randint(1, 4_000),
        ]
    )


ALTER: Sequence[Alter] = (
    flip_a_bit, change_a_byte, leave_out, cut_off, put_in, add, swap_two, other_case, case_of_some, space, look_alike,
    wrapped, escaped, backwards, last_letter, made_up,
)  # fmt: skip


def altered(chance: Random, text: bytes) -> bytes:
    """``text`` altered in one way or two, fit for one line of a head."""
    made = chance.choice(ALTER)(chance, text) if text else made_up(chance, b"0" * 64)
    if made and chance.random() < 0.2:
        made = chance.choice(ALTER)(chance, made)
    return bytes(letter for letter in made if letter == 9 or 32 <= letter != 127)


def macs_of_others(chance: Random, secret: bytes, message: bytes, others: Sequence[bytes]) -> bytes:
    """What somebody might take for the signature of ``message`` who has not read how it is made, or has no secret."""
    wrong = chance.choice(
        [secret + b"\n", secret[:-1], secret.upper(), b"", b"testsecret", secret[::-1], hashlib.sha256(secret).digest(),
         secret.hex().encode(), base64.b64encode(secret)]
    )  # fmt: skip
    made: bytes = chance.choice(
        [
            hmac.digest(wrong, message, "sha256"),
            hmac.digest(secret, message, "sha1").ljust(32, b"\0"),
            hmac.digest(secret, message, "sha512")[:32],
            hmac.digest(secret, message, "sha3_256"),
            hmac.digest(secret, message, "sha224").ljust(32, b"\0"),
            hmac.digest(message or b"x", secret, "sha256"),
            hashlib.sha256(secret + message).digest(),
            hashlib.sha256(message + secret).digest(),
            hashlib.sha256(message).digest(),
            *(hmac.digest(secret, other, "sha256") for other in others),
        ]
    )
    return chance.choice([made.hex().encode(), made.hex().upper().encode(), base64.b64encode(made)])


def glue(message: bytes) -> bytes:
    """What SHA-256 puts after ``message`` and a key of one block: a length extension would begin after it."""
    size = len(message) + 64
    return b"\x80" + bytes((55 - size) % 64) + (size * 8).to_bytes(8)
