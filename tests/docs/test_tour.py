"""The tour: every command of it, in its order, against a real process; and no route it does not see."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobserver.web.app import ROUTES
from tests.docs.pages import ROOT
from tests.docs.test_examples import program
from tests.process import Pages, Process

TOUR = ROOT / "docs" / "tour.md"
_STEP = re.compile(r"^```bash\n(.*?)^```\n(?:\n```\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
_COUNTED = re.compile(r"^jobserver_http_requests_total\{(.*)\} ", re.MULTILINE)
MARK = "-- the next step --"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Process]:
    async with Pages() as pages, Process(pages.address, tmp_path) as server:
        yield server


def matches(shown: str, printed: str) -> bool:
    """Whether that is what was printed, with anything at all in the place of each ``…``."""
    return (
        re.fullmatch(".*".join(map(re.escape, shown.strip().split("…"))), printed.replace("\r", "").strip(), re.DOTALL)
        is not None
    )


async def take(steps: list[str], server: Process, folder: Path) -> list[str]:
    """What each step prints; the shell remembers what the ones before it have set."""
    script = f"\necho; echo '{MARK}'\n".join(steps)
    here = script.replace("http://localhost:3000", server.address).replace("https://example.com", f"{server.page}/page")
    process = await asyncio.create_subprocess_exec(
        *(program("bash"), "-e"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
    )
    printed, _ = await asyncio.wait_for(process.communicate(here.encode()), 50)
    assert process.returncode == 0, printed.decode()
    return printed.decode().split(MARK)


async def test_the_tour_prints_what_it_shows_and_sees_every_route(server: Process, tmp_path: Path):
    program("curl")
    steps = _STEP.findall(TOUR.read_text())
    printed = await take([step for step, _ in steps], server, tmp_path)
    assert len(printed) == len(steps)
    wrong = [f"{step}\n{said}" for (step, shown), said in zip(steps, printed, strict=True) if not matches(shown, said)]
    assert wrong == [], "\n\n".join(wrong)
    assert await routes_seen(server) == {(route.method, route.path) for route in ROUTES}


async def test_the_tour_says_so_where_the_page_it_ends_with_cannot_be_read(server: Process, tmp_path: Path):
    program("curl")
    steps = [step for step, _ in _STEP.findall(TOUR.read_text())]
    last = steps[-1].replace("https://example.com", f"{server.page}/nowhere")
    (_, printed) = await take([steps[0], last], server, tmp_path)
    assert '"code":"page_status"' in printed
    assert "The page could not be read from here." in printed
    assert "curl:" not in printed


async def routes_seen(server: Process) -> set[tuple[str, str]]:
    async with server.session.get("/metrics") as response:
        counted = _COUNTED.findall(await response.text())
    labels = [dict(re.findall(r'(\w+)="([^"]*)"', each)) for each in counted]
    return {(each["method"], each["route"]) for each in labels}
