"""All requests that could be read as two things, and odd but legal ones."""

from __future__ import annotations

from tests.attacks.malformed import bodies, framing, heads, targets
from tests.attacks.malformed.case import Case


def corpus() -> list[Case]:
    """Each once, by subject."""
    groups = (
        *(framing.chunks, framing.encodings, framing.lengths),
        *(targets.targets, targets.hosts),
        *(heads.headers, heads.lines),
        *(bodies.bodies, bodies.meanings),
    )
    return [case for group in groups for case in group()]
