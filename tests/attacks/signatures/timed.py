"""Forgeries of signatures with a timestamp: form 4 of the contract."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from tests.attacks.signatures.altering import altered
from tests.attacks.signatures.schemes import (
    BODY,
    SIGNATURES,
    Asked,
    Scheme,
    another_body,
    another_mac,
    bare,
    lines_of,
    mac,
    one_spelling,
    unsigned,
)


@dataclass
class Timed:
    """``now``: the server's time in unix seconds."""

    now: Callable[[], float]
    jobs: Sequence[bytes] = ()
    number: int = field(default=0)

    def sign(self, method: str, path: bytes, body: bytes = b"", at: float = 0.0) -> Asked:
        """A request signed ``at`` seconds from now."""
        self.number += 1
        stamp = f"{int(self.now() + at)}.{self.number:09}".encode()
        message = b"%b.%b.%b.%b" % (stamp, method.encode(), path, body)
        return Asked(method, path, body, mac(message).hex().encode(), stamp)

    def right(self, chance: Random) -> Asked:
        """Some change or look."""
        if chance.random() < 0.5:
            return self.sign("GET", b"/v1/jobs/%b?a=0.5" % chance.choice(self.jobs))
        return self.sign("POST", b"/v1/bulk?b=2", BODY)

    def scheme(self) -> Scheme:
        """The fourth way."""
        signature = lines_of(one_spelling)
        forge = (
            *SIGNATURES,
            another_mac,
            another_body,
            another_body,
            unsigned,
            another_time,
            self._stale,
            another_path,
            another_path,
            another_method,
            without_its_time,
            divided_anew,
            self._used,
        )
        return Scheme(
            "4 timed",
            self.right,
            forge,
            lambda asked: (signature(asked), bare(asked.timestamp), asked.method, asked.path, asked.body, asked.more),
        )

    def _stale(self, chance: Random, asked: Asked) -> Asked:
        away = chance.choice([-1, 1]) * (302 + chance.random() * 10.0 ** chance.randint(0, 8))
        return self.sign(asked.method, asked.path, asked.body, max(away, -self.now()))

    def _used(self, chance: Random, _: Asked) -> Asked:
        made = bytes.fromhex((self.used.signature or b"").decode())
        spelt = chance.choice([made.hex().encode(), made.hex().upper().encode(), base64.b64encode(made)])
        return replace(self.used, signature=chance.choice([b"", b"sha256="]) + spelt)

    used: Asked = field(default_factory=lambda: Asked("GET", b"/"))
    """A change that the server has let in: no spelling of it is let in again."""


def another_time(chance: Random, asked: Asked) -> Asked:
    stamp = asked.timestamp or b""
    seconds = int(stamp.partition(b".")[0])
    near = b"%d" % (seconds + chance.randint(-299, 299))
    other = chance.choice(
        [altered(chance, stamp), near, near + b".5", stamp[:-1], stamp + b"0", stamp[:10], b"0" + stamp]
    )
    return replace(asked, timestamp=other)


def without_its_time(chance: Random, asked: Asked) -> Asked:
    """As the signature of a body: what was signed is sent as one."""
    message = b"%b.%b.%b.%b" % (asked.timestamp or b"", asked.method.encode(), asked.path, asked.body)
    return replace(asked, method="POST", path=b"/v1/bulk", timestamp=None, body=chance.choice([message, asked.body]))


def another_path(chance: Random, asked: Asked) -> Asked:
    path = asked.path
    at = chance.randrange(1, len(path))
    other = chance.choice(
        [
            path + chance.choice([b"&a=1", b"?", b"#", b"/", b"%20", b"."]),
            path.partition(b"?")[0],
            path[:at] + b"%%%02X" % path[at] + path[at + 1 :],
            path.replace(b"/v1", b"/v1/.", 1),
            path.replace(b"=", b"=1", 1),
            b"/v1/jobs",
            b"/v1/keys",
            b"/jobs",
            b"/v1/bulk",
            b"/result/job-1-a",
        ]
    )
    return replace(asked, path=other)


def another_method(chance: Random, asked: Asked) -> Asked:
    method = chance.choice([each for each in ("GET", "POST", "DELETE", "PATCH") if each != asked.method])
    return replace(
        asked, method=method, path=chance.choice([asked.path, asked.path, b"/v1/jobs", b"/v1/queues/default"])
    )


def divided_anew(chance: Random, asked: Asked) -> Asked:
    """The same text that was signed, with another dot between the path and the body."""
    text = asked.path + b"." + asked.body
    dots = [at for at, letter in enumerate(text) if letter == ord(".")]
    at = chance.choice(dots)
    path = bytes(letter for letter in text[:at] if 32 < letter != 127)
    return replace(asked, path=path, body=text[at + 1 :])
