"""Keeps the font files that the components of a page use, as the browser has them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from jobserver.errors import PageError
from jobserver.extract.browser.cdp import Params, ProtocolError
from jobserver.extract.browser.page import Page
from jobserver.extract.browser.scope import scope
from jobserver.extract.font_files import MAX_ADDRESS, MAX_BYTES, MAX_FAMILY, MAX_FILES, ending_of, files_of
from jobserver.extract.model import Extraction, FontFile

Keep = Callable[[str, str, bytes], None]


@asynccontextmanager
async def keeping_fonts(page: Page, extraction: Extraction, keep: Keep, *, time_limit: float) -> AsyncIterator[None]:
    """Give ``keep`` the font files of the components while the block does something else, and name them in the result.

    ``keep``: gets them as ``font-<number>.woff2`` or what else they are. ``time_limit``: seconds; what was not there by
    then is left out. A page without fonts of its own costs nothing. Never raises but what the block does: components
    are worth having without their fonts.
    """
    loaded = page.traffic.fonts.loaded
    wanted = _wanted(extraction, loaded)
    if not wanted:
        yield
        return
    async with scope() as spawn:
        done = asyncio.Event()

        async def work() -> None:
            try:
                async with asyncio.timeout(time_limit):
                    bodies = await _bodies(page, [url for _, url in wanted])
                    _keep(extraction, loaded, dict(zip(wanted, bodies, strict=True)), keep)
                    if None in bodies:
                        extraction.pop("fingerprint", None)
            except (TimeoutError, ProtocolError, PageError):
                extraction.pop("fingerprint", None)  # the next visit may be luckier
            done.set()

        spawn(work())
        yield
        await done.wait()


def _wanted(extraction: Extraction, loaded: dict[str, bool]) -> list[tuple[str, str]]:
    if not loaded:
        return []
    files = files_of(extraction["cssFile"], loaded)
    return [(family, url) for family, url in files if len(url) <= MAX_ADDRESS and len(family) <= MAX_FAMILY][:MAX_FILES]


def _keep(
    extraction: Extraction, loaded: dict[str, bool], bodies: dict[tuple[str, str], bytes | None], keep: Keep
) -> None:
    room, kept = MAX_BYTES, list[FontFile]()
    for (family, url), body in bodies.items():
        if body and (ending := ending_of(body)) and len(body) <= room:
            room -= len(body)
            name = f"font-{len(kept) + 1}.{ending}"
            keep(name, f"font/{ending}", body)
            kept.append(FontFile(family=family, url=url, artifact=name, anyOrigin=loaded[url]))
    if kept:
        extraction["fontFiles"] = kept


async def _bodies(page: Page, urls: list[str]) -> list[bytes | None]:
    frame_id = (await page.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    return await asyncio.gather(*(_body(page, url, frame_id) for url in urls))


async def _body(page: Page, url: str, frame_id: str) -> bytes | None:
    """The bytes of a file that the page has loaded, none where it is too large; None where the browser has it no more.

    They come from the browser's cache. What may not be cached it asks for again, by the visit's own proxy as ever.
    """
    with suppress(ProtocolError):
        options = {"disableCache": False, "includeCredentials": False}
        asked = {"frameId": frame_id, "url": url, "options": options}
        answer = (await page.send("Network.loadNetworkResource", asked))["resource"]
        if answer["success"] and answer.get("httpStatusCode") == 200:
            return await _read(page, answer["stream"])
    return None


async def _read(page: Page, stream: str) -> bytes:
    body = b""
    while len(body) <= MAX_BYTES:
        part: Params = await page.send("IO.read", {"handle": stream, "size": MAX_BYTES + 1})
        body += base64.b64decode(part["data"]) if part.get("base64Encoded") else part["data"].encode()
        if part["eof"]:
            return body
    return b""
