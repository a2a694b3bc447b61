"""Headers that make a browser careful with whatever we answer."""

from __future__ import annotations

from aiohttp import web

_ALWAYS = {
    "Server": "jobserver",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


async def security_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Sent with every answer; a page that needs more than nothing brings its own Content-Security-Policy."""
    for name, value in _ALWAYS.items():
        response.headers[name] = value
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
