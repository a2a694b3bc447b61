"""Sums up what was measured: shares of components that pass, of one page or of all."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.fidelity.compare import IDENTICAL, PASS
from tests.bench.fidelity.jsx import Sources
from tests.bench.fidelity.measure import WAYS, Measured, Shot
from tests.bench.fidelity.states import STATES


@dataclass(slots=True)
class PageFigures:
    """What was found on one page. ``seconds``: of the extraction. ``error``: why there is nothing else."""

    name: str
    components: int = 0
    seconds: float = 0.0
    engine: str = ""
    warnings: list[str] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    measured: list[Measured] = field(default_factory=list)
    sources: Sources | None = None
    error: str = ""


def shots(pages: Sequence[PageFigures], way: str) -> list[Shot]:
    """The comparisons of one way; of a state those whose original looks otherwise then: the others prove nothing."""
    found = [each.shots[way] for page in pages for each in page.measured if way in each.shots]
    return [shot for shot in found if shot.changed] if way in STATES else found


def summary(pages: Sequence[PageFigures]) -> dict[str, Any]:
    """Shares in per cent, means, and how many components each is of; None where there were none."""
    measured = [each for page in pages for each in page.measured]
    found: dict[str, Any] = {"components": sum(page.components for page in pages), "measured": len(measured)}
    for way in WAYS:
        of_way = shots(pages, way)
        found[way] = {
            "compared": len(of_way),
            "passed": percent([shot.diff <= PASS for shot in of_way]),
            "identical": percent([shot.diff <= IDENTICAL for shot in of_way]),
            "ssim": mean([shot.ssim for shot in of_way]),
        }
    found["declarations"] = mean([each.declarations for each in measured])
    found["cssBytes"] = mean([each.css_bytes for each in measured])
    found["msPerComponent"] = mean([1000 * page.seconds / page.components for page in pages if page.components])
    found["moved"] = sum(each.moved for each in measured)
    found["skipped"] = dict(sum((Counter(page.skipped) for page in pages), Counter()))
    sources = [page.sources for page in pages if page.sources]
    for part in ("parse", "render", "equal"):
        found[part] = percent([passed for each in sources for passed in getattr(each, part)])
    for part in ("react_file", "css_file"):
        found[part] = percent([getattr(each, part) for each in sources])
    return found


def causes(pages: Sequence[PageFigures], way: str) -> list[tuple[str, int, list[str]]]:
    """Of the failures of one way: (cause without its place, how many, some components that have it), most first."""
    by_cause: dict[str, list[str]] = {}
    for page in pages:
        for each in page.measured:
            shot = each.shots.get(way)
            if shot is not None and shot.diff > PASS:
                by_cause.setdefault(_plain(shot.cause), []).append(f"{page.name} {each.name}")
    return sorted(((name, len(which), which[:4]) for name, which in by_cause.items()), key=lambda each: -each[1])


def percent(passed: Sequence[bool]) -> float | None:
    """The share that is true, 0 to 100."""
    return round(100 * sum(passed) / len(passed), 2) if passed else None


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean."""
    return round(statistics.fmean(values), 4) if values else None


def _plain(cause: str) -> str:
    """Without the number of the node and all but the first property."""
    where, _, what = cause.partition(": ")
    return f"{where.split(' ')[0]}: {what.split(',')[0]}" if what and where != "tree" else cause.partition(":")[0]
