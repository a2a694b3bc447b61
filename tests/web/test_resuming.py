"""Streams and polls across a restart of the real server: nothing is told twice, left out, or taken back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.process import Program
from tests.web.test_stream import Told, told


class Server(Program):
    """The job server with its jobs on disk, in the directory where it runs."""

    def __init__(self, directory: Path) -> None:
        settings = {"PORT": "0", "JOBSERVER_STORE": "sqlite:jobs.db", "CHROMIUM_PATH": "", "DEMO": "true"}
        super().__init__("-m", "jobserver", "serve", directory=directory, **settings)

    async def submit(self, kind: str = "echo", **args: Any) -> str:
        body = {"kind": kind, "args": args, "maxAttempts": 9}
        async with self.session.post("/v1/jobs", json=body) as response:
            assert response.status == 202, await response.text()
            return str((await response.json())["jobId"])

    async def submit_without_end(self) -> None:
        while True:
            await self.submit()

    async def hear(self, number: int, **headers: str) -> list[Told]:
        """So many events, as they arrive."""
        heard: list[Told] = []
        async with asyncio.timeout(20), self.session.get("/v1/events", headers=headers) as response:
            async for each in told(response):
                heard.append(each)
                if len(heard) == number:
                    break
        return heard

    async def end(self, *, politely: bool) -> None:
        self.process.terminate() if politely else self.process.kill()
        await self.stopped()


def numbers(heard: list[Told]) -> list[int]:
    return [data["seq"] for _, data in heard]


@pytest.mark.parametrize("politely", [True, False], ids=["stopped", "killed"])
async def test_a_stream_goes_on_after_a_restart_where_it_was(tmp_path: Path, politely: bool):
    heard: list[Told] = []
    last = "0"
    for _ in range(3):
        async with Server(tmp_path) as server:
            submitting = asyncio.ensure_future(server.submit_without_end())
            heard += await server.hear(50, **{"Last-Event-ID": last})
            last = str(heard[-1][1]["seq"])
            submitting.cancel()
            await server.end(politely=politely)
    assert numbers(heard) == list(range(1, 151))
    assert "gap" not in {kind for kind, _ in heard}


async def test_what_was_told_before_a_kill_is_told_the_same_after_it(tmp_path: Path):
    async with Server(tmp_path) as server:
        await server.submit("progress", steps=10, seconds=0.2)
        before = await server.hear(12, **{"Last-Event-ID": "0"})
        await server.end(politely=False)
    async with Server(tmp_path) as server:
        assert await server.hear(12, **{"Last-Event-ID": "0"}) == before


async def test_a_jobs_version_and_its_tag_never_go_back(tmp_path: Path):
    seen: list[tuple[int, str]] = []
    job_id = ""
    for _ in range(3):
        async with Server(tmp_path) as server:
            job_id = job_id or await server.submit("progress", steps=500, seconds=20)
            life: set[int] = set()
            async with asyncio.timeout(20):
                while len(life) < 3:
                    async with server.session.get(f"/v1/jobs/{job_id}") as response:
                        seen.append(((await response.json())["version"], response.headers["ETag"]))
                    life.add(seen[-1][0])
                    await asyncio.sleep(0.01)
            await server.end(politely=False)
    versions = [version for version, _ in seen]
    assert versions == sorted(versions)
    assert len(set(versions)) > 5
    assert len(set(seen)) == len(set(versions))


async def test_a_client_that_has_an_answer_keeps_it_across_a_kill(tmp_path: Path):
    async with Server(tmp_path) as server:
        job_id = await server.submit(n=1)
        async with server.session.get(f"/v1/jobs/{job_id}?wait=10") as response:
            tag, body = response.headers["ETag"], await response.json()
        await server.end(politely=False)
    async with Server(tmp_path) as server:
        async with server.session.get(f"/v1/jobs/{job_id}", headers={"If-None-Match": tag}) as response:
            assert response.status == 304
        async with server.session.get(f"/v1/jobs/{job_id}") as response:
            assert await response.json() == body
