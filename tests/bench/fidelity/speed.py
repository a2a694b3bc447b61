"""How long an extraction takes against loading the page and one screenshot, and how long it blocks the page."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jobserver.errors import JobserverError
from jobserver.extract.browser.cdp import connect
from tests.bench.fidelity.browser import tab
from tests.bench.fidelity.reference import HEIGHT, WIDTH
from tests.bench.fidelity.trace import Block, tracing
from tests.bench.fidelity.warm import Warm
from tests.bench.report import print_rows

ROOT = "built/large"
LARGE = 50_000
"""Elements of the page that must not be too much."""

SMALL = 1_000
"""Elements of the page that the goal speaks of."""

ABOUT = range(800, 1_500)
"""Elements of pages of about that size."""

PAGES = (
    *("bootstrap/pricing", "bootstrap/album", "bootstrap/cheatsheet", "spectre/forms", "tabler/forms", "agency/index"),
    *("clean-blog/post", "sb-admin/index", "debian/apache-index"),
)
"""What is measured where no page is named, besides a page of our own."""

GOAL = 1.5
LONGEST = 200.0
"""Times the load that a job may take, and milliseconds that it may block the page."""

ROUNDS = 3
_READING = "Reading components"

Extract = Callable[[str, str, dict[str, Any], Callable[[float, str], None]], Awaitable[dict[str, Any]]]
"""(DevTools address, url, options of the request, report) → result."""

_ROW = (
    '<li class="row r{0}"><a href="/{0}">Name {0}</a><p class="text">Some words of text.</p><span>{0}</span>'
    '<button class="b b{0}">Buy</button></li>\n'
)
_RULES = "".join(f".b{n} {{ color: rgb({n % 200} 20 20) }} .r{n}:hover .text {{ color: teal }}" for n in range(300))


@dataclass(slots=True)
class Speed:
    """Of one page, in milliseconds, medians. ``steps``: of the job, as it reports them. ``blocks``: longest in each."""

    name: str
    load: float = 0.0
    job: float = 0.0
    unverified: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    blocks: dict[str, float] = field(default_factory=dict)
    elements: int = 0
    error: str = ""

    @property
    def reading(self) -> float:
        """The part of the job inside of the page."""
        return self.steps.get(_READING, 0.0)


class _Steps:
    """When a job said that it began with what; seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._told: list[tuple[float, str]] = []

    def __call__(self, _done: float, step: str) -> None:
        self._told.append((time.monotonic(), step))

    def lengths(self) -> dict[str, float]:
        """Step → milliseconds until the next one was told."""
        lengths: dict[str, float] = {}
        for (began, step), (ended, _) in zip(self._told, self._told[1:], strict=False):
            lengths[step] = lengths.get(step, 0.0) + 1000 * (ended - began)
        return lengths

    def at(self, moment: float) -> str:
        """What was being done then."""
        return next((step for began, step in reversed(self._told) if began <= moment), "before")


