"""The rebuilt ones: a component's HTML and css, and nothing else, on an empty page of the same origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from jobserver.extract.browser.cdp import Connection
from tests.bench.fidelity.browser import Tab, tab
from tests.bench.fidelity.compare import Pixels
from tests.bench.fidelity.picture import picture
from tests.bench.fidelity.reference import HEIGHT, NARROW, WIDTH, script
from tests.bench.fidelity.serve import BLANK
from tests.bench.fidelity.states import forced

_ROOT = "alone.root()"


class Stage:
    """The empty page, on which one component after the other is shown."""

    def __init__(self, shown: Tab) -> None:
        self._tab = shown

    async def show(self, html: str, css: str, box: dict[str, float]) -> dict[str, Any] | None:
        """Show it where the original is, in a wrapper of its width.

        ``box`` it has then, and how far it had stood from its wrapper's corner, ``dx`` and ``dy``; None: no element.
        """
        where = {"width": box["width"], "x": box["x"], "y": box["y"]}
        await self._tab.call("(what) => alone.show(what)", {"html": html, "css": css, **where})
        await self._tab.quiet(0.03)
        # What comes in moving would be measured on its way.
        await self._tab.call("() => fidelity.freeze()")
        placed: dict[str, Any] | None = await self._tab.call("(box) => alone.align(box)", box)
        return placed

    async def picture(self, box: dict[str, float], state: str | None = None) -> Pixels:
        """The pixels around ``box``, with ``state`` forced on the component's root."""
        async with forced(self._tab, _ROOT, state):
            return await picture(self._tab, box)

    async def styles(self) -> Any:
        """The computed styles of the component's tree."""
        return await self._tab.call(f"() => styles.tree({_ROOT})")


@asynccontextmanager
async def stage(connection: Connection, origin: str, *, narrow: bool = False) -> AsyncIterator[Stage]:
    """An empty page of ``origin``, as wide as the original's viewport."""
    async with tab(connection, NARROW if narrow else WIDTH, HEIGHT) as shown:
        await shown.go(origin + BLANK)
        for name in ("page", "styles", "alone"):
            await shown.install(script(name))
        yield Stage(shown)
