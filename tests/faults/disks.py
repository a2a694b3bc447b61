"""A disk that is full, and one that fails to keep what it was given."""

from __future__ import annotations

import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from tests.faults.clients import GONE
from tests.faults.customer import Customer
from tests.faults.durable import Durable
from tests.faults.report import Row
from tests.faults.tools import SmallDisk, spoil
from tests.make import until

_EXIT_WITHIN = 25
_LONG_ENOUGH = 3.0
"""Seconds in which a disk is full."""

_KEPT_FREE = 260
"""KiB that are left for jobs when a disk is filled."""


async def full_disk(directory: Path, rounds: int = 1, *, size: int = 2_000) -> Row:
    """It fills up, is read on, gets room again and recovers by itself: so often in one life of the server."""
    row, customer = Row("disk full, then freed"), Customer()
    async with SmallDisk(directory, size) as disk, Durable(directory, under=disk.under, STORE=disk.store) as server:
        for number in range(rounds):
            disk.fill(leave=_KEPT_FREE)
            await _until_full(server, customer, by_submits=number % 2 == 0)
            disk.free()
            await _works_again(server, customer)
            row.rounds += 1
        verdict = await customer.verdict(server)
    row.add(len(customer.ledger.accepted), verdict)
    return row


async def start_on_full_disk(directory: Path, *, size: int = 600) -> Row:
    """It dies on a disk that jobs alone have filled, starts on it as it is, and goes on when the disk has grown."""
    row, customer = Row("disk full, killed, grown"), Customer()
    async with SmallDisk(directory, size) as disk:
        async with Durable(directory, under=disk.under, STORE=disk.store) as server:
            await customer.orders(server, 2, "endless")
            await _until_full(server, customer)
            await server.kill()
        async with Durable(directory, under=disk.under, STORE=disk.store) as server:
            for job_id in customer.ledger.accepted:
                await server.job(job_id)
            await disk.grow(4 * size)
            await _works_again(server, customer)
            for job in await server.jobs():
                if job["kind"] == "endless":
                    await server.answer("POST", f"/v1/jobs/{job['jobId']}/cancel")
            row.add(len(customer.ledger.accepted), await customer.verdict(server))
    row.rounds = 1
    return row


async def stop_on_full_disk(directory: Path, *, size: int = 600) -> Row:
    """A stop in good order that can write nothing down is as quick as any other; the next server knows the rest."""
    row, customer = Row("disk full, SIGTERM", rounds=1), Customer()
    async with SmallDisk(directory, size) as disk:
        async with Durable(directory, under=disk.under, STORE=disk.store, SHUTDOWN_GRACE="1") as server:
            endless = await customer.orders(server, 2, "endless")
            await _until_full(server, customer)
            server.process.send_signal(signal.SIGTERM)
            assert await server.stopped(_EXIT_WITHIN) == 0
        await disk.grow(4 * size)
        async with Durable(directory, under=disk.under, STORE=disk.store) as server:
            for job_id in endless:
                await server.answer("POST", f"/v1/jobs/{job_id}/cancel")
            row.add(len(customer.ledger.accepted), await customer.verdict(server, interruptions=1))
    return row


async def _until_full(server: Durable, customer: Customer, *, by_submits: bool = False) -> None:
    """``by_submits``: nothing else is written, so that it is a submit that finds no room."""
    accepted = None
    delay = _LONG_ENOUGH if by_submits else 0
    while (job_id := await customer.order(server, "large", delay=delay, size=2_000, filling="x" * 2_000)) is not None:
        accepted = job_id
    assert accepted is not None
    for _ in range(5):
        refused = await server.session.post("/v1/jobs", json={"kind": "quick", "args": {"name": "none"}})
        assert (refused.status, (await refused.json())["code"]) == (503, "store_unavailable")
        assert int(refused.headers["Retry-After"]) >= 1
    assert (await server.job(accepted))["jobId"] == accepted
    assert accepted in {job["jobId"] for job in await server.jobs()}
    assert await server.readiness() == 503


async def _works_again(server: Durable, customer: Customer) -> None:
    async def ready() -> bool:
        return await server.readiness() == 200

    await until(ready, within=5)
    assert await customer.order(server) is not None


async def failing_syncs(directory: Path, number: int, *, first: int = 1, error: str = "EIO") -> Row:
    """A sync fails, and all after it, each time one later: no promise is made after it, and the process ends."""
    row = Row(f"fsync fails ({error})")
    for count in range(first, first + number):
        customer = Customer(doubtful=True)
        where = directory / str(count)
        where.mkdir()
        await _until_sync_fails(where, customer, spoil(where / "calls", "fdatasync", f"error={error}", f"{count}+"))
        async with Durable(where) as server:
            row.add(len(customer.ledger.accepted), (await customer.verdict(server)).named(f"sync {count}"))
        row.rounds += 1
    return row


async def _until_sync_fails(directory: Path, customer: Customer, under: tuple[str, ...]) -> None:
    server = Durable(directory, under=under)
    async with AsyncExitStack() as life:
        try:
            await life.enter_async_context(server)
        except AssertionError:  # it failed before it listened
            assert await server.stopped() == 1
            return
        with suppress(*GONE):
            while await customer.order(server) is not None:
                pass
            assert await server.readiness() == 503
        assert await server.stopped(10) == 1
