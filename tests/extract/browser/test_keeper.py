from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from jobserver.errors import BrowserCrashed
from jobserver.extract.browser import BrowserKeeper, Chromium
from jobserver.extract.browser.cdp import connect
from tests.extract.browser.processes import profiles
from tests.make import until

pytestmark = pytest.mark.browser


@pytest.fixture
async def keeper(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BrowserKeeper]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one = BrowserKeeper(lambda: Chromium(program), idle=60)
    yield one
    await one.close()
    assert profiles(tmp_path) == []


async def test_nothing_runs_before_the_first_lease(keeper: BrowserKeeper):
    assert keeper.running is None


async def test_users_share_one_warm_browser(keeper: BrowserKeeper):
    async with keeper.lease() as first, keeper.lease() as second:
        assert first == second
    async with keeper.lease() as third:
        assert third == first
        assert await _answers(third)


async def test_leases_asked_for_at_once_start_one_browser(keeper: BrowserKeeper):
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_address(keeper)) for _ in range(5)]
    assert len({task.result() for task in tasks}) == 1


async def test_an_idle_browser_is_closed(program: str, living: Callable[[int], list[int]]):
    keeper = BrowserKeeper(lambda: Chromium(program), idle=0.05)
    async with keeper.lease():
        pid = _pid_of(keeper)
    await until(lambda: keeper.running is None and living(pid) == [])
    await keeper.close()


async def test_a_browser_in_use_is_not_idle(program: str):
    keeper = BrowserKeeper(lambda: Chromium(program), idle=0.0)
    async with keeper.lease() as address:
        async with keeper.lease():
            pass
        await asyncio.sleep(0.05)  # time in which a keeper that is wrong would close it
        assert await _answers(address)
    await keeper.close()


async def test_a_retired_browser_is_leased_no_more_and_ends_with_its_last_user(
    keeper: BrowserKeeper, living: Callable[[int], list[int]]
):
    async with keeper.lease() as old:
        pid = _pid_of(keeper)
        async with keeper.lease() as crashed:
            assert crashed == old
            keeper.retire(old)
        async with keeper.lease() as new:
            assert new != old
            keeper.retire(old)
            assert await _answers(new), "late news of the old browser must not kill the new one"
        assert await _answers(old), "another page's crash must not cost this one its browser"
    await until(lambda: living(pid) == [])
    assert keeper.running is not None, "the old lease's end must not count for the new browser"


async def test_closing_the_keeper_closes_retired_browsers_in_use(
    keeper: BrowserKeeper, living: Callable[[int], list[int]]
):
    async with keeper.lease() as old:
        pid = _pid_of(keeper)
        keeper.retire(old)
        await keeper.close()
        assert living(pid) == []


async def test_a_browser_that_died_is_replaced(keeper: BrowserKeeper):
    async with keeper.lease() as old:
        browser = keeper.running
        assert browser
        assert browser.pid
        os.killpg(browser.pid, signal.SIGKILL)
        await until(lambda: not browser.alive)
    async with keeper.lease() as new:
        assert new != old
        assert await _answers(new)


async def test_closing_the_keeper_closes_the_browser(keeper: BrowserKeeper, living: Callable[[int], list[int]]):
    async with keeper.lease():
        pid = _pid_of(keeper)
    await keeper.close()
    assert living(pid) == []


async def test_a_browser_that_does_not_start_is_tried_anew_by_the_next_lease(program: str):
    programs = ["/nowhere/chromium", program]
    keeper = BrowserKeeper(lambda: Chromium(programs.pop(0)))
    with pytest.raises(BrowserCrashed):
        async with keeper.lease():
            pass
    async with keeper.lease() as address:
        assert await _answers(address)
    await keeper.close()


def _pid_of(keeper: BrowserKeeper) -> int:
    assert keeper.running
    assert keeper.running.pid
    return keeper.running.pid


async def _address(keeper: BrowserKeeper) -> str:
    async with keeper.lease() as address:
        return address


async def _answers(address: str) -> bool:
    async with connect(address) as connection:
        return bool(await connection.send("Browser.getVersion"))
