"""A real server whose handlers misbehave in every way there is: it answers all the while, and ends when it is told."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.make import until
from tests.process import Program

JOBS = "tests.workers.misbehaving_jobs"
OWN = """
import threading, time
from jobserver import handler

@handler("hello")
def hello(args):
    return {"hello": args["name"]}

@handler("hang", timeout=None)
def hang():
    threading.Event().wait()

@handler("hang-process", timeout=None, isolated=True)
def hang_process():
    time.sleep(1_000)
"""


class Server(Program):
    """A job server with handlers of the test's own."""

    def __init__(self, directory: Path, *arguments: str, **settings: str) -> None:
        super().__init__("-m", "jobserver", "serve", *arguments, directory=directory, PORT="0", **settings)

    async def begin(self, kind: str, **args: Any) -> str:
        async with self.session.post("/v1/jobs", json={"kind": kind, "args": args}) as response:
            assert response.status == 202, await response.text()
            return str((await response.json())["jobId"])

    async def job(self, job_id: str, wait: int = 0) -> dict[str, Any]:
        async with self.session.get(f"/v1/jobs/{job_id}?wait={wait}") as response:
            body: dict[str, Any] = await response.json()
            return body

    async def run(self, kind: str, **args: Any) -> dict[str, Any]:
        return await self.job(await self.begin(kind, **args), wait=30)


@pytest.mark.timeout(120)
async def test_no_handler_keeps_the_server_from_answering_or_from_ending(tmp_path: Path):
    async with Server(tmp_path, "--handlers", JOBS, CONCURRENCY="4") as server:
        kinds = ["swallow", "block-thread", "block-process", "exit-loop", "exit-thread", "exit-process", "exit-at-once"]
        jobs = [await server.begin(kind) for kind in kinds]
        assert (await server.run("echo", n=1))["result"] == {"n": 1}
        ended = [await server.job(job_id, wait=30) for job_id in jobs]
        assert [job["error"]["code"] for job in ended] == [
            "timeout",
            "timeout",
            "timeout",
            "exception",
            "exception",
            "crashed",
            "crashed",
        ]
        assert (await server.run("leak"))["status"] == "done"
        server.process.send_signal(signal.SIGTERM)
        assert await server.stopped(10) == 0
        log = server.log.read_text()
    assert log.count("did not stop when cancelled and was abandoned") == 2
    assert log.count("is left behind: its handler never stopped") == 1  # a thread is left without a word
    assert "Traceback" not in log


@pytest.mark.parametrize("kind", ["hang", "hang-process"])
async def test_a_server_whose_handler_blocks_for_ever_ends_all_the_same(tmp_path: Path, kind: str):
    (tmp_path / "own_jobs.py").write_text(OWN)
    async with Server(tmp_path, HANDLERS="own_jobs", SHUTDOWN_GRACE="0.2", PYTHONWARNINGS="error") as server:
        job_id = await server.begin(kind)

        async def is_running() -> bool:
            return bool((await server.job(job_id))["status"] == "processing")

        await until(is_running)
        server.process.send_signal(signal.SIGTERM)
        assert await server.stopped(10) == 0


async def test_handlers_of_the_current_directory_are_served(tmp_path: Path):
    (tmp_path / "own_jobs.py").write_text(OWN)
    async with Server(tmp_path, "--handlers", "own_jobs:hello", DEMO="false") as server:
        assert (await server.run("hello", name="you"))["result"] == {"hello": "you"}
        async with server.session.post("/v1/jobs", json={"kind": "echo", "args": {}}) as refused:
            assert refused.status == 400
            assert "Known kinds: analyze, hello." in (await refused.json())["error"]


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (["--handlers", "no_such_jobs"], {}, "Handlers no_such_jobs: there is no module no_such_jobs."),
        ([], {"HANDLERS": "own_jobs:nobody"}, "Handlers own_jobs:nobody: the module own_jobs has no nobody."),
        (["--handlers", JOBS], {"HANDLERS": "twice_jobs"}, "Handlers: two handlers for kind 'leak'."),
        ([], {"QUEUES": "a/b"}, "QUEUES cannot be used: a queue's name is"),
    ],
)
async def test_handlers_that_cannot_be_had_are_named_at_the_start(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], said: str
):
    (tmp_path / "own_jobs.py").write_text(OWN)
    (tmp_path / "twice_jobs.py").write_text("from jobserver import handler\n@handler('leak')\ndef leak(): ...\n")
    program = Server(tmp_path, *arguments, **settings)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *program.arguments,
        cwd=tmp_path,
        env=program.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (1, b"")
    assert said in err.decode()
    assert "Traceback" not in err.decode()
