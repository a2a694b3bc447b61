"""The pages' web server, a process of its own: every site on a port of its own, all on 127.0.0.1.

It answers ``/__blank__`` on each with an empty page in standards mode: where a component is shown alone. ``{{other}}``
in a page is the address of the npm packages on another port, so another origin.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

BLANK = "/__blank__"
_EMPTY = "<!doctype html><html lang=en><head><meta charset=utf-8><title>Blank</title></head><body></body></html>"
_TYPES = {".xhtml": "application/xhtml+xml", ".mjs": "text/javascript", ".woff2": "font/woff2", ".woff": "font/woff"}
_OPEN = {"Access-Control-Allow-Origin": "*"}


@asynccontextmanager
async def serving(cache: Path, roots: Sequence[str]) -> AsyncIterator[dict[str, str]]:
    """Root → address of its site, like ``http://127.0.0.1:40001``, for as long as the block lasts."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, str(cache), *dict.fromkeys(roots)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def _serve(cache: Path, roots: Sequence[str]) -> None:
    addresses: dict[str, str] = {}
    for root in ("npm", *roots):
        addresses[root] = await _start(cache / root, addresses)
    print(json.dumps(addresses), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)


async def _start(root: Path, addresses: dict[str, str]) -> str:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == BLANK:
            return web.Response(text=_EMPTY, content_type="text/html")
        return _answer(root, request.path, addresses)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


def _answer(root: Path, path: str, addresses: dict[str, str]) -> web.StreamResponse:
    file = root / path.lstrip("/")
    if ".." in file.parts:
        raise web.HTTPNotFound
    if file.is_dir():
        file /= "index.html"
    if not file.is_file():
        raise web.HTTPNotFound
    if file.suffix in (".html", ".htm"):
        text = file.read_text(encoding="utf-8", errors="replace").replace("{{other}}", addresses["npm"])
        return web.Response(text=text, content_type="text/html")
    kind = {"Content-Type": _TYPES[file.suffix]} if file.suffix in _TYPES else {}
    return web.FileResponse(file, headers=_OPEN | kind)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), sys.argv[2:]))
