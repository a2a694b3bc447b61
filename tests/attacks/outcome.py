"""What an attack came to: what was tried, and all that went wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.bench.report import machine


@dataclass
class Outcome:
    """``attack``: its name, that of its room. ``figures``: what was counted, by what it is, in reading order.

    ``wrong``: a sentence for each thing that must not be. An attack that found nothing wrong was held off.
    """

    attack: str
    figures: dict[str, object] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def expect(self, holds: bool, sentence: str) -> None:
        """Note ``sentence`` unless what it complains of ``holds`` off."""
        if not holds:
            self.wrong.append(sentence)


def show(outcomes: Iterable[Outcome]) -> int:
    """Print a line for each, and below them what went wrong; how many attacks were not held off."""
    outcomes = list(outcomes)
    print(machine())
    print(*(f"{each.attack}: {_figures(each.figures)}" for each in outcomes), sep="\n")
    bad = [each for each in outcomes if each.wrong]
    for each in bad:
        print(*(f"{each.attack}: {sentence}" for sentence in each.wrong), sep="\n")
    return len(bad)


def _figures(figures: Mapping[str, object]) -> str:
    return " · ".join(
        f"{what}: {count:,}" if isinstance(count, int) else f"{what}: {count}" for what, count in figures.items()
    )
