"""The texts of those style sheets that do not show all their rules to a script inside the page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TypedDict

from jobserver.errors import PageError
from jobserver.extract.browser import script
from jobserver.extract.browser.cdp import Params, ProtocolError
from jobserver.extract.browser.page import Page

MAX_BYTES = 8_000_000
"""Characters of all texts together; a sheet that does not fit is left out."""

MAX_SHEETS = 60


class SheetText(TypedDict):
    """A style sheet as it came. ``url``: what the page has it under. ``text``: None where nobody answered."""

    url: str
    text: str | None


async def sheet_texts(page: Page, *, time_limit: float) -> tuple[list[SheetText], bool]:
    """The texts of the page's linked and imported sheets that are closed to scripts or lose something in CSSOM.

    Closed are those of another origin (CSSOM 1, section 6.1.1), and what they import. Lost is a shorthand with a
    variable whose longhands the same rule sets again: CSSOM has no way to say it (CSS Variables 1, section 3.3).
    And whether that is all of them. ``time_limit``: seconds; what was not there by then is left out. Never raises but
    PageMoved: a page without these is worth reading.
    """
    found: list[SheetText] = []
    missing: list[SheetText] = []
    is_all = False
    with suppress(TimeoutError, ProtocolError, PageError):
        async with asyncio.timeout(time_limit):
            survey = await page.run(script.UNREAD, time_limit=time_limit)
            gone = page.traffic.missing_sheets.urls.intersection(survey["closed"])
            missing += [{"url": url, "text": None} for url in sorted(gone)]
            survey["closed"] = [url for url in survey["closed"] if url not in gone]
            # What the page has loaded itself is at hand; the browser must first be asked what else there is.
            if survey["closed"] or not await _recall(page, survey["lossy"], found):
                found.clear()
                await _fetch(page, survey, found)
            is_all = True
    return found + missing, is_all


async def _recall(page: Page, urls: list[str], found: list[SheetText]) -> bool:
    """Whether the browser still had all of these."""
    room = MAX_BYTES
    urls = urls[:MAX_SHEETS]
    for url, resource in zip(urls, await asyncio.gather(*map(page.resource, urls)), strict=True):
        if resource is None or resource["base64Encoded"]:
            return False
        text = resource["content"]
        if len(text) <= room:
            room -= len(text)
            found.append({"url": url, "text": text})
    return True


async def _fetch(page: Page, survey: dict[str, list[str]], found: list[SheetText]) -> None:
    headers: list[Params] = []

    def note(method: str, params: Params) -> None:
        if method == "CSS.styleSheetAdded":
            headers.append(params["header"])

    async with page.observe(note) as send:
        await send("DOM.enable")
        await send("CSS.enable")
        room = MAX_BYTES
        for header in _wanted(headers, survey):
            answer: dict[str, Any] = await send("CSS.getStyleSheetText", {"styleSheetId": header["styleSheetId"]})
            if len(answer["text"]) <= room:
                room -= len(answer["text"])
                found.append({"url": header["sourceURL"], "text": answer["text"]})


def _wanted(headers: Iterable[Params], survey: dict[str, list[str]]) -> list[Params]:
    """The headers of the sheets to fetch, each address once."""
    asked, read = {*survey["closed"], *survey["lossy"]}, set(survey["read"])
    linked = {
        header["sourceURL"]: header
        for header in headers
        if header["origin"] == "regular" and not header["isInline"] and header["sourceURL"]
    }
    # What a closed sheet imports is in nobody's list.
    wanted = [header for url, header in linked.items() if url in asked or (survey["closed"] and url not in read)]
    return wanted[:MAX_SHEETS]
