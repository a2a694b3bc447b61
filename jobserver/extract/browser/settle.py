"""Waits until a page shows what it has to show: loaded, quiet, fonts in, lazy parts scrolled into life."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress

from jobserver.extract.browser import script
from jobserver.extract.browser.page import Page, PageMoved

QUIET = 0.5
"""Seconds without a request that count as quiet."""

QUIET_AGAIN = 0.2
"""The same once the lazy parts were asked for: they were asked for together."""

MAX_HEIGHT = 20_000
"""CSS pixels that are scrolled through; longer pages repeat themselves."""

_MOVES = 3


class Budget:
    """The seconds of one visit, and what is left of them."""

    def __init__(self, seconds: float) -> None:
        self._total = seconds
        self._end = time.monotonic() + seconds

    def share(self, part: float, most: float) -> float:
        """``part`` of the whole, but no more than ``most`` or what is left, and a little even if nothing is."""
        return max(0.05, min(part * self._total, most, self._end - time.monotonic()))

    def rest(self) -> float:
        """All that is left."""
        return self.share(1.0, self._total)


async def settle(page: Page, budget: Budget) -> None:
    """Wait as described above, within shares of ``budget``; what is not there by then is warned of.

    Raises PageError when the page does not react, or leads to something that is not a page.
    """
    for _ in range(_MOVES):
        if not await _within(budget.share(0.4, 20.0), page.loaded.wait()):
            page.warnings.append("The page was still loading when it was read; parts of it may be missing.")
            await page.stop_loading()
        await _within(budget.share(0.1, 4.0), page.traffic.quiet(QUIET))
        page.check_answer()
        try:
            await _awaken(page, budget)
            break
        except PageMoved:
            continue
    page.stay()
    page.check_answer()


async def _awaken(page: Page, budget: Budget) -> None:
    bounds = {"height": MAX_HEIGHT, "milliseconds": budget.share(0.1, 4.0) * 1000}
    await page.run(script.SETTLE, bounds, time_limit=budget.share(0.25, 8.0))
    await _within(budget.share(0.1, 3.0), page.traffic.quiet(QUIET_AGAIN))


async def _within(seconds: float, waiting: Awaitable[object]) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waiting
            return True
    return False
