"""Reads a page that has settled: its components at the wide viewport, then what becomes of them on a phone."""

from __future__ import annotations

import json
from typing import Any

from jobserver.errors import PageError
from jobserver.extract import allowed
from jobserver.extract.browser import script
from jobserver.extract.browser.page import Page, metrics
from jobserver.extract.browser.pictures import Original
from jobserver.extract.browser.reading import to_capture
from jobserver.extract.browser.settle import Budget, rest
from jobserver.extract.browser.sheets import sheet_texts
from jobserver.extract.browser.world import PageMoved
from jobserver.extract.model import Box, Capture, Request
from jobserver.extract.text import scrub

MAX_ELEMENTS = 12_000
"""Elements captured in one visit, with their styles: about 30 MB of JSON at the very most."""

MAX_ELEMENTS_EACH = 1_000
MAX_SCANNED = 20_000

NARROW = 390
"""CSS pixels: the width of most phones."""

_TAGS = {
    "html": sorted(allowed.HTML),
    "blocks": sorted(allowed.BLOCKS),
    "removed": sorted(allowed.REMOVED),
    "svg": sorted(allowed.SVG.values()),
}


class Reading:
    """What is read off one page, in one isolated world that lasts as long as its document.

    `wide` comes first, then `originals` and `narrow` or not, then `capture`. Between `wide` and the end of
    the document that world has ``globalThis.jobserver.elements``: look → the element that stands for it.
    """

    def __init__(self, page: Page, request: Request, budget: Budget) -> None:
        self._page = page
        self._request = request
        self._budget = budget
        self._read: dict[str, Any] = {}
        self._lapses: list[str] = []
        self._noted = False

    @property
    def is_whole(self) -> bool:
        """Whether all was read that there is, as far as the limits of a result allow."""
        return not (self._lapses or self._noted)

    @property
    def answers(self) -> int:
        """How many answers the reading itself has got by asking as a script of the page would."""
        return int(self._read["answers"])

    async def wide(self) -> None:
        """Read the components at the request's viewport. Raises PageError and PageMoved."""
        limit = self._budget.share(0.5, 25.0)
        bounds = {
            "components": self._request.max_components,
            "elements": MAX_ELEMENTS,
            "elementsEach": MAX_ELEMENTS_EACH,
            "scanned": MAX_SCANNED,
            "milliseconds": 800 * limit,
            "pictures": self._budget.share(0.03, 1.0) * 1000,
        }
        texts, is_all = await sheet_texts(self._page, time_limit=self._budget.share(0.1, 4.0))
        argument = {**bounds, "sheets": texts, "tags": _TAGS}
        read = await self._page.run(script.CAPTURE, argument, time_limit=limit)
        self._read = json.loads(str(read))
        self._lapses += self._read["lapses"]
        if not is_all:
            self._lapses.append("There was no time for the texts of all style sheets: rules may be missing.")
        await self._compare()

    async def _compare(self) -> None:
        """Mend the components where their rules alone do not make them look as they do in the page."""
        limit = self._budget.share(0.3, 15.0)
        try:
            told = await self._page.run(script.COMPARED, {"milliseconds": 800 * limit}, time_limit=limit)
        except (PageError, TimeoutError):
            self._lapses.append("The page stood in the way of comparing what was built with it.")
            return
        compared = json.loads(str(told))
        self._read["compared"] = compared["rules"]
        self._lapses += compared["lapses"]
        self._noted = bool(compared["notes"])
        for look, note in compared["notes"].items():
            self._read["trees"][look]["warnings"].append(note)

    def originals(self) -> list[Original]:
        """The element that stands for each look, in the order they were found."""
        first: dict[str, dict[str, Any]] = {}
        for item in self._read["found"]:
            first.setdefault(item["look"], item)
        return [Original(look, scrub(item["selector"]), Box(**item["box"])) for look, item in first.items()]

    async def narrow(self) -> None:
        """Mend the components where they look otherwise at 390 px; it stays as narrow as that.

        A page that cannot be shown narrow keeps what was read of it, with a warning.
        """
        if self._request.viewport[0] <= NARROW:
            return
        try:
            await self._show(NARROW)
            bounds = {"milliseconds": self._budget.share(0.15, 8.0) * 1000}
            mended = await self._page.run(script.NARROW, bounds, time_limit=self._budget.share(0.3, 15.0))
            narrow = json.loads(str(mended))
            self._read["narrow"] = narrow["rules"]
            self._lapses += narrow["lapses"]
            self._read["warnings"] += narrow["warnings"]
        except (PageError, PageMoved, TimeoutError):
            self._lapses.append("How the page looks on a phone could not be read.")

    def capture(self) -> Capture:
        """What was read, with the page's warnings."""
        return to_capture(self._page.url, self._read, [*self._page.warnings, *self._lapses])

    async def _show(self, width: int) -> None:
        await self._page.send("Emulation.setDeviceMetricsOverride", metrics(width, self._request.viewport[1]))
        await self._page.run(script.RESIZE, {"width": width}, time_limit=self._budget.share(0.1, 3.0))
        await rest(self._page, self._budget)
