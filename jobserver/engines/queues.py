"""A named queue: who waits in it, what runs of it, and what operators have set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from jobserver.jobs.model import QueueSettings, State
from jobserver.jobs.order import Order

Turn = tuple[str, str]
"""Owner and concurrency key, which jobs that take turns share."""


@dataclass(slots=True)
class Queue:
    """Who waits, whose jobs are in which state, how many of each turn run, what was set."""

    order: Order = field(default_factory=Order)
    counts: dict[str, Counter[State]] = field(default_factory=dict)
    total: Counter[State] = field(default_factory=Counter)
    running: Counter[Turn] = field(default_factory=Counter)
    processing: int = 0
    ended: int = 0
    settings: QueueSettings = field(default_factory=QueueSettings)
    chosen: frozenset[str] = frozenset()
    """Which of the settings operators have chosen."""

    @property
    def can_give(self) -> bool:
        """Whether a worker may take a job from it now."""
        busy = self.settings.concurrency > 0 and self.processing >= self.settings.concurrency
        return not self.settings.paused and not busy and bool(self.order)

    def set(self, *, default: bool, **asked: Any) -> None:
        """Change settings, those asked as None not; see `Engine.set_queue`."""
        terms = {name: value for name, value in asked.items() if value is not None}
        if default:
            terms = {name: value for name, value in terms.items() if name not in self.chosen}
        else:
            self.chosen |= terms.keys()
        if terms.get("keep_count") == 0:
            terms["keep_count"] = None
        self.settings = replace(self.settings, **terms)

    def count(self, owner: str, state: State, by: int) -> None:
        """So many more, or less, of this owner in this state."""
        counts = self.counts.get(owner)
        if counts is None:
            counts = self.counts[owner] = Counter()
        counts[state] += by
        self.total[state] += by
        if by < 0 and not any(counts.values()):
            del self.counts[owner]
        if state is State.PROCESSING:
            self.processing += by
        elif state.ended:
            self.ended += by

    def totals(self, owner: str | None) -> Counter[State]:
        """State → number of jobs, of one owner or of all."""
        return self.total if owner is None else self.counts.get(owner, Counter())
