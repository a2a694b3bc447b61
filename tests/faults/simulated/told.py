"""What happened, a line each."""

from __future__ import annotations

import hashlib
from typing import Any

from jobserver.jobs.model import Job, Page, QueueStanding
from jobserver.jobs.service import Standing
from tests.faults.simulated.loop import VirtualLoop


class Trace:
    """``lines``: the time in seconds, the turn of the loop, what happened. ``digest``: of all of them."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.lines: list[str] = []
        self._loop = loop

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()

    def tell(self, text: str) -> None:
        """Add a line."""
        self.lines.append(f"{self._loop.time():12.6f} {self._loop.turns:6d} {text}")


def describe(answer: Any) -> str:
    """An answer as the trace shows it."""
    if isinstance(answer, tuple) and isinstance(answer[0], Standing):
        standing, created = answer
        return f"{describe(standing)}{'' if created else ', known'}"
    if isinstance(answer, Standing):
        position = f", {answer.position.ahead} ahead" if answer.position else ""
        return describe(answer.job) + position
    if isinstance(answer, Job):
        return f"{answer.id} v{answer.version} {answer.state}, attempt {answer.attempt}"
    if isinstance(answer, Page):
        return f"{len(answer.jobs)} jobs"
    return f"{type(answer).__name__} {answer.settings}" if isinstance(answer, QueueStanding) else repr(answer)
