"""One extraction from beginning to end, wherever it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Protocol

from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.resolver import Resolver
from jobserver.errors import JobFailed
from jobserver.extract.loadable import admitted_by
from jobserver.extract.model import UNCHANGED, Capture, Extraction, Request, Unchanged
from jobserver.extract.render import brief, render
from jobserver.jobs.clock import SteadyClock, to_wire
from jobserver.jobs.model import Result

Report = Callable[[float, str], None]
Keep = Callable[[str, str, bytes], None]
"""Takes a file that was made on the way: its name, content type and body."""

_READ = 0.8
"""The share of the work that is done when the page has been read."""
_WRITTEN = 0.9


class Reporter(Protocol):
    """The way to the server: `workers.inside.Report`."""

    def __call__(self, fraction: float, step: str, /) -> None:
        """Say how far the job has come."""

    def log(self, lines: list[str]) -> None:
        """Add lines to the job's log."""

    def artifact(self, name: str, content_type: str, body: bytes, *, required: bool = True) -> None:
        """Pass a file on. ``required``: the job fails when it cannot be kept."""


class Visit(Protocol):
    """A page that an engine has before it."""

    async def read(self) -> Capture:
        """What is on it. Raises UrlRefused, the family of PageError, and Unchanged where the request knows it."""

    async def verify(self, extraction: Extraction, keep: Keep, /) -> None:
        """Say in ``extraction`` how like the page its components are, and give its pictures and fonts to ``keep``.

        Raises the family of PageError; what was compared before that is in ``extraction``.
        """


async def extract(
    request: Request,
    gate: Gate,
    report: Report,
    *,
    browser: str | None = None,
    warnings: tuple[str, ...] = (),
    keep: Keep | None = None,
) -> Extraction:
    """The components of a page.

    ``gate``: what may be visited; afterwards it knows what was refused, also when this fails. ``browser``: DevTools
    WebSocket URL of a running Chromium; None reads the page without one. ``warnings``: sentences to put before those
    of the page. ``keep``: gets a picture of each component that was verified, as it is in the page, and the font files
    that they use. Raises UrlRefused, the family of PageError, and Unchanged where the page is as `Request.known` says.
    """
    extraction: Extraction | None = None
    try:
        async with _visit(request, gate, lambda done, step: report(done * _READ, step), browser) as visit:
            capture = await visit.read()
            capture.warnings[:0] = warnings
            report(_READ, "Writing components")
            extraction = _rendered(capture, request, gate)
            report(_WRITTEN, "Comparing with the page")
            await visit.verify(extraction, keep or _forget)
    except JobFailed:
        # The page was read before it or the browser failed: what was found on it is worth having.
        if extraction is None:
            raise
        extraction.pop("fingerprint", None)
        extraction["warnings"].append("The page failed before all components were compared with it.")
    report(1.0, "Done")
    return extraction


async def extract_in_child(payload: dict[str, Any], report: Reporter) -> Result:
    """`extract` for a child process: JSON in, encoded JSON out, so that the server never touches the bulk of it.

    The result is `UNCHANGED` where the page is as the request knows it.
    """
    gate = Gate(UrlPolicy.from_json(payload["policy"]), Resolver())
    try:
        extraction = await extract(
            Request.from_json(payload["request"]),
            gate,
            report,
            browser=payload["browser"],
            warnings=tuple(payload["warnings"]),
            keep=partial(report.artifact, required=False),  # the components are worth having without them
        )
    except Unchanged:
        return UNCHANGED
    finally:
        report.log(gate.refusals.lines())
    return Result(_encode(extraction), _encode(brief(extraction)))


def _visit(request: Request, gate: Gate, report: Report, browser: str | None) -> AbstractAsyncContextManager[Visit]:
    if browser is None:
        from jobserver.extract.static import visit

        return visit(request, gate, report)
    from jobserver.extract.browser import visit as visit_shown

    return visit_shown(browser, request, gate, report)


def _rendered(capture: Capture, request: Request, gate: Gate) -> Extraction:
    return render(
        capture,
        max_components=request.max_components,
        completed_at=to_wire(SteadyClock().now()),
        max_result_bytes=request.max_result_bytes,
        admits=admitted_by(gate.policy),
        flavour=request.format,
    )


def _forget(_name: str, _content_type: str, _body: bytes) -> None:
    """Nobody wants the pictures and fonts."""


def _encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
