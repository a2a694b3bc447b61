"""One extraction from beginning to end, wherever it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.extract.loadable import admitted_by
from jobserver.extract.model import Capture, Extraction, Request
from jobserver.extract.render import brief, render
from jobserver.jobs.clock import SteadyClock, to_wire
from jobserver.jobs.model import Result

Report = Callable[[float, str], None]

_CAPTURED = 0.9
"""The share of the work that is done when the page has been read."""


class Reporter(Protocol):
    """The way to the server: `workers.inside.Report`."""

    def __call__(self, fraction: float, step: str, /) -> None:
        """Say how far the job has come."""

    def log(self, lines: list[str]) -> None:
        """Add lines to the job's log."""


async def extract(
    request: Request, gate: Gate, report: Report, *, browser: str | None = None, warnings: tuple[str, ...] = ()
) -> Extraction:
    """The components of a page.

    ``gate``: what may be visited; afterwards it knows what was refused, also when this fails. ``browser``: DevTools
    WebSocket URL of a running Chromium; None reads the page without one. ``warnings``: sentences to put before those
    of the page. Raises UrlRefused and the family of PageError.
    """
    capture = await _capture(request, gate, lambda done, step: report(done * _CAPTURED, step), browser)
    capture.warnings[:0] = warnings
    report(_CAPTURED, "Writing components")
    extraction = render(
        capture,
        max_components=request.max_components,
        completed_at=to_wire(SteadyClock().now()),
        max_result_bytes=request.max_result_bytes,
        admits=admitted_by(gate.policy),
    )
    report(1.0, "Done")
    return extraction


async def extract_in_child(payload: dict[str, Any], report: Reporter) -> Result:
    """`extract` for a child process: JSON in, encoded JSON out, so that the server never touches the bulk of it."""
    gate = Gate(UrlPolicy.from_json(payload["policy"]), Resolver())
    try:
        extraction = await extract(
            Request.from_json(payload["request"]),
            gate,
            report,
            browser=payload["browser"],
            warnings=tuple(payload["warnings"]),
        )
    finally:
        report.log(gate.refusals.lines())
    return Result(_encode(extraction), _encode(brief(extraction)))


async def _capture(request: Request, gate: Gate, report: Report, browser: str | None) -> Capture:
    if browser is None:
        from jobserver.extract.static import capture

        return await capture(request, gate, report)
    from jobserver.extract.browser import capture as capture_shown

    return await capture_shown(browser, request, gate, report)


def _encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
