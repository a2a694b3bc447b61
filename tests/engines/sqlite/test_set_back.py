"""A wall clock that another process finds set back, or forward."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jobserver.jobs.clock import ManualClock
from jobserver.jobs.model import State
from tests.engines.sqlite.lives import opened
from tests.make import LEASE, START, a_spec, a_success

LATER = START + timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


async def _with_jobs(file: Path) -> None:
    async with opened(file, ManualClock(LATER)) as engine:
        await engine.submit(a_spec(job_id="waiting"))
        await engine.submit(a_spec(job_id="due", created_at=LATER, run_in=60))
        await engine.submit(a_spec(job_id="expiring", created_at=LATER, expires_in=60, queue="other"))
        for name in ("ended", "removed"):
            await engine.submit(a_spec(job_id=name, priority=9, key=name, created_at=LATER))
            lease = await engine.claim(["default"], worker="w", lease=LEASE, wait=0)
            assert lease is not None
            await engine.finish(lease, a_success())
        await engine.remove("removed")


@pytest.mark.parametrize("back", [timedelta(minutes=10), DAY])
async def test_nothing_waits_or_is_kept_longer_when_the_clock_was_set_back(file: Path, back: timedelta):
    await _with_jobs(file)
    for now in (LATER - back, LATER - back + timedelta(seconds=1)):  # what was moved once is moved no more
        async with opened(file, ManualClock(now)) as engine:
            assert (await engine.get("due")).deadline == LATER - back + timedelta(minutes=1)
            assert (await engine.get("expiring")).deadline == LATER - back + timedelta(minutes=1)
            ended = await engine.get("ended")
            assert (ended.deadline, ended.finished_at) == (LATER - back + timedelta(hours=1), LATER - back)
    clock = ManualClock(LATER - back + timedelta(minutes=2))
    async with opened(file, clock) as engine:
        await engine.tick(clock.now())
        assert [(await engine.get(name)).state for name in ("due", "expiring", "waiting", "ended")] == [
            *(State.QUEUED, State.FAILED, State.QUEUED, State.DONE)
        ]
        assert not (await engine.submit(a_spec(key="removed")))[1]
        clock.advance(DAY)
        await engine.tick(clock.now())
        assert (await engine.submit(a_spec(key="removed")))[1]


async def test_a_slight_correction_moves_nothing(file: Path):
    await _with_jobs(file)
    async with opened(file, ManualClock(LATER - timedelta(seconds=2))) as engine:
        assert (await engine.get("due")).deadline == LATER + timedelta(minutes=1)


@pytest.mark.parametrize("now", [LATER + DAY, LATER - DAY], ids=["forward", "back"])
async def test_no_unfinished_job_is_removed_by_a_jump_of_a_day(file: Path, now: datetime):
    await _with_jobs(file)
    clock = ManualClock(now)
    async with opened(file, clock) as engine:
        await engine.tick(clock.now())
        for name in ("waiting", "due"):
            assert not (await engine.get(name)).state.ended
