"""Whether a page is read with a browser, and with which: the same answer for the server and the command."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack

from jobserver.errors import BadSetting, BrowserCrashed
from jobserver.extract.browser.chromium import find_chromium
from jobserver.extract.browser.keeper import BrowserKeeper

_log = logging.getLogger(__name__)


def find_browser(path: str) -> str | None:
    """The program that the setting CHROMIUM_PATH describes: ``path``, or where it is empty one on PATH, if any.

    Raises BadSetting when ``path`` names none: whoever chose a browser is not given another, or none.
    """
    found = find_chromium(path or None)
    if path and found is None:
        raise BadSetting("CHROMIUM_PATH names no program.")
    return found


async def open_browser(
    keeper: BrowserKeeper | None, engine: str, stack: AsyncExitStack
) -> tuple[str | None, tuple[str, ...]]:
    """The address of the browser, held while ``stack`` is open, and what to warn of; None: read without one.

    ``engine``: browser, static or auto. Only the engine browser insists: it raises BrowserCrashed when the browser
    does not start.
    """
    if engine == "static" or keeper is None:
        return None, ()
    try:
        return await stack.enter_async_context(keeper.lease()), ()
    except BrowserCrashed as error:
        if engine == "browser":
            raise
        _log.error("The browser did not start: %s", error.message)
        return None, ("The browser did not start, so the page was read without one.",)
