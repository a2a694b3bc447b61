"""Fetch a page and what it needs, within bounds: time, bytes, requests, redirects, and the URL policy at each hop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import aiohttp
from yarl import URL

from jobserver.egress.gate import Admitted, Gate
from jobserver.egress.pinned import PinnedConnector, PinnedResolver
from jobserver.egress.policy import Target
from jobserver.errors import PageStatus, PageTooLarge, PageUnreachable, UrlRefused

USER_AGENT = "Mozilla/5.0 (compatible; jobserver)"
ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.1"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 65_536

# The first that fits. Never the exception's own text: it names addresses inside our network.
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "The page's certificate could not be verified."),
    (aiohttp.ClientSSLError, "A secure connection to the page could not be made."),
    (TimeoutError, "The page's server did not accept a connection in time."),
    (aiohttp.ClientConnectorError, "The page's server did not accept a connection."),
    (aiohttp.ClientPayloadError, "The page's answer is broken or incomplete."),
    (aiohttp.ServerDisconnectedError, "The page's server closed the connection without an answer."),
    (aiohttp.ClientOSError, "The connection to the page was lost."),
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of one extraction.

    ``max_bytes``: one body, after decompression; ``max_total_bytes``: all bodies. ``max_requests``: all hops.
    ``time_limit``: seconds for one `Fetcher.get`, redirects included; ``connect_limit``: of these for one connection,
    TLS included. ``max_header``: bytes of one header line. ``max_redirects``: in a row.
    """

    max_bytes: int = 20_000_000
    max_total_bytes: int = 32_000_000
    max_requests: int = 64
    time_limit: float = 20.0
    connect_limit: float = 10.0
    max_header: int = 32_768
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body and where it came from.

    ``url``: after redirects. ``content_type``: lower case, without parameters; empty when not declared.
    ``charset``: as declared in the header, lower case, not checked. ``body``: decompressed.
    """

    url: str
    status: int
    content_type: str
    charset: str | None
    body: bytes


class Fetcher:
    """Fetches for one extraction, over one session, where ``gate`` lets it. Use it as ``async with``.

    It sends no cookies, follows no proxy of the environment and verifies certificates.
    """

    def __init__(self, gate: Gate, limits: FetchLimits | None = None, *, user_agent: str = USER_AGENT) -> None:
        self._gate = gate
        self._limits = limits or FetchLimits()
        self._user_agent = user_agent
        self._requests_left = self._limits.max_requests
        self._bytes_left = self._limits.max_total_bytes

    async def __aenter__(self) -> Self:
        self._pins = PinnedResolver()
        self._session = aiohttp.ClientSession(
            connector=PinnedConnector(self._pins),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect_limit),
            trust_env=False,
            max_line_size=self._limits.max_header,
            max_field_size=self._limits.max_header,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, url: str, *, base: str | None = None, accept: str = ACCEPT_PAGE) -> Fetched:
        """GET ``url``, which may be relative to ``base`` where one is given, and follow its redirects.

        Raises UrlRefused (at any hop), PageTooLarge, PageStatus (4xx, too many redirects) and PageUnreachable
        (5xx, 429, no connection, no answer in time, an answer that is not HTTP).
        """
        try:
            async with asyncio.timeout(self._limits.time_limit):
                return await self._follow(url, base, accept)
        except TimeoutError as error:
            raise PageUnreachable(f"The page took longer than {self._limits.time_limit:g} seconds.") from error

    async def _follow(self, url: str, base: str | None, accept: str) -> Fetched:
        for _ in range(1 + self._limits.max_redirects):
            admitted = await self._gate.admit(url, base=base)
            answer = await self._visit(admitted, accept)
            if isinstance(answer, Fetched):
                return answer
            url, base = answer, admitted.target.url
        raise PageStatus(f"The page redirects more than {self._limits.max_redirects} times.")

    async def _visit(self, admitted: Admitted, accept: str) -> Fetched | str:
        """What is there, or where it redirects to."""
        self._count_request()
        self._pins.pin(admitted.target.host, admitted.target.port, admitted.addresses)
        try:
            return await self._get(admitted.target, accept)
        except UrlRefused as refused:  # by the connection itself: it led elsewhere
            self._gate.refusals.note(refused.url, refused.stage)
            raise

    async def _get(self, target: Target, accept: str) -> Fetched | str:
        # encoded=True: yarl would decode and encode again, and the policy has not seen the outcome.
        url = URL(target.url.partition("#")[0], encoded=True)
        with _plain_words():
            async with self._session.get(url, headers={"Accept": accept}, allow_redirects=False) as response:
                location = response.headers.get("Location")
                if response.status in _REDIRECTS and location:
                    return location
                _check_status(response.status)
                return _fetched(target, response, await self._read(response))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        declared = response.content_length or 0
        self._check_size(declared, self._bytes_left - declared)
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            self._bytes_left -= len(chunk)
            self._check_size(len(body), self._bytes_left)
        return bytes(body)

    def _check_size(self, size: int, left: int) -> None:
        if size > self._limits.max_bytes:
            raise PageTooLarge(f"The page is larger than {self._limits.max_bytes:,} bytes.")
        if left < 0:
            raise PageTooLarge(f"The page and its parts are larger than {self._limits.max_total_bytes:,} bytes.")

    def _count_request(self) -> None:
        if self._requests_left == 0:
            raise PageTooLarge(f"The page needs more than {self._limits.max_requests} requests.")
        self._requests_left -= 1


async def fetch(
    url: str,
    *,
    gate: Gate,
    limits: FetchLimits | None = None,
    accept: str = ACCEPT_PAGE,
    user_agent: str = USER_AGENT,
) -> Fetched:
    """One `Fetcher.get` with a session of its own. Raises the same."""
    async with Fetcher(gate, limits, user_agent=user_agent) as fetcher:
        return await fetcher.get(url, accept=accept)


def _fetched(target: Target, response: aiohttp.ClientResponse, body: bytes) -> Fetched:
    charset = response.charset
    return Fetched(
        url=target.url,
        status=response.status,
        content_type=response.content_type.lower() if "Content-Type" in response.headers else "",
        charset=charset.lower() if charset else None,
        body=body,
    )


def _check_status(status: int) -> None:
    if status == 429 or status >= 500:
        raise PageUnreachable(f"The page answered {status}.")
    if status >= 400:
        raise PageStatus(f"The page answered {status}.")


@contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        fits = (sentence for kind, sentence in _SENTENCES if isinstance(error, kind))
        raise PageUnreachable(next(fits, "The page's answer could not be understood.")) from error
