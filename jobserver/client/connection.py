"""One server, spoken to over HTTP: signed, tried again where that is safe, and understood."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from jobserver.client.refusals import error_of
from jobserver.errors import BadSetting, InvalidRequest, JobserverError, Unavailable
from jobserver.jobs.clock import Clock, WallClock, to_micros

UNIX = "unix:"
_SAFE = frozenset({"GET", "HEAD"})
_CONNECT_WITHIN = 10.0
_NO_CHARACTER = "There is half a surrogate pair in it, which is no character: it cannot be sent."
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read; JobserverError where it is not JSON: something else than a job server answered."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise JobserverError("The answer is not a job server's.") from None


class Connection:
    """Sends requests to ``address`` (see `Client`).

    ``timeout``: seconds of silence after which a request is given up. ``retries``: further tries of a request that was
    refused for now (429, 503), or got no answer where trying again is safe. ``patience``: a server that asks to wait
    for more seconds than this is not asked again.
    """

    def __init__(
        self,
        address: str,
        *,
        secret: str | None,
        api_key: str | None,
        timeout: float,
        retries: int,
        patience: float,
        clock: Clock | None,
    ) -> None:
        path = address.removeprefix(UNIX) if address.startswith(UNIX) else None
        if path is None and not address.startswith(("http://", "https://")):
            raise BadSetting(f"{address!r} is no address of a server: say http://host:port or unix:/path.")
        self._unix = path
        self._base = URL("http://localhost" if path is not None else address.rstrip("/"))
        self._where = address
        self._secret = None if secret is None else secret.encode()
        self._api_key = api_key
        self._timeout = timeout
        self.retries = retries
        self._patience = patience
        self._clock = clock or WallClock()
        self._signed_at = 0
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Let go of all connections."""
        if self._session is not None:
            await self._session.close()

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        wait: float = 0.0,
        repeatable: bool = False,
    ) -> Answer:
        """Send a request until it is answered; raises what the server refused it with, Unavailable without an answer.

        ``body``: sent as JSON. ``wait``: seconds the server may take longer. ``repeatable``: doing it twice does no
        more than doing it once.
        """
        safe = repeatable or method in _SAFE
        for number in range(self.retries + 1):
            try:
                async with self.open(method, path, body, query=query, headers=headers, silence=wait) as answer:
                    return Answer(answer.status, answer.headers, await answer.read())
            except NoAnswer as lost:
                if number == self.retries or not (safe or lost.unsent):
                    raise Unavailable(str(lost)) from lost
                await asyncio.sleep(wait_before(number + 1))
            except Unavailable as refused:
                if number == self.retries or refused.retry_after > self._patience:
                    raise
                await asyncio.sleep(refused.retry_after)
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float = 0.0,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to one try, its body not read yet. ``silence``: seconds beyond ``timeout`` that are no failure."""
        url = self._url(path, query)
        data = b"" if body is None else _encoded(body)
        sent = {**(headers or {}), **self._credentials(method, url, data)}
        if body is not None:
            sent["Content-Type"] = "application/json"
        limits = aiohttp.ClientTimeout(sock_connect=_CONNECT_WITHIN, sock_read=self._timeout + silence)
        try:
            async with self._opened().request(
                method, url, data=data or None, headers=sent, timeout=limits, allow_redirects=False
            ) as answer:
                if answer.status >= 300 and answer.status != 304:
                    raise error_of(answer.status, answer.headers, await answer.read())
                yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(self._where, error) from error

    def _url(self, path: str, query: Mapping[str, str] | None) -> URL:
        try:
            asked = f"?{urlencode(query)}" if query else ""
        except UnicodeEncodeError:
            raise InvalidRequest(_NO_CHARACTER) from None
        text = f"{str(self._base).rstrip('/')}{path}{asked}"
        return URL(text, encoded=True)  # sent exactly as it is signed

    def _credentials(self, method: str, url: URL, data: bytes) -> dict[str, str]:
        if self._api_key is not None:
            return {"Authorization": f"Bearer {self._api_key}"}
        if self._secret is None:
            return {}
        stamp = self._stamp()
        message = f"{stamp}.{method}.{url.raw_path_qs}.".encode() + data
        signature = hmac.new(self._secret, message, hashlib.sha256).hexdigest()
        return {"x-cliq-timestamp": stamp, "x-cliq-signature": signature}

    def _stamp(self) -> str:
        """Unix seconds, never the same twice: a signature is good for one change, and equal requests are two."""
        self._signed_at = max(to_micros(self._clock.now()), self._signed_at + 1)
        seconds, micros = divmod(self._signed_at, 1_000_000)
        return (
            f"{seconds}.{micros:06}{secrets.randbelow(1_000):03}"  # chance: for whoever else signs in this microsecond
        )

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:  # made here: it belongs to the loop that uses it
            connector = aiohttp.UnixConnector(self._unix) if self._unix is not None else aiohttp.TCPConnector()
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=True)
        return self._session


def _encoded(body: Any) -> bytes:
    try:
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidRequest(_NO_CHARACTER) from None


def wait_before(number: int) -> float:
    """Seconds before try number ``number`` + 1 of something that got no answer."""
    return min(_FIRST_WAIT * 2.0 ** (number - 1), _LONGEST_WAIT)


class NoAnswer(Exception):
    """The server did not answer. ``unsent``: it cannot have heard the request."""

    def __init__(self, where: str, error: Exception) -> None:
        super().__init__(f"No answer from {where}: {str(error) or type(error).__name__}")
        self.unsent = isinstance(error, aiohttp.ClientConnectorError)
