"""Who is calling, asked before anybody reads what they say."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from jobserver.auth import links
from jobserver.auth.signing import Caller, Signed, authenticate, bears
from jobserver.errors import BodyTooLarge, JobNotFound, RequestTimedOut, Unauthorized
from jobserver.jobs.service import Jobs
from jobserver.web.body import multipart_fields_json
from jobserver.web.keys import CREDENTIALS, JOBS, SETTINGS, WebSettings
from jobserver.web.wire import PREVIEW

_SIGNATURE, _TIMESTAMP = "x-cliq-signature", "x-cliq-timestamp"


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose caller is known: all that a handler is given."""

    request: web.Request
    body: bytes
    caller: Caller

    @property
    def jobs(self) -> Jobs:
        """The service."""
        return self.request.app[JOBS]

    @property
    def settings(self) -> WebSettings:
        """What the web room was told."""
        return self.request.app[SETTINGS]

    @property
    def secret(self) -> str:
        """The secret that signs links: the newest one, empty where there is none."""
        return next(iter(self.request.app[CREDENTIALS].secrets), "")

    @property
    def job_id(self) -> str:
        """The id in the path."""
        return self.request.match_info["job_id"]


CallHandler = Callable[[Call], Awaitable[web.StreamResponse]]
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]
Identify = Callable[[web.Request, bytes], Awaitable[Caller]]


def signed(handler: CallHandler) -> Route:
    """Only for callers who can sign."""
    return _guarded(handler, _signer)


def signed_or_job_signature(handler: CallHandler) -> Route:
    """Also for whoever holds the very signature that queued the job (contract: form 3)."""
    return _guarded(handler, _signer_or_bearer)


def signed_or_link(handler: CallHandler) -> Route:
    """Also for whoever follows a signed preview link."""
    return _guarded(handler, _signer_or_follower)


def _guarded(handler: CallHandler, identify: Identify) -> Route:
    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        body = await _read(request)
        return await handler(Call(request, body, await identify(request, body)))

    return guarded


async def _read(request: web.Request) -> bytes:
    if not request.can_read_body:
        return b""
    settings = request.app[SETTINGS]
    if (request.content_length or 0) > settings.max_body:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(settings.body_timeout):
            body = await request.read()
    except TimeoutError:
        raise RequestTimedOut from None
    if len(body) > settings.max_body:  # inside another application its limit is in force, not ours
        raise BodyTooLarge
    return body


async def _signer(request: web.Request, body: bytes) -> Caller:
    forms = multipart_fields_json(body, request.headers.get("Content-Type"))
    attempt = Signed(
        method=request.method,
        path=request.raw_path,
        body=body,
        signature=_header(request, _SIGNATURE),
        timestamp=_header(request, _TIMESTAMP),
        alternatives=() if forms is None else (forms,),
    )
    return authenticate(attempt, request.app[CREDENTIALS], request.app[JOBS].now())


async def _signer_or_bearer(request: web.Request, body: bytes) -> Caller:
    try:
        return await _signer(request, body)
    except Unauthorized:
        if request.app[CREDENTIALS].strict:
            raise
        return await _bearer(request)


async def _bearer(request: web.Request) -> Caller:
    try:
        owner, credential = await request.app[JOBS].credential(request.match_info["job_id"])
    except JobNotFound:
        raise Unauthorized(reason="mismatch") from None
    if not bears(_header(request, _SIGNATURE), credential):
        raise Unauthorized(reason="mismatch")
    return Caller(owner=owner)


async def _signer_or_follower(request: web.Request, body: bytes) -> Caller:
    query = request.query
    token, expires = query.get("token", ""), query.get("expires", "")
    if not token or "url" in query:  # a link shows one job; submitting a page takes a signature
        return await _signer(request, body)
    jobs, secrets = request.app[JOBS], request.app[CREDENTIALS].secrets
    moment = int(expires) if expires.isdecimal() and len(expires) <= 12 else 0
    job_id = query.get("jobId", "")
    if not links.verify(secrets, PREVIEW, job_id, moment, token, jobs.now()):
        raise Unauthorized("This link is not valid any more.", reason="link")
    owner, _ = await jobs.credential(job_id)
    return Caller(owner=owner)


def _header(request: web.Request, name: str) -> str | None:
    values = request.headers.getall(name, [])
    return ", ".join(values) if values else None
