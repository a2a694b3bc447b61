"""Waits until a page shows what it has to show: loaded, quiet, fonts in, lazy parts scrolled into life."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from jobserver.extract.browser import script
from jobserver.extract.browser.cdp import ProtocolError
from jobserver.extract.browser.page import Page, PageMoved
from jobserver.extract.browser.traffic import QUIET

CALM = 0.1
"""Seconds without a request that are enough of a page with scripts that have asked for nothing so far, but wait to."""

AT_ONCE = 0.03
"""The same where they wait for nothing: two frames."""

THROTTLED = 0.2
"""Seconds in which those who listen to scrolling notice it: most let some of it pass first."""

TIMERS = 600
"""Milliseconds after loading for which timers of the page are waited for: only for those that there are."""

MAX_HEIGHT = 20_000
"""CSS pixels that are scrolled through; longer pages repeat themselves."""

_MOVES = 3

_SCROLLING = frozenset({"scroll", "scrollend"})

Look = Callable[[], Awaitable[None]]
"""What somebody does with a page that is at rest; it may raise."""


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


async def settle(page: Page, budget: Budget, look: Look | None = None) -> None:
    """Wait as described above, within shares of ``budget``; what is not there by then is warned of.

    A page that cannot have more to show is not waited for. ``look``: awaited when the page is at rest on the way there,
    if only for the moment; what it raises ends the waiting. Raises PageError when the page does not react, or leads to
    something that is not a page.
    """
    for _ in range(_MOVES):
        if not await within(budget.share(0.4, 20.0), page.loaded.wait()):
            page.warnings.append("The page was still loading when it was read; parts of it may be missing.")
            await page.stop_loading()
        page.check_answer()
        try:
            await _settle_here(page, budget, look)
            break
        except PageMoved:
            continue
    page.stay()
    page.check_answer()


async def _settle_here(page: Page, budget: Budget, look: Look | None) -> None:
    has = await page.run(script.HAS, time_limit=budget.share(0.25, 8.0))
    if look is not None:
        moment = AT_ONCE if has["scripts"] else 0.0
        await within(budget.share(0.1, 4.0), page.traffic.settled(moment, quiet=moment))
        await look()
    calm = CALM if has["timers"] else AT_ONCE
    wait = QUIET if has["refresh"] else calm if has["scripts"] else 0.0
    await within(budget.share(0.1, 4.0), page.traffic.settled(wait))
    page.check_answer()
    if has["scripts"]:
        bounds = {"milliseconds": budget.share(0.1, 4.0) * 1000, "timers": TIMERS}
        await page.run(script.TIMED, bounds, time_limit=budget.share(0.25, 8.0))
        if look is not None:
            await look()
    await _rouse(page, budget, has_scripts=has["scripts"])


async def _rouse(page: Page, budget: Budget, *, has_scripts: bool) -> None:
    """Have the page show what it keeps for those who scroll, and hold still then."""
    listens = has_scripts and await _hears_scrolling(page)
    bounds = {"height": MAX_HEIGHT, "milliseconds": budget.share(0.1, 4.0) * 1000}
    pace = {"scroll": has_scripts, "pause": 50 if listens else 0}
    await page.run(script.SETTLE, {**bounds, **pace}, time_limit=budget.share(0.25, 8.0))
    await within(budget.share(0.1, 3.0), page.traffic.settled(THROTTLED if listens else 0.0))
    if listens:
        await page.run(script.STILL, time_limit=budget.share(0.05, 2.0))


async def _hears_scrolling(page: Page) -> bool:
    """Whether scripts of the page listen to its being scrolled; also when it does not say."""
    with suppress(ProtocolError, TimeoutError):
        return any(await asyncio.gather(*(_hears(page, _SCROLLING, target) for target in ("window", "document"))))
    return True


async def _hears(page: Page, events: frozenset[str], target: str) -> bool:
    # Both names are the browser's own, which no page can give another meaning: nothing of the page's is run.
    found = await page.send("Runtime.evaluate", {"expression": target}, time_limit=2.0)
    heard = await page.send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})
    return any(listener["type"] in events for listener in heard["listeners"])


async def within(seconds: float, waiting: Awaitable[object]) -> bool:
    """Whether ``waiting`` came to an end in that time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waiting
            return True
    return False
