"""A visit whose components are compared with the page, and what tests ask of that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from jobserver.egress.gate import Gate
from jobserver.extract import browser
from jobserver.extract.model import Component, Extraction, Fidelity, Request
from jobserver.extract.render import render
from tests.extract.browser.reading import quiet

Spoil = Callable[[list[Component]], object]


@dataclass(slots=True)
class Verified:
    """A result with the pictures that were kept on the way."""

    extraction: Extraction
    pictures: dict[str, bytes] = field(default_factory=dict)

    def of(self, kind: str) -> Fidelity:
        """The fidelity of the first component of a kind."""
        (first, *_) = (each for each in self.extraction["components"] if each["kind"] == kind)
        return first["fidelity"]

    @property
    def kinds(self) -> list[str]:
        """Of the components that were verified."""
        return [each["kind"] for each in self.extraction["components"] if "fidelity" in each]


Verify = Callable[..., Awaitable[Verified]]
"""`verify` of the conftest."""


async def compared(ws_url: str, request: Request, gate: Gate, spoil: Spoil) -> Verified:
    """Read a page, spoil what came of it, and compare."""
    pictures: dict[str, bytes] = {}
    async with browser.visit(ws_url, request, gate, quiet) as visit:
        extraction = render(
            await visit.read(), max_components=80, completed_at="", max_result_bytes=request.max_result_bytes
        )
        spoil(extraction["components"])
        await visit.verify(extraction, lambda name, _type, body: pictures.update({name: body}))
    return Verified(extraction, pictures)
