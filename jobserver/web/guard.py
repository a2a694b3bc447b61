"""Who is calling, asked before anybody reads what they say.

In this order: the address has requests left → no web page of somebody else's is asking → the body is not too large →
somebody is known to be calling → their key has requests left → they may do this → their signature has not been used →
they have not too much open. Each costs more than the one before.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from multidict import istr

from jobserver.auth import keys, links
from jobserver.auth.mac import to_bytes
from jobserver.auth.signing import Caller, Signed, authenticate, bears, holds_secret
from jobserver.errors import Forbidden, JobNotFound, Unauthorized, Unavailable
from jobserver.jobs.access import EVERYTHING, ApiKey, Scope
from jobserver.web.keys import CREDENTIALS, JOBS, LIMITS, ORIGINS, REPLAYS
from jobserver.web.reading.body import multipart_fields_json
from jobserver.web.reading.incoming import Incoming, at_hand, check_declared
from jobserver.web.route import Call, Route

NOBODY = Caller(owner="", scopes=frozenset())

_SIGNATURE, _TIMESTAMP = istr("x-cliq-signature"), istr("x-cliq-timestamp")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Those that change nothing, but where a handler says otherwise; preflights are among them."""

_UNCOUNTED = frozenset({"/health", "/livez"})
"""Whoever keeps this server alive must never be told that it asks too often."""

_BY_ANY_NAME = _UNCOUNTED | {"/readyz"}
"""They call by whatever address they have."""

_LINKED = frozenset({Scope.READ})


def guarded(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The route's handler behind its guard."""
    counted = route.path not in _UNCOUNTED
    named = route.path not in _BY_ANY_NAME
    looks = route.method in _SAFE

    @functools.wraps(route.handle)
    async def guarded(request: web.Request) -> web.StreamResponse:
        limits = request.app[LIMITS]
        if counted and limits.per_address:
            await limits.admit_address(request)
        origins = request.app[ORIGINS]
        if named:
            origins.check_host(request)
        if not looks:
            origins.refuse_foreign(request)
        bodiless = not request.can_read_body
        if not bodiless:
            check_declared(request)
        # A key can be checked before its holder's body is read; a signature covers the body.
        holder = None if route.scope is None else await _key_holder(request)
        body = b"" if bodiless else at_hand(request)
        if body is not None:
            return await _answer(route, request, body, holder)
        with Incoming(request, limits.source(request) if holder is None else f"owner {holder.owner}") as incoming:
            return await _answer(route, request, await incoming.read(), holder)

    return guarded


async def identify(request: web.Request, body: bytes) -> Caller:
    """Whoever the headers speak for: an API key, else a signature. `Unauthorized` (``missing`` where there is neither).

    For handlers that are open to everybody and ask later.
    """
    return await _key_holder(request) or await _signer(request, body)


async def identify_token(request: web.Request, token: str) -> Caller:
    """Whoever ``token`` is of, which ``request`` does not carry itself: an API key, or one of the shared secrets.

    Under STRICT_HMAC no secret is accepted as it is. `Unauthorized` for anything else; `RateLimited` as for a header.
    """
    if keys.key_id(token) is not None:
        return await _caller_with_key(request, token)
    credentials = request.app[CREDENTIALS]
    if credentials.strict or not holds_secret(to_bytes(token), credentials):
        raise Unauthorized(reason="mismatch")
    return Caller()


def require(caller: Caller, scope: Scope) -> None:
    """Forbidden, naming the scope, to a caller who lacks it."""
    if scope not in caller.scopes:
        raise Forbidden(f"This key lacks the scope {scope}.")


async def _answer(route: Route, request: web.Request, body: bytes, holder: Caller | None) -> web.StreamResponse:
    if route.scope is None:
        return await route.handle(Call(request, body, NOBODY, request.app))
    app = request.app
    limits = app[LIMITS]
    caller = holder or await _identify(route, request, body)
    require(caller, route.scope)
    use = caller.use
    if use is not None and not app[REPLAYS].take(use, app[JOBS].now().timestamp()):
        raise Unauthorized(reason="replayed")
    try:
        limits.enter(caller.owner)
        try:
            return await route.handle(Call(request, body, caller, app))
        finally:
            limits.leave(caller.owner)
    except Unavailable:
        if use is not None:  # whoever is told to try again may send the same once more
            app[REPLAYS].give_back(use)
        raise


async def _identify(route: Route, request: web.Request, body: bytes) -> Caller:
    if route.link is not None and request.query.get("token") and "url" not in request.query:
        return await _follower(request, route.link)  # a link shows one job; submitting a page takes a signature
    return await (_signer_or_queuer if route.job_signature else _signer)(request, body)


async def _key_holder(request: web.Request) -> Caller | None:
    """The caller behind an API key; None for a request that shows none, or that is signed: the signature counts."""
    authorization = request.headers.get(hdrs.AUTHORIZATION)
    if authorization is None or _SIGNATURE in request.headers:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    return await _caller_with_key(request, token.strip())


async def _caller_with_key(request: web.Request, token: str) -> Caller:
    jobs = request.app[JOBS]
    identity = keys.key_id(token)
    key: ApiKey | None = None if identity is None else await jobs.key(identity)
    if key is None or not keys.opens(key, token, jobs.now()):
        raise Unauthorized(reason="key")
    await request.app[LIMITS].admit_key(request, key)
    return Caller(key.owner, scopes=EVERYTHING if Scope.MANAGE in key.scopes else key.scopes, key=key)


async def _signer(request: web.Request, body: bytes) -> Caller:
    forms = multipart_fields_json(body, request.headers.get(hdrs.CONTENT_TYPE)) if body else None
    attempt = Signed(
        method=request.method,
        path=request.raw_path,
        body=body,
        signature=_header(request, _SIGNATURE),
        timestamp=_header(request, _TIMESTAMP),
        alternatives=() if forms is None else (forms,),
    )
    app = request.app
    return authenticate(attempt, app[CREDENTIALS], app[JOBS].now())


async def _signer_or_queuer(request: web.Request, body: bytes) -> Caller:
    try:
        return await _signer(request, body)
    except Unauthorized:
        if request.app[CREDENTIALS].strict:
            raise
        return await _queuer(request)


async def _queuer(request: web.Request) -> Caller:
    try:
        owner, credential = await request.app[JOBS].credential(request.match_info["job_id"])
    except JobNotFound:
        raise Unauthorized(reason="mismatch") from None
    if not bears(_header(request, _SIGNATURE), credential):
        raise Unauthorized(reason="mismatch")
    return Caller(owner=owner, scopes=_LINKED)


async def _follower(request: web.Request, purpose: str) -> Caller:
    query = request.query
    expires = query.get("expires", "")
    moment = int(expires) if expires.isascii() and expires.isdecimal() and len(expires) <= 12 else 0
    job_id = request.match_info.get("job_id") or query.get("jobId", "")
    jobs, secrets = request.app[JOBS], request.app[CREDENTIALS].secrets
    if not links.verify(secrets, purpose, job_id, moment, query["token"], jobs.now()):
        raise Unauthorized("This link is not valid any more.", reason="link")
    owner, _ = await jobs.credential(job_id)
    return Caller(owner=owner, scopes=_LINKED)


def _header(request: web.Request, name: str) -> str | None:
    values = request.headers.getall(name, [])
    return ", ".join(values) if values else None
