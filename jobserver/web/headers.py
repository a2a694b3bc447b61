"""Headers of every answer: what makes a browser careful with it, who may read it, and how much more may be asked."""

from __future__ import annotations

from aiohttp import web

from jobserver.logs import REQUEST_ID
from jobserver.web.cors import cors_headers
from jobserver.web.keys import LIMITS, SETTINGS
from jobserver.web.limiting import allowance_headers

REQUEST_ID_HEADER = "X-Request-Id"
"""Every answer says which request it is of."""

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
    app = request.app
    be_careful(response)
    if app[LIMITS].counting:
        response.headers.update(allowance_headers(request))
    if app[SETTINGS].cors_origins:
        cors_headers(request, response)


def be_careful(response: web.StreamResponse) -> None:
    """The headers that no answer goes without."""
    response.headers.update(_ALWAYS)
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
    response.headers[REQUEST_ID_HEADER] = REQUEST_ID.get()
