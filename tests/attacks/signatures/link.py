"""Forgeries of signed links, which open one thing for a while to whoever has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from tests.attacks.signatures.altering import altered
from tests.attacks.signatures.schemes import Asked, Scheme


@dataclass(frozen=True)
class Link:
    """``link``: path and query. ``others``: links to other jobs, for other purposes, and one that has expired."""

    purpose: str
    job: bytes
    link: bytes
    others: Sequence[bytes]

    def scheme(self) -> Scheme:
        """The link as it was made, and all that somebody may make of it."""
        forge = (
            *(self._another_token, self._another_token, self._another_token, self._another_end),
            *(self._another_link, self._elsewhere, self._with_a_page, self._before_it),
        )
        return Scheme(f"link, {self.purpose}", lambda _: Asked("GET", self.link), forge, _meaning)

    @property
    def _path(self) -> bytes:
        return self.link.partition(b"?")[0]

    @property
    def _query(self) -> bytes:
        return self.link.partition(b"?")[2]

    def _with(self, asked: Asked, **members: str) -> Asked:
        """Other members in its query."""
        said = dict(parse_qsl(self._query.decode())) | members
        return replace(asked, path=self._path + b"?" + b"&".join(f"{name}={said[name]}".encode() for name in said))

    def _another_token(self, chance: Random, asked: Asked) -> Asked:
        token = altered(chance, dict(parse_qsl(self._query))[b"token"])
        return self._with(asked, token=re.sub(rb"[\x00-\x20#&%+\x7f-\xff]", b"x", token).decode() or "x")

    def _another_end(self, chance: Random, asked: Asked) -> Asked:
        expires = int(dict(parse_qsl(self._query))[b"expires"])
        made = (
            str(expires + chance.choice([-1, 1]) * chance.randint(1, 10**6)),
            "9" * chance.randint(9, 13),
            *(
                "",
                "0",
                f"-{expires}",
                f"+{expires}",
                f"{expires}.0",
                f"{expires}x",
                f"{expires}%20",
                f"%D9%A1{expires}",
            ),
        )
        return self._with(asked, expires=chance.choice(made))

    def _another_link(self, chance: Random, asked: Asked) -> Asked:
        theirs = dict(parse_qsl(chance.choice(self.others).partition(b"?")[2].decode()))
        return self._with(asked, **{name: theirs[name] for name in chance.choice([("token",), ("token", "expires")])})

    def _elsewhere(self, chance: Random, asked: Asked) -> Asked:
        ours = b"/v1/jobs/" + self.job
        pages = (*(ours + below for below in (b"", b"/result", b"/events", b"/logs")), b"/result/" + self.job)
        others = (b"/v1/jobs", b"/metrics", b"/preview")
        page = chance.choice([each for each in (*pages, *others) if each != self._path])
        return replace(asked, path=page + b"?" + self._query)

    def _with_a_page(self, _: Random, asked: Asked) -> Asked:
        return replace(asked, path=b"/preview?url=https://example.com/&" + self._query)

    def _before_it(self, chance: Random, asked: Asked) -> Asked:
        more = chance.choice([b"token=x&", b"expires=1&", b"token=&", b"expires=9999999999&"])
        return replace(asked, path=self._path + b"?" + more + self._query)


def _meaning(asked: Asked) -> Any:
    page, _, said = asked.path.partition(b"?")
    first = dict(reversed(parse_qsl(said.decode("latin-1"), keep_blank_values=True)))
    end = first.get("expires", "")
    ends = int(end) if end.isascii() and end.isdecimal() else end
    return page, first.get("token"), ends, first.get("jobId"), "url" in first
