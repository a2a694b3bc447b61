"""API keys, for those who manage: make one, see them all, take one back."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from jobserver.auth.keys import MOST_JOBS, MOST_REQUESTS, OWNER, new_key, read_scopes
from jobserver.jobs.access import ApiKey, Scope
from jobserver.jobs.clock import to_wire
from jobserver.web.reading.json_body import no_members, read_json
from jobserver.web.reading.members import YEAR, Members, seconds, text, whole
from jobserver.web.reading.query import only
from jobserver.web.route import Call
from jobserver.web.wire import dumps

_KNOWN = ("owner", "scopes", "name", "rate", "quota", "expiresIn")
_UNREAD = {"Cache-Control": "private, no-store"}


async def create(call: Call) -> web.Response:
    """``POST /v1/keys``: make a key; this answer alone holds its token."""
    only(call.request)
    members = Members(read_json(call), _KNOWN)
    owner, scopes = members.need("owner", _owner), members.need("scopes", _scopes)
    name = members.take("name", text(100))
    rate, quota = members.take("rate", whole(1, MOST_REQUESTS)), members.take("quota", whole(0, MOST_JOBS))
    lifetime = members.take("expiresIn", seconds(1, 10 * YEAR))
    members.check()
    now = call.jobs.now()
    key, token = new_key(
        owner or "",
        scopes or (),
        now,
        name=name or "",
        rate=rate,
        quota=quota,
        expires_at=None if lifetime is None else now + lifetime,
    )
    await call.jobs.put_key(key)
    return _answer({"token": token} | _shown(key), status=201)


async def listing(call: Call) -> web.Response:
    """``GET /v1/keys``: every key, in the order they were made, without anything that opens one."""
    only(call.request)
    return _answer({"keys": [_shown(key) for key in await call.jobs.keys()]})


async def revoke(call: Call) -> web.Response:
    """``DELETE /v1/keys/{keyId}``: take a key back; its owner's jobs stay."""
    only(call.request)
    no_members(call)
    await call.jobs.remove_key(call.request.match_info["key_id"])
    return web.Response(status=204)


def _owner(value: Any) -> str:
    if not isinstance(value, str) or not OWNER.fullmatch(value):
        raise ValueError("must be 1 to 64 letters, digits and . _ @ -, the first of them a letter or a digit")
    return value


def _scopes(value: Any) -> frozenset[Scope]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError("must be an array of strings")
    try:
        return read_scopes(value)
    except ValueError:
        raise ValueError(f"must be one or more of {', '.join(Scope)}") from None


def _shown(key: ApiKey) -> dict[str, Any]:
    members = {
        "keyId": key.id,
        "owner": key.owner,
        "scopes": [scope for scope in Scope if scope in key.scopes],
        "name": key.name or None,
        "rate": key.rate,
        "quota": key.quota,
        "createdAt": to_wire(key.created_at),
        "expiresAt": None if key.expires_at is None else to_wire(key.expires_at),
    }
    return {name: value for name, value in members.items() if value is not None}


def _answer(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(status=status, body=dumps(body), content_type="application/json", headers=_UNREAD)
