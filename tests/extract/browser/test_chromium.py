from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from jobserver.errors import BrowserCrashed
from jobserver.extract.browser import Chromium, find_chromium
from jobserver.extract.browser.cdp import connect
from tests.extract.browser.processes import profiles
from tests.make import until

pytestmark = pytest.mark.browser


def test_a_path_that_is_no_program_is_not_found():
    assert find_chromium("/nowhere/chromium") is None


def test_a_given_path_is_preferred_to_the_search(program: str):
    assert find_chromium(program) == program


async def test_it_starts_and_answers(chromium: Chromium):
    async with connect(await chromium.start()) as connection:
        version = await connection.send("Browser.getVersion")
    assert "Chrom" in version["product"]


async def test_it_says_whether_its_sandbox_is_on(chromium: Chromium):
    await chromium.start()
    assert chromium.guest
    assert chromium.guest.sandbox == "on" or chromium.guest.sandbox.startswith("off: ")


async def test_closing_leaves_no_process_and_no_profile(chromium: Chromium, living: Callable[[int], list[int]]):
    await chromium.start()
    pid, profile = chromium.pid, chromium.profile
    assert pid
    assert profile
    assert profile.exists()
    await chromium.close()
    assert living(pid) == []
    assert not profile.exists()
    assert not chromium.alive


async def test_closing_twice_or_before_the_start_does_no_harm(chromium: Chromium):
    await chromium.close()
    await chromium.start()
    await chromium.close()
    await chromium.close()


async def test_a_program_that_says_nothing_fails_in_time_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one = Chromium(_script(tmp_path, "sleep 100"), time_limit=0.5)
    with pytest.raises(BrowserCrashed, match="did not start"):
        await one.start()
    assert profiles(tmp_path) == []


async def test_a_failed_start_tells_the_programs_last_words(tmp_path: Path):
    one = Chromium(_script(tmp_path, "echo 'no usable sandbox' >&2; exit 1"))
    with pytest.raises(BrowserCrashed, match="no usable sandbox"):
        await one.start()


async def test_a_program_that_cannot_be_run_is_a_crash_with_a_sentence():
    with pytest.raises(BrowserCrashed, match="did not start"):
        await Chromium("/nowhere/chromium").start()


async def test_a_cancelled_start_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, living: Callable[[int], list[int]]
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    started = tmp_path / "pid"
    one = Chromium(_script(tmp_path, f"echo $$ > {started}.new; mv {started}.new {started}; sleep 100"))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.start())
        await until(started.exists)
        task.cancel()
    assert living(int(started.read_text())) == []
    assert profiles(tmp_path) == []


async def test_a_talkative_program_is_never_stopped_by_a_full_pipe(tmp_path: Path):
    noise = (
        "i=0; while [ $i -lt 4000 ]; do echo 'some noise that fills a pipe of 64 kB in the end' >&2; i=$((i+1)); done"
    )
    one = Chromium(
        _script(tmp_path, f"{noise}; echo 'DevTools listening on ws://127.0.0.1:1/x' >&2; {noise}; sleep 100")
    )
    assert await one.start() == "ws://127.0.0.1:1/x"
    await one.close()


def _script(folder: Path, commands: str) -> str:
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{commands}\n")
    path.chmod(0o755)
    return str(path)
