"""The code in the guides for people who live with the server in Python: all of it runs."""

from __future__ import annotations

import asyncio
import configparser
import inspect
import os
import sys
import unittest
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import BaseTestServer, TestClient, TestServer

from jobserver import create_app
from jobserver.config import SETTINGS, load, store_file
from tests.docs.pages import ROOT, blocks
from tests.docs.test_examples import program, run

EMBEDDING, PYTHON, SIDECAR, TESTING = (
    ROOT / "docs" / f"{page}.md" for page in ("embedding", "python", "sidecar", "testing")
)


@pytest.fixture
async def server() -> AsyncIterator[BaseTestServer]:
    """A server as `jobserver serve` starts it, with the demo kinds."""
    async with TestServer(create_app(loopback=True, analyze_engine="static", shutdown_grace=0)) as server:
        yield server


async def run_python(code: str, server: BaseTestServer, folder: Path) -> str:
    here = code.replace("http://localhost:3000", str(server.make_url("/")).rstrip("/"))
    return await run(sys.executable, "-W", "error", "-", script=here, cwd=folder, PYTHONPATH=str(ROOT))


async def test_the_application_with_a_queue_in_it_works(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUEUE_SECRET", "the secret of the queue")
    signed = {"x-cliq-signature": "the secret of the queue"}
    (code,) = blocks(EMBEDDING, "python")
    names: dict[str, Any] = {"__name__": "example"}
    exec(code, names)  # noqa: S102 - our own page
    async with TestClient(TestServer(names["application"]())) as client:
        async with client.post("/upload/cat.png") as response:
            watch = (await response.json())["watch"]
        async with client.get(f"{watch}?wait=10", headers=signed) as response:
            assert (await response.json())["result"] == {"image": "cat.png", "width": 200}
        assert (await client.get("/queue/health")).status == 200


async def test_the_service_in_your_own_process_works(server: BaseTestServer, tmp_path: Path):
    (code,) = [each for each in blocks(PYTHON, "python") if "open_jobs" in each]
    assert await run_python(code, server, tmp_path) == "done {'counted': 3}\n"


async def test_the_client_works(server: BaseTestServer, tmp_path: Path):
    (code,) = [each for each in blocks(PYTHON, "python") if "async with Client" in each]
    lines = (await run_python(code, server, tmp_path)).splitlines()
    assert (lines[0], lines[-1]) == ("{'hello': 'world'}", "no luck")
    assert "job.progress step 3 of 3" in lines


async def test_the_client_without_asyncio_works(server: BaseTestServer, tmp_path: Path):
    (code,) = [each for each in blocks(PYTHON, "python") if "with SyncClient" in each]
    lines = (await run_python(code, server, tmp_path)).splitlines()
    assert lines[-2:] == ["{'steps': 3}", "['progress']"]


async def test_the_command_works(server: BaseTestServer, tmp_path: Path):
    (script,) = blocks(PYTHON, "bash")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    made = {"SERVER_URL": str(server.make_url("/")), "PYTHONPATH": str(ROOT), "PATH": path}
    assert await run(program("bash"), "-e", script=script, cwd=tmp_path, **made) == '{"hello": "world"}\n'


def every_test_shown() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    for code in blocks(TESTING, "python"):
        exec(code, names)  # noqa: S102 - our own page
    return names


SHOWN = every_test_shown()
COROUTINES = [test for name, test in SHOWN.items() if name.startswith("test_") and inspect.iscoroutinefunction(test)]


@pytest.mark.parametrize("test", COROUTINES, ids=[test.__name__ for test in COROUTINES])
async def test_a_test_that_is_shown_passes(test: Any):
    await test()


async def test_the_test_for_unittest_passes():
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(SHOWN["MailTest"])
    result = unittest.TestResult()
    await asyncio.to_thread(tests.run, result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


def test_the_units_of_systemd_are_well_formed_and_name_settings_there_are():
    units = []
    for text in blocks(SIDECAR, "ini"):
        units.append(configparser.ConfigParser())
        units[-1].read_string(text)
    made = units[1]["Service"]
    assert made["ExecStart"].split()[1:] == ["serve"]
    values = dict(pair.split("=", 1) for pair in made["Environment"].split())
    assert set(values) <= {setting.name for setting in SETTINGS}
    assert int(made["TimeoutStopSec"]) > int(values["SHUTDOWN_GRACE"])
    store = store_file(load(values).store)
    assert store is not None
    assert store.parent == Path("/var/lib") / made["StateDirectory"]
    assert units[0]["Socket"]["ListenStream"] == "/run/myapp/jobs.sock"
