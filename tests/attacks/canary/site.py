"""The public site in the cage: the page, and whatever of its own site it is led on by."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.attacks.canary import ways_out
from tests.attacks.canary.network import PUBLIC
from tests.attacks.canary.ways_out import DOCUMENTS

HELD = 2.0
"""Seconds that a visit goes on after the page has begun its last attempt: no event says that no packet will come."""


class PublicSite:
    """The page and what it needs of its own site. ``hosts``: where it tries to go."""

    def __init__(self, hosts: list[str]) -> None:
        self.hosts = hosts
        self._tried = asyncio.Event()
        self._app = web.Application()
        self._app.router.add_route("*", "/{path:.*}", self._answer)

    @asynccontextmanager
    async def open(self, directory: Path) -> AsyncIterator[PublicSite]:
        """Listen at the public address."""
        runner = web.AppRunner(self._app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, PUBLIC, 80).start()
        await web.TCPSite(runner, PUBLIC, 443, ssl_context=_certified(directory)).start()
        yield self
        await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name, to = request.path[1:], request.query.get("to", "")
        if name in {"all", "secure"}:
            self._tried.clear()
            pages = {"all": ways_out.page, "secure": ways_out.secure_page}
            return _html(pages[name](self.hosts), ways_out.headers(self.hosts) if name == "all" else [])
        if name == "tried":
            self._tried.set()
        if name == "hold":
            await self._tried.wait()
            await asyncio.sleep(HELD)  # as slow as the page must be held
        return _leading(name, to)


def _leading(name: str, to: str) -> web.Response:
    """What of the public site leads to ``to``."""
    socket = to.replace("http", "ws", 1)
    if name in {"redirect", "main-redirect"}:
        return web.Response(status=302, headers={"Location": to})
    if name in _SCRIPTS:
        return web.Response(text=_SCRIPTS[name].format(to=to, socket=socket), content_type="text/javascript")
    if name == "xslt":
        text = f"<?xml version='1.0'?><?xml-stylesheet type='text/xsl' href='{to}'?><x/>"
        return web.Response(text=text, content_type="text/xml")
    pages = {"plain": "<button>Here</button>", "pop-up": "<img src='{url}'>", "linked": "", **DOCUMENTS}
    headers = {"main-refresh-header": ("Refresh", f"0; url={to}"), "linked": ("Link", f"<{to}>; rel=preload; as=image")}
    if name in pages:
        return _html(pages[name].format(url=to), [headers[name]] if name in headers else [])
    return web.Response(status=204)


_SCRIPTS = {
    "shared.js": "fetch('{to}', {{mode: 'no-cors'}})",
    "shared-websocket.js": "new WebSocket('{socket}')",
    "service.js": "oninstall = e => e.waitUntil(fetch('{to}', {{mode: 'no-cors'}}))",
    "service-import.js": "importScripts('{to}')",
}


def _certified(directory: Path) -> ssl.SSLContext:
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9")
    files = ("-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={PUBLIC}")
    subprocess.run((*new, *files), check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def _html(text: str, headers: Sequence[tuple[str, str]]) -> web.Response:
    response = web.Response(text=f"<!doctype html>{text}", content_type="text/html")
    for name, value in headers:
        response.headers.add(name, value)
    return response
