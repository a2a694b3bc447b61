"""The tools that React is written for: installed once, from a lock file, into pytest's cache."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from tests.extract.react.tools import Tools, install


@pytest.fixture(scope="session")
def tools(request: pytest.FixtureRequest) -> Tools:
    """Skips where npm or the network is missing, and fails where they must be there."""
    cache = request.config.cache
    assert cache is not None
    try:
        return install(Path(cache.mkdir("react")))
    except LookupError as missing:
        _without(str(missing))


def _without(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)  # a laptop may be without npm or the network; CI has failed in the line before
