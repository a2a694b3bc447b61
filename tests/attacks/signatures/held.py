"""Forgeries of what is handed out to be sent again: a job's own signature (form 3) and API keys (form 6)."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from tests.attacks.signatures.altering import altered
from tests.attacks.signatures.schemes import SIGNATURES, Asked, Scheme, another_mac, bare, lines_of, unsigned


def of_a_job(job: bytes, signature: bytes, other: bytes, message: bytes) -> Scheme:
    """``other``: a job that another signature has made. ``message``: what ``signature`` was made over."""
    known = lines_of(bare)

    def elsewhere(chance: Random, asked: Asked) -> Asked:
        method, path = chance.choice(
            [
                ("GET", b"/result/" + other),
                ("GET", b"/v1/jobs/" + job),
                ("DELETE", b"/v1/jobs/" + job),
                ("GET", b"/jobs"),
                ("POST", b"/v1/jobs/" + job + b"/cancel"),
                ("GET", b"/v1/jobs/" + job + b"/events"),
                ("GET", b"/result/" + job[:-1]),
                ("GET", b"/result/" + other + b"?x=" + job),
                ("GET", b"/preview?jobId=" + job),
            ]
        )
        return replace(asked, method=method, path=path)

    def as_a_body(_: Random, asked: Asked) -> Asked:
        return replace(asked, method="POST", path=b"/v1/bulk", body=message)

    return Scheme(
        "3 a job's own",
        lambda _: Asked("GET", b"/result/" + job, signature=signature),
        (*SIGNATURES, another_mac, elsewhere, elsewhere, as_a_body, unsigned),
        lambda asked: (known(asked), asked.method, asked.path),
    )


def of_a_key(token: bytes, other: bytes) -> Scheme:
    """``other``: the token of another key."""

    def another_token(chance: Random, asked: Asked) -> Asked:
        return replace(asked, bearer=b"Bearer " + altered(chance, token))

    def another_line(chance: Random, asked: Asked) -> Asked:
        return replace(asked, bearer=altered(chance, asked.bearer or b""))

    def mixed(chance: Random, asked: Asked) -> Asked:
        mine, theirs = token.split(b"_", 2), other.split(b"_", 2)
        return replace(
            asked,
            bearer=b"Bearer " + b"_".join(chance.choice([(b"jsk", mine[1], theirs[2]), (b"jsk", theirs[1], mine[2])])),
        )

    def elsewhere(chance: Random, asked: Asked) -> Asked:
        line = chance.choice(
            [b"x-cliq-signature: ", b"Cookie: token=", b"X-Api-Key: ", b"Proxy-Authorization: Bearer "]
        )
        return replace(asked, bearer=None, more=(line + token,))

    def in_the_address(chance: Random, asked: Asked) -> Asked:
        return replace(
            asked, bearer=None, path=b"/v1/jobs?" + chance.choice([b"token=", b"access_token=", b"key="]) + token
        )

    def meaning(asked: Asked) -> Any:
        kind, _, rest = bare(asked.bearer).partition(b" ")
        return kind.lower(), rest.strip(), asked.more, asked.path

    forge = (another_token, another_token, another_token, another_line, mixed, elsewhere, in_the_address)
    return Scheme("6 API key", lambda _: Asked("GET", b"/v1/jobs", bearer=b"Bearer " + token), forge, meaning)
