"""``keys``: API keys of a running server made, listed and taken back, and keys made without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from jobserver.auth.keys import OWNER, entry_of, new_key, read_entries, read_scopes
from jobserver.client import SyncClient
from jobserver.errors import BadSetting
from jobserver.logs import visible

_COLUMNS = ("keyId", "owner", "scopes", "rate", "quota", "createdAt", "expiresAt", "name")


def create(client: SyncClient, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make a key: the members of ``POST /v1/keys``, and of its answer. Members that are None are left out."""
    said = {name: value for name, value in asked.items() if value is not None}
    made: dict[str, Any] = client.request("POST", "/v1/keys", said)
    return made


def listed(client: SyncClient) -> str:
    """Every key for people to read, one a line."""
    rows = [_COLUMNS, *(tuple(_cell(key.get(column)) for column in _COLUMNS) for key in _keys(client))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def revoke(client: SyncClient, key_id: str) -> None:
    """Take a key back."""
    client.request("DELETE", f"/v1/keys/{quote(key_id, safe='')}")


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


def _keys(client: SyncClient) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = client.request("GET", "/v1/keys")["keys"]
    return keys


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return visible(",".join(map(str, value)) if isinstance(value, list) else str(value))
