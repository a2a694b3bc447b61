"""A server on a socket that is a file, or that somebody else opened: as a real process."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from jobserver import Client
from jobserver.errors import StartupError
from jobserver.listening import Listening, bind_unix, notify
from tests.docs.pages import ROOT, blocks
from tests.docs.test_examples import program, run

SIDECAR = ROOT / "docs" / "sidecar.md"
PUBLISHED = "/run/myapp/jobs.sock"


class Running:
    """``jobserver serve``, its first line read."""

    def __init__(self, process: asyncio.subprocess.Process, welcome: str, log: Path) -> None:
        self.process = process
        self.welcome = welcome
        self.log = log

    async def stopped(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 20)


@asynccontextmanager
async def serving(
    folder: Path, *arguments: str, sockets: tuple[socket.socket, ...] = (), **settings: str
) -> AsyncIterator[Running]:
    """The server, with ``sockets`` handed over as systemd does: from descriptor 3 on, by a process that becomes it."""
    command = (sys.executable, "-m", "jobserver", "serve", *arguments)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": "0", **settings}
    if sockets:
        moved = " ".join(f"{3 + number}<&{each.fileno()}" for number, each in enumerate(sockets))
        handed = f'LISTEN_PID=$$ LISTEN_FDS={len(sockets)} exec "$@" {moved}'
        command = ("bash", "-c", handed, "bash", *command)
    log = folder / "server.log"
    with log.open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=err,
            cwd=folder,
            env=environment,
            pass_fds=[each.fileno() for each in sockets],
        )
    assert process.stdout is not None
    try:
        welcome = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        assert "listening on" in welcome, log.read_text()
        yield Running(process, welcome, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def refused(folder: Path, *arguments: str, **settings: str) -> str:
    """What it says when it does not start."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobserver", *arguments),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
    )
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    return err.decode()


def a_listener(family: socket.AddressFamily, address: str | tuple[str, int]) -> socket.socket:
    made = socket.socket(family)
    made.bind(address)
    made.listen()
    return made


async def test_a_program_on_this_machine_uses_it_over_a_file_that_is_its_owners_and_gone_at_the_end(tmp_path: Path):
    path = tmp_path / "jobs.sock"
    async with serving(tmp_path, "--unix", str(path)) as server:
        assert server.welcome == f"jobserver {_version()} is listening on unix:{path}\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        script = next(each for each in blocks(SIDECAR, "bash") if "curl" in each).replace(PUBLISHED, str(path))
        printed = await run(program("bash"), "-e", script=script, cwd=tmp_path)
        assert '"status":"queued"' in printed
        assert await _healthcheck(tmp_path, "--unix", str(path)) == 0
        assert await _healthcheck(tmp_path, UNIX_SOCKET=str(path)) == 0
        assert await server.stopped() == 0
    assert not path.exists()
    assert await _healthcheck(tmp_path, "--unix", str(path)) == 1


async def test_the_node_example_works(tmp_path: Path):
    node = program("node")
    (script,) = blocks(SIDECAR, "javascript")
    (tmp_path / "example.mjs").write_text(script)
    path = str(tmp_path / "jobs.sock")
    async with serving(tmp_path, UNIX_SOCKET=path):
        printed = await run(node, "example.mjs", cwd=tmp_path, JOBS_SOCKET=path)
    assert re.fullmatch(r'Job queued: job-\S+\ndone \{"hello":"world"\}\n', printed)


