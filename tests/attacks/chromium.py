"""A Chromium that is none of the server's: it shows what a page does where nobody holds it back."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_ENDPOINT = re.compile(rb"DevTools listening on (ws://\S+)\s")


@asynccontextmanager
async def running(program: str | Path, *flags: str) -> AsyncIterator[str]:
    """The address of its DevTools. It and all it has started are killed in the end."""
    process = await asyncio.create_subprocess_exec(
        program,
        *("--headless", "--no-sandbox", "--remote-debugging-port=0", *flags),
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    drain = None
    try:
        address = await asyncio.wait_for(_address(process.stderr), 20)
        drain = asyncio.ensure_future(_read_on(process.stderr))
        yield address
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if drain is not None:
            await drain


async def _address(said: asyncio.StreamReader) -> str:
    output = b""
    while (match := _ENDPOINT.search(output)) is None:
        line = await said.readline()
        assert line, output
        output += line
    return match[1].decode()


async def _read_on(said: asyncio.StreamReader) -> None:
    """A pipe that nobody reads would stop it once it is full."""
    while await said.read(65_536):
        pass
