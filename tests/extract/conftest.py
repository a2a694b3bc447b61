from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from jobserver.extract.browser import find_chromium
from jobserver.extract.browser.cdp import Connection, connect
from tests.extract.tab import Tab, open_tab
from tests.extract.warm import WarmChromium


@pytest.fixture(scope="session")
def program() -> str:
    """The installed Chromium."""
    found = find_chromium()
    assert found, "every test that asks for it is marked browser"
    return found


@pytest.fixture(scope="session")
def warm(program: str) -> Iterator[WarmChromium]:
    with WarmChromium.of(program) as one:
        yield one


@pytest.fixture
def ws_url(warm: WarmChromium) -> str:
    """The DevTools of the browser that tests share."""
    return warm.address()


@pytest.fixture
async def devtools(ws_url: str) -> AsyncIterator[Connection]:
    """A second connection to the browser, to see from outside what goes on in it."""
    async with connect(ws_url) as connection:
        yield connection


@pytest.fixture
async def tab(devtools: Connection) -> AsyncIterator[Tab]:
    """A page that is no visit."""
    async with open_tab(devtools) as one:
        yield one
