"""The browser engine: a page as Chromium shows it, read over the DevTools protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from jobserver.egress.gate import Gate
from jobserver.errors import PageError, TimedOut
from jobserver.extract.browser.cdp import ProtocolError, connect
from jobserver.extract.browser.chromium import Chromium, find_chromium
from jobserver.extract.browser.context import open_page
from jobserver.extract.browser.fingerprint import Recognition
from jobserver.extract.browser.fonts import keeping_fonts
from jobserver.extract.browser.judge import Keep, Verification
from jobserver.extract.browser.keeper import BrowserKeeper
from jobserver.extract.browser.page import Page
from jobserver.extract.browser.pictures import Studio
from jobserver.extract.browser.read import Reading
from jobserver.extract.browser.settle import Budget, settle
from jobserver.extract.browser.world import PageMoved
from jobserver.extract.model import Capture, Extraction, Request

__all__ = ["BrowserKeeper", "Chromium", "Visit", "find_chromium", "visit"]

Report = Callable[[float, str], None]


class Visit:
    """A page that is open in the browser. ``limit``: what ends the visit when it takes too long to read."""

    def __init__(self, page: Page, url: str, request: Request, report: Report, limit: asyncio.Timeout) -> None:
        self._page = page
        self._url = url
        self._request = request
        self._report = report
        self._limit = limit
        self._budget = Budget(request.time_limit)
        self._recognition = Recognition(page, request.known, self._budget)
        self._verification: Verification | None = None

    async def read(self) -> Capture:
        """The components of the page as the browser shows it.

        Raises UrlRefused, the family of PageError, and Unchanged where it is as the request knows it. The time limit is
        for this alone: what was read is not lost because what comes after it took too long.
        """
        page, budget = self._page, self._budget
        self._report(0.0, "Loading page")
        await page.navigate(self._url, time_limit=budget.share(0.5, 30.0))
        self._report(0.3, "Waiting for content")
        await settle(page, budget, self._recognition.look if self._request.known else None)
        await self._recognition.look()
        self._report(0.6, "Reading components")
        reading = Reading(page, self._request, budget)
        await reading.wide()
        self._recognition.expect(reading.answers)
        await self._picture(reading)
        await reading.narrow()
        self._limit.reschedule(None)
        self._report(1.0, "Page read")
        is_whole = reading.is_whole and not page.warnings
        if refused := page.refused_requests():
            page.warnings.append(f"{refused} requests of the page were refused: their addresses are not allowed.")
        capture = reading.capture()
        capture.fonts = page.traffic.fonts.loaded
        capture.fingerprint = self._recognition.fingerprint if is_whole else None
        return capture

    async def _picture(self, reading: Reading) -> None:
        """Before the page has been narrow: not all go back to what they were."""
        if self._request.verify != "none":
            studio = Studio(self._page, self._request.viewport, self._budget)
            self._verification = Verification(studio, self._request, self._budget)
            await self._verification.picture(reading.originals())

    async def verify(self, extraction: Extraction, keep: Keep) -> None:
        """Say in ``extraction``, made of what was read, how like the page its components are; see `judge`.

        It has what is left of the time limit. Raises TimeoutError after that. Meanwhile ``keep`` gets the page's fonts.
        """
        async with keeping_fonts(self._page, extraction, keep, time_limit=self._budget.share(0.1, 3.0)):
            if self._verification is not None:
                async with asyncio.timeout(self._budget.rest()):
                    await self._verification.compare(extraction, keep)
        if not self._recognition.still_holds:
            extraction.pop("fingerprint", None)


@asynccontextmanager
async def visit(ws_url: str, request: Request, gate: Gate, report: Report) -> AsyncIterator[Visit]:
    """A page in the browser at ``ws_url``, to be read once.

    ``gate``: asked about everything that the page wants. ``report``: called with the share of the work done, 0 to 1,
    and what comes next. Raises UrlRefused, TimedOut and the family of PageError, also out of the block. Nothing of the
    visit stays in the browser, whichever way this ends.
    """
    try:
        async with asyncio.timeout(request.time_limit) as limit:
            # Before the browser is troubled at all; it also gets the address in the one spelling that was checked.
            url = (await gate.admit(request.url)).target.url
            async with connect(ws_url) as connection, open_page(connection, request, gate) as page:
                yield Visit(page, url, request, report, limit)
    except TimeoutError:
        raise TimedOut(f"Reading the page took longer than {request.time_limit:g} seconds.") from None
    except (ProtocolError, PageMoved) as error:
        raise PageError("The browser could not read the page.") from error
