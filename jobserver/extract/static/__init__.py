"""Components without a browser: the page is fetched, parsed, and its style sheets are cascaded here."""

from __future__ import annotations

from collections.abc import Callable

from jobserver.egress.gate import Gate
from jobserver.errors import MissingExtra
from jobserver.extract.model import Capture, Request


async def capture(request: Request, gate: Gate, report: Callable[[float, str], None]) -> Capture:
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
