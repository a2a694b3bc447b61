"""States that only a pointer or a keyboard brings about, forced on one element."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench.fidelity.browser import Tab

STATES = {"hover": ("hover",), "focus": ("focus", "focus-visible", "focus-within")}
"""Name → the pseudo-classes it stands for: who is focused by the keyboard matches all three."""


@asynccontextmanager
async def forced(shown: Tab, expression: str, state: str | None) -> AsyncIterator[None]:
    """``state`` is on the element that ``expression`` gives inside the block; None is no state."""
    if state is None:
        yield
        return
    node = {"nodeId": await shown.node(expression)}
    await shown.send("CSS.forcePseudoState", {**node, "forcedPseudoClasses": list(STATES[state])})
    await shown.call("() => fidelity.halt()")
    try:
        yield
    finally:
        await shown.send("CSS.forcePseudoState", {**node, "forcedPseudoClasses": []})
        await shown.call("() => fidelity.halt()")
