"""A visit that only reads."""

from __future__ import annotations

from collections.abc import Callable

from jobserver.egress.gate import Gate
from jobserver.extract import browser
from jobserver.extract.model import Capture, Request


def quiet(_done: float, _step: str) -> None:
    """Hears how far it is, and says nothing."""


async def capture(ws_url: str, request: Request, gate: Gate, report: Callable[[float, str], None] = quiet) -> Capture:
    """What the browser at ``ws_url`` reads off a page."""
    async with browser.visit(ws_url, request, gate, report) as visit:
        return await visit.read()
