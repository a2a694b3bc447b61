"""A small application as a program of its own, so that what it does never shows in the figures of another."""

from __future__ import annotations

import asyncio

from aiohttp import web


async def run(app: web.Application) -> None:
    """Serve on a free port of this machine and print the address."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()
