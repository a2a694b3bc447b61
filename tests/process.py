"""A server of its own for a test or a benchmark, as a real process, and pages on this machine for it to read."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.make import until

SECRET = {"x-cliq-signature": "testsecret"}
NAV = "<nav><a href='/a'>One</a> <a href='/b'>Two</a></nav>"
PAGE = f"<html><body>{NAV}<button>Buy</button></body></html>"


class Pages:
    """Pages on this machine: ``/page`` at once, ``/slow`` when the test opens the gate.

    ``/astray`` wants style sheets of places that are not allowed, ``/away`` redirects to one.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.visited = asyncio.Event()
        app = web.Application()
        app.router.add_get("/page", self._page)
        app.router.add_get("/slow", self._slow)
        app.router.add_get("/astray", self._astray)
        app.router.add_get("/away", self._away)
        self.server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self.server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gate.set()
        await self.server.close()

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.server.port}"

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def _astray(self, _: web.Request) -> web.Response:
        places = ("169.254.169.254", "metadata.google.internal")
        links = "".join(f"<link rel=stylesheet href='http://{place}/a.css'>" for place in places)
        return web.Response(text=links + PAGE, content_type="text/html")

    async def _away(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("http://169.254.169.254/latest/")

    async def _slow(self, request: web.Request) -> web.Response:
        self.visited.set()
        await self.gate.wait()
        return await self._page(request)


class Program:
    """A program that prints its address in its first line."""

    under: tuple[str, ...] = ()
    """What runs it, and becomes it, as strace can."""

    def __init__(self, *arguments: str, directory: Path, **environment: str) -> None:
        self.arguments = arguments
        self.directory = directory
        self.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())} | environment

    async def __aenter__(self) -> Self:
        self.log = self.directory / f"log-{id(self)}"
        with self.log.open("wb") as log:  # a pipe that nobody reads would stop the program once it is full
            self.process = await asyncio.create_subprocess_exec(
                *self.under,
                sys.executable,
                *self.arguments,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=self.directory,
                env=self.environment,
            )
            assert self.process.stdout is not None
            line = (await self.process.stdout.readline()).decode()
            address = re.search(r"http://\S+", line)
            assert address, (line, self.log.read_text())
        self.address = address[0]
        self.session = aiohttp.ClientSession(self.address, headers=SECRET)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.communicate()

    def cpu_seconds(self) -> float:
        """What it has used of a processor, without its children."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def stopped(self, within: float = 20) -> int:
        """Its exit status, once it has ended by itself."""
        return await asyncio.wait_for(self.process.wait(), within)

    async def stop(self, within: float = 30) -> int:
        """Its exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return await self.stopped(within)

    async def kill(self) -> None:
        """As a power cut, but for what the system still knows."""
        self.process.kill()
        await self.stopped()


class Process(Program):
    """The job server, reading pages at ``page`` (scheme, host and port) without a browser unless a setting says so."""

    def __init__(
        self, page: str, directory: Path, program: tuple[str, ...] = ("-m", "jobserver", "serve"), /, **settings: str
    ) -> None:
        self.page = page
        private = page.removeprefix("http://")
        ours = {"ANALYZE_ENGINE": "static", "ALLOW_PRIVATE_TARGETS": private, "PORT": "0"}
        super().__init__(*program, directory=directory, **(ours | settings))

    async def submit(self, path: str) -> str:
        """Queue a page and return its job's id."""
        async with self.session.post("/analyze", json={"url": self.page + path}) as response:
            assert response.status == 202, await response.text()
            return str((await response.json())["jobId"])

    async def poll(self, job_id: str, query: str = "") -> dict[str, Any]:
        """The body of a poll."""
        async with self.session.get(f"/result/{job_id}{query}") as response:
            body: dict[str, Any] = await response.json()
            return body

    async def ended(self, job_id: str, *, within: float = 60) -> dict[str, Any]:
        """The body of a poll, once the job has ended."""

        async def ended() -> dict[str, Any] | None:
            body = await self.poll(job_id, "?wait=20")
            return body if body["status"] in {"done", "failed", "cancelled"} else None

        body: dict[str, Any] = await until(ended, within=within)
        return body

    async def ready(self) -> bool:
        """Whether it takes jobs."""
        async with self.session.get("/readyz") as response:
            return response.status == 200
