"""Waits until a page shows what it has to show: loaded, quiet, fonts in, lazy parts scrolled into life."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from jobserver.extract.browser import script
from jobserver.extract.browser.cdp import ProtocolError
from jobserver.extract.browser.page import Page
from jobserver.extract.browser.traffic import QUIET
from jobserver.extract.browser.world import PageMoved

AT_ONCE = 0.03
"""Seconds without a request that are enough of a page with scripts that wait for nothing: two frames."""

REFRESH = 0.5
"""Seconds in which a page that says that it leads elsewhere has begun to."""

PATIENCE = 60
IMPATIENCE = 20
"""What is spent on a page that goes on moving, 10 for a frame and 1 for a timer; and again when that was in vain."""

MAX_HEIGHT = 20_000
"""CSS pixels that are scrolled through; longer pages repeat themselves."""

_MOVES = 3

# Not above it: some pages take that for somebody who leaves, and have something to say to him.
_BESIDE_THE_WINDOW = {"type": "mouseMoved", "x": 100_000, "y": 500}

_SCROLLING = frozenset({"scroll", "scrollend"})

Look = Callable[[], Awaitable[None]]
"""What somebody does with a page that is at rest; it may raise."""


class Budget:
    """The seconds of one visit, and what is left of them. ``patience``: with a page that does not come to rest."""

    def __init__(self, seconds: float) -> None:
        self._total = seconds
        self._end = time.monotonic() + seconds
        self.patience = PATIENCE

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
    await _take_the_pointer_away(page)
    has = await page.run(script.HAS, time_limit=budget.share(0.25, 8.0))
    await rest(page, budget)
    if look is not None:
        await look()
    wait = REFRESH if has["refresh"] else AT_ONCE if has["scripts"] else 0.0
    await _falls_silent(page, budget, wait)
    page.check_answer()
    await _rouse(page, budget, has_scripts=has["scripts"])
    if has["scripts"]:
        await rest(page, budget)


async def _take_the_pointer_away(page: Page) -> None:
    """At first it is in the corner of the window, where what stands there is hovered."""
    with suppress(ProtocolError, TimeoutError):
        await page.send("Input.dispatchMouseEvent", _BESIDE_THE_WINDOW, time_limit=1.0)


async def _rouse(page: Page, budget: Budget, *, has_scripts: bool) -> None:
    """Have the page show what it keeps for those who scroll, and hold still then."""
    listens = has_scripts and await _hears_scrolling(page)
    bounds = {"height": MAX_HEIGHT, "milliseconds": budget.share(0.1, 4.0) * 1000}
    how = {"scroll": has_scripts, "listens": listens}
    await page.run(script.SETTLE, {**bounds, **how}, time_limit=budget.share(0.25, 8.0))
    await _falls_silent(page, budget, AT_ONCE if listens else 0.0)


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


async def rest(page: Page, budget: Budget) -> None:
    """Let what moves come to its end, and whoever waits for a moment do what he waits for.

    Not while something is under way that may still come: some scripts wait for that only so long. Raises PageError and
    PageMoved.
    """
    patience = budget.patience
    while patience > 0:
        if page.traffic.is_busy:
            await _falls_silent(page, budget, AT_ONCE, quiet=AT_ONCE)
        bounds = {"milliseconds": budget.share(0.1, 4.0) * 1000}
        cost = await page.run(script.REST, bounds, time_limit=budget.share(0.25, 8.0))
        if cost == 0:
            break
        patience -= cost
    else:
        budget.patience = IMPATIENCE
    await _falls_silent(page, budget, 0.0, quiet=0.0)


async def _falls_silent(page: Page, budget: Budget, seconds: float, *, quiet: float = QUIET) -> None:
    """Wait for what is under way, but for nothing twice in vain."""
    if not await within(budget.share(0.1, 4.0), page.traffic.settled(seconds, quiet=quiet)):
        page.traffic.give_up()


async def within(seconds: float, waiting: Awaitable[object]) -> bool:
    """Whether ``waiting`` came to an end in that time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waiting
            return True
    return False
