"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from blockbuster import blockbuster_ctx

from jobserver.extract.browser import find_chromium
from tests.process import Pages

SERVER_ROOMS = ["auth", "egress", "engines", "extract.browser", "handlers", "jobs", "web", "workers"]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``browser`` is skipped where there is none, and failed where there must be one."""
    if item.get_closest_marker("browser") and find_chromium() is None:
        reason = "no Chromium on PATH: install chromium-headless-shell"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture
async def pages() -> AsyncIterator[Pages]:
    """A site on this machine."""
    async with Pages() as pages:
        yield pages


@pytest.fixture(autouse=True)
def nothing_blocks_the_loop() -> Iterator[None]:
    """A blocking call on the event loop, made by code that runs in the server's own process, fails the test."""
    with blockbuster_ctx([f"jobserver.{room}" for room in SERVER_ROOMS]) as watch:
        # Looks for the program once, before the server listens.
        for call in ("os.stat", "os.access"):
            watch.functions[call].can_block_in("browser/chromium.py", "find_chromium")
        # Imports what handlers there are, once, before the server listens.
        for function in watch.functions.values():
            function.can_block_in("workers/loading.py", {"load", "discover"})
        # Another thread may be at its figures.
        watch.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", {"lock_data"})
        yield
