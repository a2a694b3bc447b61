"""What a fault did: a row of the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from tests.bench.report import machine, print_rows
from tests.faults.verdict import Verdict

HEADING = ("fault", "rounds", "acknowledged", "lost", "stuck", "doubled", "invented", "other")


@dataclass
class Row:
    """``rounds`` of a fault, the jobs that were acknowledged in them, and all that went wrong."""

    fault: str
    rounds: int = 0
    acknowledged: int = 0
    verdict: Verdict = field(default_factory=Verdict)

    def add(self, acknowledged: int, verdict: Verdict) -> None:
        """What one store came to."""
        self.acknowledged += acknowledged
        self.verdict += verdict

    def __iadd__(self, other: Row) -> Self:
        self.rounds += other.rounds
        self.add(other.acknowledged, other.verdict)
        return self

    def cells(self) -> tuple[str, ...]:
        """As text, under `HEADING`."""
        found = self.verdict
        wrong = (found.lost, found.stuck, found.doubled, found.invented, found.wrong)
        return self.fault, f"{self.rounds:,}", f"{self.acknowledged:,}", *(f"{len(each):,}" for each in wrong)


def show(rows: Iterable[Row]) -> int:
    """Print the table, and below it what went wrong; how many rows are not clean."""
    rows = list(rows)
    print(machine())
    print_rows([HEADING, *(row.cells() for row in rows)])
    bad = [row for row in rows if row.verdict]
    for row in bad:
        print(f"{row.fault}: {row.verdict}")
    return len(bad)
