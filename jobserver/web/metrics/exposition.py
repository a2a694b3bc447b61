"""Metrics as text that Prometheus reads (text format 0.0.4, and OpenMetrics 1.0 for those who ask)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jobserver.jobs.histogram import Histogram

Values = Iterable[tuple[tuple[str, ...], float | Histogram]]
"""(a value for each label, the metric's value), for each such combination."""

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: ``name``, ``kind`` (counter, gauge, histogram), what it says, and the names of its labels.

    A counter's name ends in ``_total``.
    """

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()


def render(metrics: Iterable[tuple[Family, Values]], *, open_metrics: bool = False) -> str:
    """All of them as text. ``open_metrics``: counters are announced without ``_total``, and the end is marked."""
    lines = [line for family, values in metrics for line in _lines(family, values, open_metrics)]
    return "\n".join([*lines, *(["# EOF"] if open_metrics else []), ""])


def _lines(family: Family, values: Values, open_metrics: bool) -> Iterator[str]:
    announced = family.name.removesuffix("_total") if open_metrics else family.name
    yield f"# HELP {announced} {family.help}"
    yield f"# TYPE {announced} {family.kind}"
    for labels, value in values:
        pairs = [f'{name}="{text.translate(_ESCAPES)}"' for name, text in zip(family.labels, labels, strict=True)]
        if isinstance(value, Histogram):
            yield from _histogram(family.name, pairs, value)
        else:
            yield f"{family.name}{_braces(pairs)} {_number(value)}"


def _histogram(name: str, pairs: list[str], histogram: Histogram) -> Iterator[str]:
    for step, count in histogram.up_to():
        step_label = f'le="{_number(step)}"'
        yield f"{name}_bucket{_braces([*pairs, step_label])} {count}"
    yield f"{name}_sum{_braces(pairs)} {_number(histogram.sum)}"
    yield f"{name}_count{_braces(pairs)} {histogram.count}"


def _braces(pairs: list[str]) -> str:
    return "{" + ",".join(pairs) + "}" if pairs else ""


def _number(value: float) -> str:
    return "+Inf" if value == float("inf") else repr(float(value))
