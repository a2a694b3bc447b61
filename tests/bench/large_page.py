"""A page of 20 MB: 18,000 rows of text, a link and a button each."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.bench.serving import run

ROW = f"<div class='row'><a href='/x'>Name</a><p>{'Some words of text. ' * 50}</p><button>Buy</button></div>\n"
PAGE = f"<html><body><nav><a href='/a'>One</a></nav>{ROW * (20_000_000 // len(ROW))}</body></html>".encode()


async def large(_: web.Request) -> web.Response:
    return web.Response(body=PAGE, content_type="text/html")


def large_app() -> web.Application:
    app = web.Application()
    app.router.add_get("/large", large)
    return app


if __name__ == "__main__":
    asyncio.run(run(large_app()))
