"""The site that most tests of this room talk to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.web.site import Site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as site:
        yield site
