"""The browser engine: a page as Chromium shows it, read over the DevTools protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from jobserver.egress.gate import Gate
from jobserver.errors import PageError, TimedOut
from jobserver.extract.browser import script
from jobserver.extract.browser.cdp import ProtocolError, connect
from jobserver.extract.browser.chromium import Chromium, find_chromium
from jobserver.extract.browser.context import open_page
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.extract.browser.page import Page, PageMoved
from jobserver.extract.browser.reading import to_capture
from jobserver.extract.browser.settle import Budget, settle
from jobserver.extract.model import Capture, Request

__all__ = ["BrowserKeeper", "Chromium", "capture", "find_chromium"]

Report = Callable[[float, str], None]

MAX_ELEMENTS = 12_000
"""Elements captured in one visit, with their styles: about 30 MB of JSON at the very most."""

MAX_ELEMENTS_EACH = 400
MAX_SCANNED = 20_000

_defaults: dict[str, Any] = {}
"""DevTools address → what `script.DEFAULTS` measured there; at most one."""

_BLANK = "<!doctype html><html><head></head><body></body></html>"


async def capture(ws_url: str, request: Request, gate: Gate, report: Report) -> Capture:
    """The components of a page as the browser at ``ws_url`` shows it.

    ``gate``: asked about everything that the page wants. ``report``: called with the share of the work done, 0 to 1,
    and what comes next. Raises UrlRefused, TimedOut and the family of PageError. Nothing of the visit stays in the
    browser, whichever way this ends.
    """
    try:
        async with asyncio.timeout(request.time_limit):
            # Before the browser is troubled at all; it also gets the address in the one spelling that was checked.
            url = (await gate.admit(request.url)).target.url
            async with connect(ws_url) as connection, open_page(connection, request, gate) as page:
                return await _visit(page, url, request, await _defaults_of(ws_url, page), report)
    except TimeoutError:
        raise TimedOut(f"Reading the page took longer than {request.time_limit:g} seconds.") from None
    except (ProtocolError, PageMoved) as error:
        raise PageError("The browser could not read the page.") from error


async def _defaults_of(ws_url: str, page: Page) -> Any:
    """What this browser gives every element by itself; it never changes, so it is measured once for each browser."""
    if ws_url not in _defaults:
        await page.show(_BLANK)
        measured = await page.run(script.DEFAULTS, time_limit=10.0)
        _defaults.clear()
        _defaults[ws_url] = measured
    return _defaults[ws_url]


async def _visit(page: Page, url: str, request: Request, defaults: Any, report: Report) -> Capture:
    budget = Budget(request.time_limit)
    report(0.0, "Loading page")
    await page.navigate(url, time_limit=budget.share(0.5, 30.0))
    report(0.3, "Waiting for content")
    await settle(page, budget)
    report(0.6, "Reading components")
    read = await _read(page, request, defaults, budget)
    report(1.0, "Page read")
    if refused := page.refused_requests():
        page.warnings.append(f"{refused} requests of the page were refused: their addresses are not allowed.")
    return to_capture(page.url, json.loads(read), page.warnings)


async def _read(page: Page, request: Request, defaults: Any, budget: Budget) -> str:
    bounds = {
        "components": request.max_components,
        "elements": MAX_ELEMENTS,
        "elementsEach": MAX_ELEMENTS_EACH,
        "scanned": MAX_SCANNED,
    }
    return str(await page.run(script.CAPTURE, {"defaults": defaults, **bounds}, time_limit=budget.rest()))
