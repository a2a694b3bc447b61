"""Clocks that are set a day forward or back, under a running server and while it is down."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.customer import Customer
from tests.faults.durable import Durable
from tests.faults.report import Row
from tests.faults.tools import FalseClock
from tests.make import until

_DAY = 24.0
_DELAY = 2.0
_KEEP = 5.0


async def jumps(directory: Path, hours: float = _DAY) -> Row:
    """The clock jumps while jobs run, wait for a time and are kept: all goes on by the time that passes."""
    row, customer = Row(f"clock set by {hours:+g} h", rounds=1), Customer()
    clock = FalseClock(directory / "clock")
    settings = {"JOB_TTL": f"{_KEEP:g}", "CLEANUP_INTERVAL": "0.1", **clock.environment}
    async with Durable(directory, **settings) as server:
        (ended,) = await customer.orders(server, 1)
        (running,) = await customer.orders(server, 1, "endless")
        await server.job(ended, wait=5)
        began, delayed = _now(), await _delayed(server, customer)
        clock.set(hours)
        await _not_before(server, delayed, began)
        assert (await server.job(running))["attempt"] == 1
        assert (await server.job(ended))["result"]
        await server.answer("POST", f"/v1/jobs/{running}/cancel")
        row.add(len(customer.ledger.accepted), await customer.verdict(server))
        await until(lambda: _is_forgotten(server, ended), within=2 * _KEEP)
        assert _KEEP - 1 <= _now() - began < 2 * _KEEP, _now() - began
    return row


async def jumps_while_down(directory: Path, hours: float = _DAY) -> Row:
    """The clock is another after a crash: what has not ended is all there; back in time no wait grows longer."""
    row, customer = Row(f"clock set by {hours:+g} h while down", rounds=1), Customer()
    clock = FalseClock(directory / "clock")
    settings = {"JOB_TTL": f"{2 * _DAY * 3600:g}", **clock.environment}
    async with Durable(directory, **settings) as server:
        (ended,) = await customer.orders(server, 1)
        unfinished = await customer.orders(server, 4, "endless")
        await server.job(ended, wait=5)
        began, delayed = _now(), await _delayed(server, customer)
        await server.kill()
    clock.set(hours)
    async with Durable(directory, **settings) as server:
        for job_id in unfinished:
            assert (await server.job(job_id))["status"] in {"processing", "queued", "scheduled"}
        assert (await server.job(ended))["result"]
        if hours < 0:
            await _not_before(server, delayed, began)
        assert (await server.job(delayed, wait=5))["status"] == "done"
        for job_id in unfinished:
            await server.answer("POST", f"/v1/jobs/{job_id}/cancel")
        row.add(len(customer.ledger.accepted), await customer.verdict(server))
    return row


async def _delayed(server: Durable, customer: Customer) -> str:
    job_id = await customer.order(server, delay=_DELAY)
    assert job_id is not None
    return job_id


async def _not_before(server: Durable, job_id: str, began: float) -> None:
    """Wait until it is done: after its delay and not much later."""
    assert (await server.job(job_id, wait=4 * _DELAY))["status"] == "done"
    assert _DELAY - 0.1 <= _now() - began < 3 * _DELAY, _now() - began


async def _is_forgotten(server: Durable, job_id: str) -> bool:
    return (await server.answer("GET", f"/v1/jobs/{job_id}"))[0] == 404


def _now() -> float:
    return asyncio.get_running_loop().time()
