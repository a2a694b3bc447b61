"""Headers of every answer: what makes a browser careful with it, who may read it, and how much more may be asked."""

from __future__ import annotations

from aiohttp import web

from jobserver.web.cors import cors_headers
from jobserver.web.keys import LIMITS, SETTINGS
from jobserver.web.limiting import allowance_headers

_ALWAYS = {
    "Server": "jobserver",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


async def answer_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Sent with every answer; a page that needs more than nothing brings its own Content-Security-Policy."""
    response.headers.update(_ALWAYS)
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
    if request.app[LIMITS].counting:
        response.headers.update(allowance_headers(request))
    if request.app[SETTINGS].cors_origins:
        cors_headers(request, response)
