"""The URLs that must be refused, those that must not, and what a name server says of their names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jobserver.egress.policy import UrlPolicy

_DATA = Path(__file__).parents[2] / "data"
_PUBLIC = "93.184.215.14"


@dataclass(frozen=True)
class Bad:
    """A URL to refuse. ``answers``: of the name server, where the badness is in them."""

    url: str
    kind: str
    why: str
    answers: tuple[str, ...] = ()

    @property
    def policy(self) -> UrlPolicy:
        """The one that must refuse it."""
        return UrlPolicy(allowed_domains=("example.com",) if self.kind == "allowlist" else None)

    @property
    def rebinds(self) -> bool:
        """Whether its name server says one thing first and another then."""
        return "THEN" in self.answers

    @property
    def authority(self) -> str:
        """What a CONNECT would name: host and port, as crudely as an attacker would cut them out."""
        after = self.url.partition("://")[2]
        authority = after.partition("/")[0]
        return authority if authority.rpartition(":")[2].isdigit() else f"{authority}:80"

    @property
    def lies_in_its_host(self) -> bool:
        """Whether it is still bad when only its host and port are left."""
        return self.kind != "scheme" and len(self.url) < 4_000

    @property
    def fits_into_a_header(self) -> bool:
        """Whether it can stand in a ``Location``."""
        return bool(self.url.strip()) and not set(self.url) & set("\r\n\t\x00")

    @property
    def is_nowhere(self) -> bool:
        """Whether its name has no address at all."""
        return self.answers == ("NXDOMAIN",)

    @property
    def proxy_may_say(self) -> set[int]:
        """The statuses that turn it away."""
        return {400, 403, 502} if self.is_nowhere else {400, 403}

    @property
    def is_bad_as_a_base(self) -> bool:
        """Whether what is found relative to it is bad too: not when the badness is in its path or its fragment."""
        return not self.url.startswith(("http://example.com/", "http://example.com#"))

    @property
    def fits_into_a_page(self) -> bool:
        """Whether a page can say it: of a URL in several lines, browsers read another one, which may be good."""
        return "\n" not in self.url

    async def lookup(self, _host: str, _port: int) -> Sequence[str]:
        """What its name server says: a public address unless the list says otherwise."""
        if self.is_nowhere:
            raise OSError("Name or service not known")
        return self.answers or [_PUBLIC]


def bad_urls() -> list[Bad]:
    """All of ``bad_urls.json``."""
    listed = json.loads((_DATA / "bad_urls.json").read_text("utf-8"))
    return [Bad(each["url"], each["class"], each["why"], tuple(each.get("dns", ()))) for each in listed]


def good_urls() -> list[str]:
    """All of ``good_urls.json``."""
    return [each["url"] for each in json.loads((_DATA / "good_urls.json").read_text("utf-8"))]


def in_markup(url: str) -> str:
    """``url`` as the value of an attribute."""
    return "".join(f"&#{ord(each)};" if each in "\"'<>&\r\n\t" else each for each in url)


def in_header(url: str) -> bytes:
    """``url`` as the value of a header."""
    return url.encode("utf-8") if url.isascii() else quote(url, safe=":/?#[]@!$&'()*+,;=%").encode()
