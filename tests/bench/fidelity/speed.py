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
from jobserver.extract.model import Unchanged
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

ABOUT = range(500, 3_000)
"""Elements of pages of about that size."""

PAGES = (
    *("bootstrap/pricing", "bootstrap/album", "bootstrap/cheatsheet", "spectre/forms", "tabler/forms", "tabler/index"),
    *("agency/index", "clean-blog/post", "sb-admin/index", "gentelella/form", "gentelella/index"),
    *("debian/apache-index", "debian/doxygen", "debian/postgresql", "apps/antd", "apps/vuetify"),
)
"""What is measured where no page is named: all of `ABOUT` that size, some smaller ones, and a page of our own."""

OWN = "own page"
"""No listed page: shown, and in no median."""

GOAL = 1.5
LONGEST = 200.0
"""Times the load that a job may take, and milliseconds that it may block the page."""

ROUNDS = 5
_READING = "Reading components"

Extract = Callable[[str, str, dict[str, Any], Callable[[float, str], None]], Awaitable[dict[str, Any]]]
"""(DevTools address, url, options of the request, report) → result."""

_HEAD = (
    *("page", "elements", "load", "shot", "floor ms", "known ms", "ratio", "found", "job ms", "ratio"),
    *("unverified", "ratio", "in page", "ratio", "longest ms", "in"),
)
_ROW = (
    '<li class="row r{0}"><a href="/{0}">Name {0}</a><p class="text">Some words of text.</p><span>{0}</span>'
    '<button class="b b{0}">Buy</button></li>\n'
)
_RULES = "".join(f".b{n} {{ color: rgb({n % 200} 20 20) }} .r{n}:hover .text {{ color: teal }}" for n in range(300))


@dataclass(slots=True)
class Speed:
    """Of one page, in milliseconds, medians.

    ``load``: from no tab to one that has loaded the page, and away with it. ``shot``: a screenshot of the viewport.
    ``floor``: both in one go, what the job is held against. ``known``: a job on a page that has been read before;
    ``again``: how many of them found it unchanged. ``job``: one that reads it. ``steps``: of that, as it reports them.
    ``blocks``: the longest in each.
    """

    name: str
    load: float = 0.0
    shot: float = 0.0
    floor: float = 0.0
    known: float = 0.0
    again: int = 0
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
    print_rows([_HEAD, *map(_row, figures)])
    good = [each for each in figures if not each.error]
    listed = [each for each in good if each.name != OWN]
    if listed:
        print(f"Median ratios to load and one screenshot (goal {GOAL}), {len(listed)} listed pages: {_ratios(listed)}")
    if about := [each for each in listed if each.elements in ABOUT]:
        print(f"The {len(about)} of them with {ABOUT.start} to {ABOUT.stop:,} elements: {_ratios(about)}")
    if good:
        steps = {step: statistics.median(each.steps.get(step, 0.0) for each in good) for step in good[0].steps}
        print("Median of each step:", ", ".join(f"{step} {length:.0f} ms" for step, length in steps.items()))
        most = max(max(each.blocks.values(), default=0.0) for each in good)
        print(f"Longest block: {most:.0f} ms (goal {LONGEST:.0f})")


def _ratios(figures: Sequence[Speed]) -> str:
    parts = {
        "read before": [each.known / each.floor for each in figures],
        "whole job": [each.job / each.floor for each in figures],
        "without verification": [each.unverified / each.floor for each in figures],
        "in the page": [each.reading / each.floor for each in figures],
    }
    return ", ".join(f"{name} {statistics.median(ratios):.2f}" for name, ratios in parts.items())


async def _page(browser: Warm, name: str, url: str, run: Extract) -> Speed:
    found = Speed(name)
    try:
        await _in_turns(browser, url, run, found)
        found.blocks = await longest(url, run)
    except (JobserverError, RuntimeError, TimeoutError) as error:
        found.error = f"{type(error).__name__}: {error}"
    return found


async def _in_turns(browser: Warm, url: str, run: Extract, found: Speed) -> None:
    address = await browser.address()
    found.elements = await _elements(address, url)
    first = _Rounds(address, url, run)
    await first.take(1)  # so that all is warm, and the page known
    rounds = _Rounds(address, url, run, first.fingerprint)
    await rounds.take(ROUNDS)
    rounds.sum_up(found)


