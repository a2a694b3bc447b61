"""``jobserver submit`` and ``jobserver watch``: what they print, and what they exit with."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from jobserver import Client, create_app
from jobserver.cli import main
from jobserver.cli.remote import Line
from jobserver.handlers.demo import HANDLERS
from tests.docs.pages import ROOT

SECRET = "a secret of the shell's"


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BaseTestServer]:
    """A server with the demo kinds, which the commands find by their settings."""
    app = create_app(HANDLERS, cliq_secret=SECRET, shutdown_grace=0)
    async with TestServer(app) as server:
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".env").write_text(f"CLIQ_SECRET={SECRET}\nSERVER_URL={server.make_url('/')}\n")
        yield server


@pytest.fixture
async def client(server: BaseTestServer) -> AsyncIterator[Client]:
    async with Client(str(server.make_url("/")), secret=SECRET) as client:
        yield client


async def jobserver(*arguments: str) -> int:
    return await asyncio.to_thread(main, arguments)


async def test_a_job_is_queued_and_its_id_printed(client: Client, capsys: pytest.CaptureFixture[str]):
    asked = {"--queue": "demo", "--priority": "7", "--delay": "60", "--tag": "x"}
    status = await jobserver("submit", "echo", "--args", '{"a": 1}', *(part for pair in asked.items() for part in pair))
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    job = await client.get(out.strip())
    shown: dict[str, Any] = {
        name: job.members[name] for name in ("kind", "args", "queue", "priority", "tags", "status")
    }
    assert shown == {
        "kind": "echo",
        "args": {"a": 1},
        "queue": "demo",
        "priority": 7,
        "tags": ["x"],
        "status": "scheduled",
    }


async def test_with_wait_its_result_is_all_that_goes_to_standard_output(
    server: BaseTestServer, capsys: pytest.CaptureFixture[str]
):
    status = await jobserver("submit", "progress", "--args", '{"steps": 2, "seconds": 0.4}', "--wait")
    out, err = capsys.readouterr()
    assert (status, json.loads(out)) == (0, {"steps": 2})
    assert "processing 50 % step 1 of 2" in err
    assert err.splitlines()[-1].endswith(" done")


HOSTILE = "safe\x1b[2J\u202etxt.exe\u2066\u200b\U000e0041\x9b31m"


async def test_nothing_a_job_says_acts_on_the_terminal_or_hides(client: Client, capsys: pytest.CaptureFixture[str]):
    failed = await client.submit("fail", {"message": HOSTILE, "retryable": False})
    assert await jobserver("watch", failed.id) == 1
    done = await client.submit("echo", {"said": HOSTILE})
    assert await jobserver("watch", done.id) == 0
    out, err = capsys.readouterr()
    assert not set(out + err) & set(HOSTILE) - set("safe[2Jtxt.exe31m")
    assert "safe\\x1b[2J\\u202etxt.exe" in err
    assert json.loads(out) == {"said": HOSTILE}


async def test_a_job_that_failed_is_watched_with_status_1(client: Client, capsys: pytest.CaptureFixture[str]):
    job = await client.submit("fail", {"message": "no luck", "retryable": False})
    assert await jobserver("watch", job.id) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == f"jobserver: {job.id} failed: no luck"


async def test_a_job_that_was_cancelled_is_watched_with_status_1(client: Client, capsys: pytest.CaptureFixture[str]):
    job = await client.submit("sleep", {"seconds": 60})
    await client.cancel(job.id, "not needed")
    assert await jobserver("watch", job.id) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"jobserver: {job.id} was cancelled: not needed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("submit", "nothing"), "jobserver: Unknown kind 'nothing'. Known kinds: echo, fail, progress, sleep.\n"),
        (("watch", "job-0-nobody"), "jobserver: Job not found. Job IDs are stored for 1 hour.\n"),
        (("watch", "x", "--url", "nowhere"), "jobserver: 'nowhere' is no address of a server: say http://host:port"),
        (("watch", "x", "--url", "unix:/nowhere"), "jobserver: No answer from unix:/nowhere: "),
    ],
)
async def test_what_cannot_be_is_said_in_a_line(
    arguments: tuple[str, ...],
    said: str,
    server: BaseTestServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("jobserver.client.following._TRIES", 2)
    assert await jobserver(*arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said)
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("args", ["{", "[1]", "1"])
def test_arguments_that_are_no_object_are_refused_with_the_usage(args: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        main(["submit", "echo", "--args", args])
    assert left.value.code == 2
    assert "argument --args: it must be" in capsys.readouterr().err


async def test_ctrl_c_ends_a_watch_without_a_traceback_and_leaves_the_job_alone(
    server: BaseTestServer, client: Client, tmp_path: Path
):
    job = await client.submit("sleep", {"seconds": 60})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobserver", "watch", job.id),
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    await asyncio.wait_for(process.stderr.readline(), 20)
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, b"Traceback" in err) == (130, False)
    assert not (await client.get(job.id)).ended


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("out", "written"),
    [(io.StringIO(), "a\nb\n"), (Terminal(), "\r\x1b[Ka\r\x1b[Kb\n")],
    ids=["file", "terminal"],
)
def test_a_terminal_shows_one_line_that_changes_and_a_file_a_line_for_each_change(out: io.StringIO, written: str):
    line = Line(out)
    for text in ("a", "a", "", "b"):
        line.show(text)
    line.end()
    assert out.getvalue() == written


def test_what_a_handler_says_cannot_move_the_cursor():
    out = Terminal()
    Line(out).show("a\x1b[2Jb")
    assert "\x1b[2J" not in out.getvalue()
