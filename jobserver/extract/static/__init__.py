"""Components without a browser: the page is fetched, parsed, and its style sheets are cascaded here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from jobserver.egress.gate import Gate
from jobserver.errors import MissingExtra
from jobserver.extract.model import Capture, Extraction, Request

Report = Callable[[float, str], None]

_NOT_COMPARED = "No component was compared with the page: only the browser engine does that."


class Visit:
    """A page to be read without a browser, once; see `capture`."""

    def __init__(self, request: Request, gate: Gate, report: Report) -> None:
        self._about = (request, gate, report)

    async def read(self) -> Capture:
        """What is on it."""
        return await capture(*self._about)

    async def verify(self, extraction: Extraction, _keep: Callable[[str, str, bytes], None], /) -> None:
        """Say that nothing was compared, to those who asked for it: without a browser there is nothing to be seen."""
        if self._about[0].verify == "all":
            extraction["warnings"].append(_NOT_COMPARED)


@asynccontextmanager
async def visit(request: Request, gate: Gate, report: Report) -> AsyncIterator[Visit]:
    """A visit without a browser; nothing of it is open before it is read, or after."""
    yield Visit(request, gate, report)


async def capture(request: Request, gate: Gate, report: Report) -> Capture:
    """Read the components off the page of ``request`` without a browser.

    ``report(fraction, step)`` is told how far it is. It holds its event loop for as long as the page takes to read
    (seconds, for a large one), so it belongs in a process of its own. Every request goes through ``gate``. Scripts do
    not run, and nothing is laid out: `Found.box` is None.

    Raises UrlRefused, the kinds of PageError, and MissingExtra when the parsers are not installed.
    """
    try:
        from jobserver.extract.static import engine
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in {"selectolax", "tinycss2", "webencodings"}:
            raise
        raise MissingExtra("Reading pages without a browser needs: pip install 'jobserver[analyze]'") from missing
    return await engine.capture(request, gate, report)