async def test_a_setting_says_who_may_connect(tmp_path: Path):
    path = tmp_path / "jobs.sock"
    async with serving(tmp_path, UNIX_SOCKET=str(path), UNIX_SOCKET_MODE="0660"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert "UNIX_SOCKET_MODE cannot be used" in await refused(tmp_path, "serve", UNIX_SOCKET_MODE="999")


async def test_what_a_killed_server_left_is_replaced_and_what_a_living_one_uses_is_not(tmp_path: Path):
    path = tmp_path / "jobs.sock"
    async with serving(tmp_path, "--unix", str(path)) as server:
        server.process.kill()
        await server.process.wait()
    assert path.is_socket()
    async with serving(tmp_path, "--unix", str(path)):
        said = await refused(tmp_path, "serve", "--unix", str(path))
        assert said == f"jobserver: Cannot listen on {path}: a server listens there already.\n"
        async with Client(f"unix:{path}", secret="testsecret") as client:
            assert (await client.request("GET", "/readyz"))["ok"]


async def test_sockets_that_systemd_opened_are_used_whatever_they_are(tmp_path: Path):
    path = tmp_path / "jobs.sock"
    sockets = (a_listener(socket.AF_UNIX, str(path)), a_listener(socket.AF_INET, ("127.0.0.1", 0)))
    port = sockets[1].getsockname()[1]
    async with serving(tmp_path, sockets=sockets, HOST="203.0.113.9") as server:
        assert server.welcome.endswith(f"listening on unix:{path}\n")
        for address in (f"unix:{path}", f"http://127.0.0.1:{port}"):
            async with Client(address, secret="testsecret") as client:
                assert (await client.request("GET", "/readyz"))["ok"]
        assert await server.stopped() == 0
    assert path.exists()  # it is systemd's
    for each in sockets:
        each.close()


async def test_a_client_that_came_before_the_server_is_served(tmp_path: Path):
    path = tmp_path / "jobs.sock"
    listener = a_listener(socket.AF_UNIX, str(path))
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    async with serving(tmp_path, sockets=(listener,)):
        assert b"200 OK" in await asyncio.wait_for(reader.read(), 20)
    writer.close()
    listener.close()


async def test_a_weak_secret_is_refused_on_an_inherited_socket_that_others_can_reach(tmp_path: Path):
    with a_listener(socket.AF_INET, ("0.0.0.0", 0)) as listener:
        with pytest.raises(AssertionError, match="CLIQ_SECRET is 'testsecret'"):
            async with serving(tmp_path, sockets=(listener,)):
                pass
        async with serving(tmp_path, sockets=(listener,), CLIQ_SECRET="a secret that nobody knows"):
            pass


async def test_systemd_is_told_when_jobs_are_taken_and_when_no_more_are(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(20)
        settings: dict[str, Any] = {
            "UNIX_SOCKET": str(tmp_path / "jobs.sock"),
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
        }
        async with serving(tmp_path, **settings) as server:
            assert await asyncio.to_thread(heard.recv, 100) == b"READY=1"
            assert await server.stopped() == 0
        assert heard.recv(100) == b"STOPPING=1"


def test_a_name_without_a_file_is_told_as_well(monkeypatch: pytest.MonkeyPatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0jobserver-test-{os.getpid()}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@jobserver-test-{os.getpid()}")
        notify("READY=1")
        assert heard.recv(100) == b"READY=1"
    notify("READY=1")  # whoever listened has gone: no reason to fail


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda path: path.write_text("mine"), "there is a file that is no socket"),
        (lambda path: path.mkdir(), "there is a file that is no socket"),
        (lambda path: path.symlink_to("elsewhere"), "there is a file that is no socket"),
    ],
)
def test_nothing_but_a_socket_is_ever_removed(made: object, reason: str, tmp_path: Path):
    path = tmp_path / "jobs.sock"
    assert callable(made)
    made(path)
    with pytest.raises(StartupError, match=reason):
        bind_unix(path, 0o600)
    assert os.path.lexists(path)


def test_a_server_that_is_too_busy_to_answer_is_there_all_the_same(tmp_path: Path):
    path = tmp_path / "jobs.sock"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))
        with pytest.raises(StartupError, match="a server listens there already"):
            bind_unix(path, 0o600)


@pytest.mark.parametrize("path", ["missing/jobs.sock", "x" * 120])
def test_a_place_where_no_socket_can_be_is_named(path: str, tmp_path: Path):
    with pytest.raises(StartupError, match=rf"^Cannot listen on .*{path}: "):
        bind_unix(tmp_path / path, 0o600)


def test_somebody_elses_socket_in_the_place_of_ours_is_left_alone(tmp_path: Path):
    path = tmp_path / "jobs.sock"
    with Listening("127.0.0.1", 0, unix=str(path)):
        path.unlink()
        with bind_unix(tmp_path / "theirs", 0o600):
            (tmp_path / "theirs").rename(path)
    assert path.exists()


def test_sockets_of_another_process_are_not_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    with Listening("127.0.0.1", 0) as listening:
        assert listening.loopback
    assert "LISTEN_FDS" not in os.environ


@pytest.mark.parametrize(("number", "reason"), [("1", "is no socket|nobody can connect")])
def test_a_descriptor_that_nobody_can_connect_to_is_refused(
    number: str, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    with (tmp_path / "file").open("w") as file:
        monkeypatch.setattr("jobserver.listening._FIRST_INHERITED", file.fileno())
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", number)
        with pytest.raises(StartupError, match=reason), Listening("127.0.0.1", 0):
            pass


async def _healthcheck(folder: Path, *arguments: str, **settings: str) -> int | None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jobserver", "healthcheck", *arguments),
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
    )
    return await asyncio.wait_for(process.wait(), 20)


def _version() -> str:
    from jobserver import __version__

    return __version__
