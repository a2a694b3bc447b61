"""The originals: a page as a stranger loads it, whose elements are pictured with everything else hidden."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jobserver.extract.browser.cdp import Connection
from tests.bench.fidelity.browser import Tab, tab
from tests.bench.fidelity.compare import Pixels
from tests.bench.fidelity.picture import picture
from tests.bench.fidelity.states import forced

WIDTH, HEIGHT = 1280, 1000
NARROW = 390

_SCRIPTS = Path(__file__).with_name("script")


def script(name: str) -> str:
    """The text of one of the measure's own scripts."""
    return (_SCRIPTS / f"{name}.js").read_text(encoding="utf-8")


class Original:
    """A page that has settled and stands still."""

    def __init__(self, shown: Tab) -> None:
        self._tab = shown

    async def look(self, selector: str) -> dict[str, Any]:
        """``box`` in the viewport, ``page`` in the page, ``tag``; or ``why`` it cannot be pictured alone."""
        found: dict[str, Any] = await self._tab.call("(selector) => fidelity.look(selector)", selector)
        return found

    @asynccontextmanager
    async def alone(self, selector: str) -> AsyncIterator[None]:
        """Everything but the element of ``selector`` is hidden inside the block."""
        await self._tab.call("(selector) => fidelity.isolate(selector)", selector)
        try:
            yield
        finally:
            await self._tab.call("() => fidelity.release()")

    async def picture(self, selector: str, box: dict[str, float], state: str | None = None) -> Pixels:
        """The pixels around ``box``, with ``state`` forced on the element."""
        async with forced(self._tab, f"fidelity.find({json.dumps(selector)})", state):
            return await picture(self._tab, box)

    async def styles(self, selector: str) -> Any:
        """The computed styles of the element's tree."""
        return await self._tab.call("(selector) => styles.tree(fidelity.find(selector))", selector)

    async def unique(self, tag: str) -> list[str]:
        """Selectors of the first elements of ``tag``."""
        found: list[str] = await self._tab.call("(tag) => fidelity.paths(tag)", tag)
        return found

    async def names(self) -> list[str]:
        """What the values of `styles` are values of."""
        names: list[str] = await self._tab.call("() => styles.names()")
        return names


@asynccontextmanager
async def original(connection: Connection, url: str, *, narrow: bool = False) -> AsyncIterator[Original]:
    """The page at ``url``; ``narrow``: after its window was made 390 px wide."""
    async with tab(connection, WIDTH, HEIGHT) as shown:
        await shown.go(url)
        await shown.quiet()
        await shown.install(script("page"))
        await shown.install(script("styles"))
        await shown.call("() => fidelity.wander()")
        await shown.quiet(0.2)
        if narrow:
            await shown.resize(NARROW, HEIGHT)
            await shown.call("() => fidelity.wander()")
            await shown.quiet(0.2)
        await shown.scripts(on=False)
        await shown.call("() => fidelity.freeze()")
        yield Original(shown)
