"""Headers of every answer: what makes a browser careful with it, who may read it, and how much more may be asked."""

from __future__ import annotations

from aiohttp import hdrs, web
from multidict import istr

from jobserver.logs import REQUEST_ID
from jobserver.web.cors import cors_headers
from jobserver.web.keys import LIMITS, SETTINGS
from jobserver.web.limiting import allowance_headers

REQUEST_ID_HEADER = istr("X-Request-Id")
"""Every answer says which request it is of."""

_ALWAYS = {
    hdrs.SERVER: "jobserver",
    istr("X-Content-Type-Options"): "nosniff",
    istr("Referrer-Policy"): "no-referrer",
    istr("X-Frame-Options"): "DENY",
    istr("Cross-Origin-Resource-Policy"): "same-origin",
}
"""With names of the type that a set of headers keeps: of any other it makes a new one for each answer."""

_POLICY = istr("Content-Security-Policy")
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
"""In a sandbox as well: a file that a job kept, or a browser that guesses types, is then of no origin at all."""

PAGE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "autoplay=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
    "X-DNS-Prefetch-Control": "off",
}
"""What an HTML page of ours is sent with, beside its own Content-Security-Policy.

Who opened it, or is opened by it, cannot reach it; it uses no device; and no name in it is looked up before a click.
"""


async def answer_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Sent with every answer; a page that needs more than nothing brings its own Content-Security-Policy.

    Strict-Transport-Security is for whoever ends the encryption to say: this server speaks plain HTTP.
    """
    app = request.app
    be_careful(response)
    if app[LIMITS].counting:
        response.headers.update(allowance_headers(request))
    if app[SETTINGS].cors_origins:
        cors_headers(request, response)


def be_careful(response: web.StreamResponse) -> None:
    """The headers that no answer goes without."""
    headers = response.headers
    headers.update(_ALWAYS)
    headers.setdefault(_POLICY, _NOTHING)
    headers.setdefault(hdrs.CACHE_CONTROL, "private, no-store")
    headers[REQUEST_ID_HEADER] = REQUEST_ID.get()