class _Rounds:
    """A page's loads and its jobs, one of each kind a round; times in milliseconds.

    ``fingerprint``: of the last reading.
    """

    def __init__(self, address: str, url: str, run: Extract, fingerprint: str | None = None) -> None:
        self._address, self._url, self._run = address, url, run
        self._floors: list[float] = []
        self._shots: list[float] = []
        self.fingerprint = fingerprint
        self._known: list[float] = []
        self._again = 0
        self._jobs: list[float] = []
        self._unverified: list[float] = []
        self._steps: list[dict[str, float]] = []

    async def take(self, rounds: int) -> None:
        """Every other round the other way about: none always comes after the same one."""
        turns = (self._load, self._job_known, self._job, self._job_unverified)
        for number in range(rounds):
            for turn in reversed(turns) if number % 2 else turns:
                await turn()

    def sum_up(self, found: Speed) -> None:
        """Write the medians down."""
        found.floor, found.shot = statistics.median(self._floors), statistics.median(self._shots)
        found.load = statistics.median(floor - shot for floor, shot in zip(self._floors, self._shots, strict=True))
        found.known, found.again = statistics.median(self._known), self._again
        found.job, found.unverified = statistics.median(self._jobs), statistics.median(self._unverified)
        found.steps = {step: statistics.median(each.get(step, 0.0) for each in self._steps) for step in self._steps[0]}

    async def _load(self) -> None:
        self._floors.append(await _timed(self._show()))

    async def _show(self) -> None:
        async with connect(self._address) as connection, tab(connection, WIDTH, HEIGHT, ["Page"]) as shown:
            await shown.go(self._url)
            self._shots.append(await _timed(shown.picture()))

    async def _job(self) -> None:
        steps = _Steps()
        self._jobs.append(await _timed(self._read(steps)))
        self._steps.append(steps.lengths())

    async def _read(self, steps: _Steps) -> None:
        self.fingerprint = (await self._run(self._address, self._url, {}, steps)).get("fingerprint")

    async def _job_known(self) -> None:
        self._known.append(await _timed(self._read_again()))

    async def _read_again(self) -> None:
        try:
            await self._run(self._address, self._url, {"known": self.fingerprint}, _Steps())
        except Unchanged:
            self._again += 1

    async def _job_unverified(self) -> None:
        run = self._run(self._address, self._url, {"verify": "none"}, _Steps())
        self._unverified.append(await _timed(run))


async def _elements(address: str, url: str) -> int:
    async with connect(address) as connection, tab(connection, WIDTH, HEIGHT) as shown:
        await shown.go(url)
        await shown.quiet()
        return int(await shown.call("() => document.querySelectorAll('*').length"))


async def longest(url: str, run: Extract) -> dict[str, float]:
    """Step of a job → milliseconds of the longest block of the page's main thread in it; its loading is left out."""
    steps, blocks, found = _Steps(), list[Block](), dict[str, float]()
    async with Warm() as browser:  # its own: see `tracing`
        address = await browser.address()
        await run(address, url, {}, _Steps())  # so that it is warm
        async with tracing(address, blocks):
            await run(address, url, {}, steps)
    for block in blocks:
        step = steps.at(block.began)
        if step not in ("before", "Loading page"):
            found[step] = max(found.get(step, 0.0), block.milliseconds)
    return found


async def _timed(work: Awaitable[Any]) -> float:
    began = time.perf_counter()
    await work
    return 1000 * (time.perf_counter() - began)


def _row(each: Speed) -> tuple[str, ...]:
    if each.error:
        return (each.name, each.error[:60], *[""] * (len(_HEAD) - 2))
    step, most = max(each.blocks.items(), key=lambda pair: pair[1], default=("", 0.0))
    floor = (f"{part:.0f}" for part in (each.load, each.shot, each.floor))
    again = (*_held(each, each.known), f"{each.again}/{ROUNDS}")
    times = [text for part in (each.job, each.unverified, each.reading) for text in _held(each, part)]
    return (each.name, str(each.elements), *floor, *again, *times, f"{most:.0f}", step)


def _held(each: Speed, milliseconds: float) -> tuple[str, str]:
    """A time, and what it is times the floor."""
    return f"{milliseconds:.0f}", f"{milliseconds / each.floor:.2f}"


def as_json(figures: Sequence[Speed]) -> list[dict[str, Any]]:
    """For the file of figures."""
    return [asdict(each) for each in figures]
