"""A tenant that means ill, as a program of its own: it attacks from an address of its own while it is told to.

``python -m tests.bench.hostile URL TOKEN JOB_ID`` reads ``on`` and ``off`` from its standard input. It floods with
wrong and right requests as fast as it is answered, sends bodies that are too large, and bodies that never end, and
opens streams.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp

ADDRESS = "127.0.0.2"
"""Loopback has many addresses on Linux: this one is counted apart from everybody else's."""

FLOODERS, SLOW, STREAMS = 32, 64, 200


class Hostile:
    def __init__(self, url: str, token: str, job_id: str) -> None:
        self.url = url
        self.key = {"Authorization": f"Bearer {token}"}
        self.job = f"/v1/jobs/{job_id}"
        self.session: aiohttp.ClientSession

    async def run(self) -> None:
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        attack: asyncio.Task[None] | None = None
        while command := (await commands.readline()).strip():
            if command == b"on":
                attack = asyncio.ensure_future(self.attack())
            elif attack is not None:
                attack.cancel()
                with suppress(asyncio.CancelledError):
                    await attack
            say(command.decode())

    async def attack(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, local_addr=(ADDRESS, 0))
        async with aiohttp.ClientSession(self.url, connector=connector) as self.session, asyncio.TaskGroup() as group:
            for attempt in (self.wrong, self.right, self.submit):
                for _ in range(FLOODERS):
                    group.create_task(self.again(attempt))
            for _ in range(4):
                group.create_task(self.again(self.huge))
            for _ in range(SLOW):
                group.create_task(self.again(self.slow))
            for _ in range(STREAMS):
                group.create_task(self.again(self.stream))

    async def again(self, attempt: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await attempt()
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(0.1)

    async def ask(self, method: str, path: str, **more: object) -> None:
        async with self.session.request(method, path, **more) as response:  # type: ignore[arg-type] # passed through
            await response.read()

    async def wrong(self) -> None:
        await self.ask("GET", "/v1/jobs", headers={"x-cliq-signature": "wrong"})

    async def right(self) -> None:
        await self.ask("GET", self.job, headers=self.key)

    async def submit(self) -> None:
        await self.ask("POST", "/v1/jobs", json={"kind": "sleep", "args": {"seconds": 600}}, headers=self.key)

    async def huge(self) -> None:
        await self.ask("POST", "/v1/jobs", data=bytes(2_000_000), headers=self.key)

    async def slow(self) -> None:
        await self.ask("POST", "/v1/jobs", data=drops(), headers=self.key)

    async def stream(self) -> None:
        async with self.session.get(f"{self.job}/events", headers=self.key) as response:
            async for _ in response.content:
                pass
        if response.status != 200:
            await asyncio.sleep(1)


async def drops() -> AsyncIterator[bytes]:
    for _ in range(1_000):
        yield bytes(10_000)
        await asyncio.sleep(0.5)


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    assert urlsplit(sys.argv[1]).scheme == "http"
    asyncio.run(Hostile(*sys.argv[1:4]).run())