def write_page(cache: Path) -> None:
    """Lay the pages of 50,000 and of 1,000 elements into the cache."""
    (cache / ROOT).mkdir(parents=True, exist_ok=True)
    for name, elements in (("index", LARGE), ("small", SMALL)):
        rows = "".join(_ROW.format(number) for number in range(elements // 5))
        text = f"<!doctype html><meta charset=utf-8><title>Large</title><style>{_RULES}</style><ul>{rows}</ul>"
        (cache / ROOT / f"{name}.html").write_text(text, encoding="utf-8")


async def speed(browser: Warm, urls: Sequence[tuple[str, str]], run: Extract) -> list[Speed]:
    """Measure the pages of ``urls`` (name, url), one after the other."""
    return [await _page(browser, name, url, run) for name, url in urls]


async def large(browser: Warm, url: str, run: Extract) -> list[str]:
    """What becomes of the large page, in words."""
    steps, began = _Steps(), time.perf_counter()
    try:
        extraction = await run(await browser.address(), url, {}, steps)
    except JobserverError as error:
        return [f"A page of {LARGE:,} elements FAILED after {time.perf_counter() - began:.1f} s: {error}"]
    seconds = time.perf_counter() - began
    found = f"A page of {LARGE:,} elements: {extraction['componentCount']} components in {seconds:.1f} s"
    return [found, *(f"  {name}: {length:.0f} ms" for name, length in steps.lengths().items()), *extraction["warnings"]]


def print_speed(figures: Sequence[Speed]) -> None:
    """A row for each page, and the medians of the ratios."""
    head = (
        "page",
        "elements",
        "load ms",
        "job ms",
        "ratio",
        "unverified",
        "ratio",
        "in page",
        "ratio",
        "longest ms",
        "in",
    )
    print_rows([head, *map(_row, figures)])
    good = [each for each in figures if not each.error]
    if good:
        print(f"Median ratios to load and screenshot (goal {GOAL}): {_ratios(good)}")
        if about := [each for each in good if each.elements in ABOUT]:
            print(f"Of the {len(about)} pages of about {SMALL:,} elements: {_ratios(about)}")
        steps = {step: statistics.median(each.steps.get(step, 0.0) for each in good) for step in good[0].steps}
        print("Median of each step:", ", ".join(f"{step} {length:.0f} ms" for step, length in steps.items()))
        longest = max(max(each.blocks.values(), default=0.0) for each in good)
        print(f"Longest block: {longest:.0f} ms (goal {LONGEST:.0f})")


def _ratios(figures: Sequence[Speed]) -> str:
    parts = {
        "whole job": [each.job / each.load for each in figures],
        "without verification": [each.unverified / each.load for each in figures],
        "in the page": [each.reading / each.load for each in figures],
    }
    return ", ".join(f"{name} {statistics.median(ratios):.2f}" for name, ratios in parts.items())


async def _page(browser: Warm, name: str, url: str, run: Extract) -> Speed:
    found = Speed(name)
    try:
        await _in_turns(browser, url, run, found)
        await _blocks(browser, url, run, found)
    except (JobserverError, RuntimeError, TimeoutError) as error:
        found.error = f"{type(error).__name__}: {error}"
    return found


async def _in_turns(browser: Warm, url: str, run: Extract, found: Speed) -> None:
    loads, jobs, plain, steps = [], [], [], []
    address = await browser.address()
    await run(address, url, {}, _Steps())  # so that all is warm
    for _ in range(ROUNDS):
        loads.append(await _timed(_load(address, url, found)))
        told = _Steps()
        jobs.append(await _timed(run(address, url, {}, told)))
        steps.append(told.lengths())
        plain.append(await _timed(run(address, url, {"verify": "none"}, _Steps())))
    found.load, found.job, found.unverified = (statistics.median(times) for times in (loads, jobs, plain))
    found.steps = {step: statistics.median(each.get(step, 0.0) for each in steps) for step in steps[0]}


async def _load(address: str, url: str, found: Speed) -> None:
    async with connect(address) as connection, tab(connection, WIDTH, HEIGHT) as shown:
        await shown.go(url)
        await shown.picture()
        found.elements = await shown.call("() => document.querySelectorAll('*').length")


async def _blocks(browser: Warm, url: str, run: Extract, found: Speed) -> None:
    steps, blocks = _Steps(), list[Block]()
    address = await browser.address()
    async with tracing(address, blocks):
        await run(address, url, {}, steps)
    for block in blocks:
        step = steps.at(block.began)
        if step not in ("before", "Loading page"):
            found.blocks[step] = max(found.blocks.get(step, 0.0), block.milliseconds)


async def _timed(work: Awaitable[Any]) -> float:
    began = time.perf_counter()
    await work
    return 1000 * (time.perf_counter() - began)


def _row(each: Speed) -> tuple[str, ...]:
    if each.error:
        return (each.name, each.error[:60], *[""] * 9)
    step, longest = max(each.blocks.items(), key=lambda pair: pair[1], default=("", 0.0))
    times = [
        text
        for part in (each.job, each.unverified, each.reading)
        for text in (f"{part:.0f}", f"{part / each.load:.2f}")
    ]
    return (each.name, str(each.elements), f"{each.load:.0f}", *times, f"{longest:.0f}", step)


def as_json(figures: Sequence[Speed]) -> list[dict[str, Any]]:
    """For the file of figures."""
    return [asdict(each) for each in figures]
