"""The browser as a guest: who it is, what it knows, and what is left when nobody can clear up after it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from jobserver.extract.browser import Chromium
from jobserver.extract.browser.guest import UID, Guest, invite
from tests.make import until
from tests.process import Process

pytestmark = pytest.mark.browser

STARTER = """
import asyncio, sys
from jobserver.extract.browser import Chromium

async def main():
    browser = Chromium(sys.argv[1])
    await browser.start()
    print(browser.pid, browser.profile, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make somebody else of it")
async def test_root_is_not_who_the_browser_runs_as(chromium: Chromium, living: Callable[[int], list[int]]):
    await chromium.start()
    assert chromium.pid
    assert chromium.guest
    assert chromium.guest.uid == UID
    browsers = [pid for pid in living(chromium.pid) if b"--headless" in Path(f"/proc/{pid}/cmdline").read_bytes()[:200]]
    assert browsers
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in browsers if _may_be_looked_at(pid)} == {UID}


async def test_with_the_sandbox_on_renderers_are_in_one(chromium: Chromium, renderers: Callable[[int], set[int]]):
    await chromium.start()
    assert chromium.pid
    assert chromium.guest
    if chromium.guest.sandbox != "on":
        pytest.skip(chromium.guest.sandbox)
    for pid in renderers(chromium.pid):
        status = Path(f"/proc/{pid}/status").read_text()
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status


async def test_a_program_that_its_own_user_cannot_reach_is_started_as_ours(tmp_path: Path, program: str):
    hidden = tmp_path / "browser"
    hidden.symlink_to(program)
    tmp_path.chmod(0o700)
    guest = await invite(str(hidden))
    assert guest.uid is None
    if os.geteuid() == 0:
        assert guest == Guest((), None, "off: running as root, and no other user can be had for the browser")


async def test_the_sandbox_is_found_whatever_path_we_were_given(program: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    complete = await invite(program)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert await invite(program) == complete


async def test_the_browser_is_told_nothing_of_our_environment(
    chromium: Chromium, living: Callable[[int], list[int]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CLIQ_SECRET", "a-secret-that-nobody-else-has")
    await chromium.start()
    assert chromium.pid
    seen = [Path(f"/proc/{pid}/environ").read_bytes() for pid in living(chromium.pid) if _may_be_read(pid)]
    assert seen
    assert not any(b"a-secret-that" in environment or b"CLIQ" in environment for environment in seen)


async def test_the_browser_writes_no_core_and_has_few_files(chromium: Chromium):
    await chromium.start()
    limits = Path(f"/proc/{chromium.pid}/limits").read_text()
    rows = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert rows["Max core file size"] == ["0", "0"]
    assert int(rows["Max open files"][1]) <= 8192


async def test_a_browser_goes_with_its_profile_when_its_owner_is_killed(
    program: str, living: Callable[[int], list[int]]
):
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STARTER, program),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert owner.stdout
    group, profile = (await owner.stdout.readline()).decode().split()
    assert living(int(group))
    owner.kill()
    await owner.wait()
    await until(lambda: living(int(group)) == [] and not Path(profile).exists())


async def test_a_browser_that_crashes_alone_leaves_no_process(chromium: Chromium, living: Callable[[int], list[int]]):
    await chromium.start()
    group = chromium.pid
    assert group
    leader = min(pid for pid in living(group) if b"--user-data-dir" in Path(f"/proc/{pid}/cmdline").read_bytes())
    assert leader == group
    for pid in living(group):
        if pid != group:
            with suppress(ProcessLookupError):  # it went with one that was killed before it
                os.kill(pid, signal.SIGKILL)
    await until(lambda: not chromium.alive and living(group) == [])


async def test_readiness_tells_of_the_sandbox(tmp_path: Path):
    server = Process("http://127.0.0.1:1", tmp_path, ANALYZE_ENGINE="auto")
    async with server, server.session.get("/readyz") as answer:
        said = (await answer.json())["sandbox"]
    assert said == "on" or said.startswith("off: ")


def _may_be_looked_at(pid: int) -> bool:
    """A process in Chromium's sandbox hides what it is; then its files in /proc are root's."""
    return b"--type=" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def _may_be_read(pid: int) -> bool:
    return os.access(f"/proc/{pid}/environ", os.R_OK) and _may_be_looked_at(pid)
