"""Which web pages of other origins may call (Fetch Standard, CORS protocol): none unless a setting names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from aiohttp import web

from jobserver.web.keys import SETTINGS
from jobserver.web.origins import ANY
from jobserver.web.route import Call, Handle, Route

REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "Range",
    "X-Request-Id",
    "traceparent",
    "x-cliq-signature",
    "x-cliq-timestamp",
)
"""What a page may send beside the plain headers."""

RESPONSE_HEADERS = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
)
"""What a page may read beside the plain headers."""

_ORIGIN = re.compile(r"https?://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_REMEMBER = "600"


def parse_origins(texts: Collection[str]) -> frozenset[str]:
    """Origins as a browser sends them, or ``*`` alone; ValueError names one that no browser ever sends."""
    origins = frozenset(texts)
    if ANY in origins and len(origins) > 1:
        raise ValueError("say * or name origins, not both")
    for origin in origins - {ANY}:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin: say https://example.com, without a path, in lower case")
    return origins


def preflights(routes: Sequence[Route]) -> list[Route]:
    """A route for OPTIONS at each address of ``routes``: it tells a browser what its page may ask there."""
    methods: dict[str, list[str]] = {}
    for route in routes:
        methods.setdefault(route.path, []).append(route.method)
    return [Route("OPTIONS", path, _preflight(sorted(known))) for path, known in methods.items()]


def cors_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Let the page that asked read the answer, if its origin is named."""
    origins = request.app[SETTINGS].cors_origins
    if ANY not in origins:
        response.headers.add("Vary", "Origin")
    allowed = _allowed(request, origins)
    if allowed is not None:
        response.headers["Access-Control-Allow-Origin"] = allowed
        response.headers["Access-Control-Expose-Headers"] = ", ".join(RESPONSE_HEADERS)


def _preflight(methods: Sequence[str]) -> Handle:
    async def preflight(call: Call) -> web.Response:
        headers = {"Allow": ", ".join(methods)}
        if _allowed(call.request, call.settings.cors_origins) is not None:
            headers["Access-Control-Allow-Methods"] = ", ".join(methods)
            headers["Access-Control-Allow-Headers"] = ", ".join(REQUEST_HEADERS)
            headers["Access-Control-Max-Age"] = _REMEMBER
        return web.Response(status=204, headers=headers)

    return preflight


def _allowed(request: web.Request, origins: Collection[str]) -> str | None:
    origin = request.headers.get("Origin")
    if origin is None:
        return None
    if ANY in origins:
        return ANY
    return origin if origin in origins else None
