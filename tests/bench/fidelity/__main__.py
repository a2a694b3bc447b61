"""Measures how like the pages the extracted components are: ``python -m tests.bench.fidelity --help``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobserver.errors import JobserverError
from jobserver.extract.browser.cdp import connect
from tests.bench.fidelity import selftest, speed
from tests.bench.fidelity.commands import CommandFailed
from tests.bench.fidelity.extractor import Extractor
from tests.bench.fidelity.fetch import fetch
from tests.bench.fidelity.figures import PageFigures, summary
from tests.bench.fidelity.jsx import check_sources, install_node_tools
from tests.bench.fidelity.measure import measure
from tests.bench.fidelity.pages import PAGES, Page, chosen
from tests.bench.fidelity.report import Gallery, print_causes, print_table, write
from tests.bench.fidelity.serve import serving
from tests.bench.fidelity.warm import Warm
from tests.bench.report import machine

_CACHE = Path.home() / ".cache/jobserver-fidelity"


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fidelity", description=__doc__)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="group/page or group; all pages where none is named")
    parser.add_argument("--engine", choices=("browser", "static"), default="browser", help="how pages are read")
    parser.add_argument("--verify", choices=("none", "sample", "all"), help="what the extraction is asked to verify")
    parser.add_argument("--format", choices=("jsx", "tsx"), help="the flavour of React that is asked for")
    parser.add_argument("--jobs", type=int, default=1, help="pages that are measured at the same time")
    parser.add_argument("--cache", type=Path, default=_CACHE, help=f"where pages are kept ({_CACHE})")
    parser.add_argument(
        "--output", type=Path, default=Path("fidelity"), help="where figures and pictures go (fidelity)"
    )
    parser.add_argument("--list", action="store_true", help="list the pages and end")
    parser.add_argument("--fetch", action="store_true", help="bring the pages into the cache and end")
    parser.add_argument("--selftest", action="store_true", help="measure the measure and end")
    parser.add_argument("--speed", action="store_true", help="measure how long pages take instead")
    return parser.parse_args(given)


async def main(given: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the exit status."""
    asked = _arguments(given)
    if asked.list:
        print("\n".join(page.name for page in PAGES))
        return 0
    pages = chosen(asked.pages or (speed.PAGES if asked.speed else ()))
    cache, output = asked.cache.resolve(), asked.output.resolve()
    missing = await asyncio.to_thread(fetch, pages, cache)
    print("\n".join(missing), end="\n" if missing else "", file=sys.stderr)
    if asked.fetch:
        return int(bool(missing))
    print(machine())
    for part in (selftest, speed):
        part.write_page(cache)
    async with serving(cache, [selftest.ROOT, speed.ROOT, *(page.root for page in pages)]) as sites, Warm() as browser:
        urls = [(page.name, sites[page.root] + page.path) for page in pages]
        extractor = Extractor(sites, {name: value for name in ("verify", "format") if (value := getattr(asked, name))})
        if asked.selftest:
            return await selftest.selftest(browser, urls, sites[selftest.ROOT], extractor)
        if asked.speed:
            urls.append((speed.OWN, f"{sites[speed.ROOT]}/small.html"))
            return await _speed(browser, urls, sites, extractor, output)
        run = _Run(asked, sites, browser, extractor, await install_node_tools(cache))
        return await run.pages(pages)


async def _speed(
    browser: Warm, urls: list[tuple[str, str]], sites: dict[str, str], extractor: Extractor, output: Path
) -> int:
    figures = await speed.speed(browser, urls, extractor)
    speed.print_speed(figures)
    large = await speed.large(browser, f"{sites[speed.ROOT]}/", extractor)
    print("\n".join(large))
    write([], {"speed": speed.as_json(figures), "large": large}, output)
    return 0


class _Run:
    """One run over many pages."""

    def __init__(
        self, asked: argparse.Namespace, sites: dict[str, str], browser: Warm, extractor: Extractor, tools: Path
    ) -> None:
        self._static = asked.engine == "static"
        self._sites, self._browser, self._extract, self._tools = sites, browser, extractor, tools
        self._output = asked.output.resolve()
        self._turns = asyncio.Semaphore(asked.jobs)
        self._done: list[PageFigures] = []
        self._gallery = Gallery(self._output / "pictures")

    async def pages(self, pages: Sequence[Page]) -> int:
        """Measure them all, print and write what was found."""
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self._page(page)) for page in pages]
        found = [task.result() for task in running]
        print_table(found)
        print_causes(found)
        print(f"\nPictures of what did not pass: {self._gallery.write()}")
        return 0

    async def _page(self, page: Page) -> PageFigures:
        async with self._turns:
            figures = PageFigures(page.name)
            try:
                await self._measure(page, figures)
            except (JobserverError, RuntimeError, TimeoutError, OSError) as error:
                figures.error = f"{type(error).__name__}: {error}"
            self._done.append(figures)
            # Each time: a run over all pages is long, and somebody may end it.
            write(self._done, {"machine": machine()}, self._output)
            passed = summary([figures])["rest"]["passed"]
            print(f"{page.name}: {figures.error or f'{passed} % of {len(figures.measured)}'}", file=sys.stderr)
            return figures

    async def _measure(self, page: Page, figures: PageFigures) -> None:
        site = self._sites[page.root]
        address = await self._browser.address()
        began = time.perf_counter()
        extraction = await self._extract(
            None if self._static else address, site + page.path, {}, lambda _done, _step: None
        )
        figures.seconds = time.perf_counter() - began
        figures.components, figures.engine = extraction["componentCount"], extraction["engine"]
        figures.warnings = extraction["warnings"]
        self._keep(page, extraction)
        figures.sources = await check_sources(self._tools, extraction)
        async with connect(address) as connection:
            found = await measure(connection, site + page.path, site, extraction["components"])
        figures.measured, figures.skipped = found.measured, found.skipped
        self._gallery.add(page.name, found.failures)

    def _keep(self, page: Page, extraction: dict[str, Any]) -> None:
        folder = self._output / "extractions"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{page.name.replace('/', '-')}.json"
        path.write_text(json.dumps(extraction, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except CommandFailed as failed:
        sys.exit(str(failed))
