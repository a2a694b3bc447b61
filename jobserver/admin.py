"""An operator at a shell: the API keys of a running server made, listed and taken back over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from jobserver.auth.keys import OWNER, entry_of, new_key, read_entries, read_scopes
from jobserver.auth.mac import Mac, to_bytes
from jobserver.errors import BadSetting, JobserverError, Unavailable
from jobserver.jobs.clock import Clock

_WITHIN = 10.0
_UNIX = "unix:"


class Admin:
    """A running server as its operator reaches it.

    ``url``: ``http://host:port`` with the path where it is mounted, ``https://…``, or ``unix:/path``. ``secret``: signs
    every request with its time, so that this works under STRICT_HMAC. Each method raises JobserverError with what the
    server said, or Unavailable when it said nothing.
    """

    def __init__(self, url: str, secret: str, clock: Clock) -> None:
        parts = urlsplit(url)
        if not (parts.scheme in {"http", "https"} and parts.hostname) and not url.startswith(f"{_UNIX}/"):
            raise BadSetting(f"{url!r} is no address of a server: say http://host:port or unix:/path.")
        self._url = url
        self._prefix = "" if url.startswith(_UNIX) else parts.path.rstrip("/")
        self._mac = Mac(to_bytes(secret))
        self._clock = clock

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Make a key: the members of ``POST /v1/keys``, and of its answer."""
        return self._ask("POST", "/v1/keys", json.dumps(asked).encode())

    def keys(self) -> list[dict[str, Any]]:
        """Every key."""
        keys: list[dict[str, Any]] = self._ask("GET", "/v1/keys")["keys"]
        return keys

    def revoke(self, key_id: str) -> None:
        """Take a key back."""
        self._ask("DELETE", f"/v1/keys/{quote(key_id, safe='')}")

    def _ask(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        connection = _connect(self._url)
        target = self._prefix + path
        try:
            connection.request(method, target, body or None, self._headers(method, target, body))
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, UnicodeError, http.client.HTTPException) as error:
            reason = "it does not speak HTTP" if isinstance(error, http.client.HTTPException) else error
            raise Unavailable(f"No answer from {self._url}: {reason}.") from error
        finally:
            connection.close()
        return _read(answer.status, text)

    def _headers(self, method: str, target: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock.now().timestamp()))
        signature = self._mac.digest(to_bytes(f"{timestamp}.{method}.{target}."), body).hex()
        headers = {"x-cliq-timestamp": timestamp, "x-cliq-signature": signature}
        return headers | {"Content-Type": "application/json"} if body else headers


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_WITHIN)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def offline(owner: str, scopes: Sequence[str], now: datetime, rate: int | None, quota: int | None) -> tuple[str, str]:
    """(the token of a new key, its entry for the setting API_KEYS), made without any server. Raises BadSetting."""
    if not OWNER.fullmatch(owner):
        raise BadSetting("The owner must be 1 to 64 letters, digits and . _ @ -.")
    try:
        key, token = new_key(owner, read_scopes(scopes), now, rate=rate, quota=quota)
        read_entries(entry_of(key), now)
    except ValueError as error:
        raise BadSetting(f"There can be no such key: {error}.") from None
    return token, entry_of(key)


def table(keys: Sequence[dict[str, Any]]) -> str:
    """The keys for people to read, one a line."""
    columns = ("keyId", "owner", "scopes", "rate", "quota", "createdAt", "expiresAt", "name")
    rows = [columns, *(tuple(_cell(key.get(column)) for column in columns) for key in keys)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(columns))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return ",".join(value) if isinstance(value, list) else str(value)


def _connect(url: str) -> http.client.HTTPConnection:
    if url.startswith(_UNIX):
        return _UnixConnection(url.removeprefix(_UNIX))
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_WITHIN)


def _read(status: int, text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text) if text else {}
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unavailable(f"What answers there is no jobserver: HTTP {status}.")
    if status >= 400:
        raise JobserverError(f"HTTP {status}: {answer.get('error', 'no reason given')}")
    return answer
