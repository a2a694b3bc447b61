"""The server that the examples talk to."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from jobserver.auth.signing import Credentials
from tests.web.site import SECRET, Site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A server with the secret of the examples."""
    async with Site(credentials=Credentials(("testsecret", SECRET))) as site:
        yield site
