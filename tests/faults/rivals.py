"""Others at the same file: a second server, and a program that holds its lock."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.customer import Customer
from tests.faults.durable import Durable
from tests.faults.report import Row
from tests.make import until

_ANSWER_WITHIN = 8.0
_RECOVERY_WITHIN = 3.0


async def second_server(directory: Path) -> Row:
    """It is refused in a line that says why, and the first one never notices."""
    row, customer = Row("second server on the file", rounds=1), Customer()
    async with Durable(directory) as first:
        await customer.orders(first, 3, "short")
        status, said = await refused(directory)
        assert status == 1
        assert f"{first.file} is in use by another server" in said, said
        await customer.orders(first, 3)
        await first.kill()
    async with Durable(directory) as server:  # the lock of the dead is nobody's
        row.add(len(customer.ledger.accepted), await customer.verdict(server))
    return row


async def refused(directory: Path) -> tuple[int, str]:
    """Exit status of a server that cannot start, and what it says."""
    server = Durable(directory, LOG_LEVEL="error")
    try:
        async with server:
            raise RuntimeError("it started")
    except AssertionError:
        said = server.log.read_text()
        assert said.count("\n") == 1, said
        return await server.stopped(), said


async def locked(directory: Path, seconds: float) -> Row:
    """Another program keeps everybody from writing: clients are answered in bounded time, and then it goes on."""
    row, customer = Row(f"locked for {seconds:g} s", rounds=1), Customer()
    async with Durable(directory) as server:
        before = await customer.orders(server, 3, "short")
        await server.idle()
        async with _lock(server.file):
            began = asyncio.get_running_loop().time()
            asked = [asyncio.ensure_future(customer.order(server)) for _ in range(5)]
            done, _ = await asyncio.wait(asked, timeout=seconds)
            for job_id in before:  # those who read wait for nobody
                await asyncio.wait_for(server.job(job_id), 1)
            if seconds > _ANSWER_WITHIN:
                assert len(done) == len(asked)
                assert all(each.result() is None for each in asked)
                assert {each["code"] for each in customer.refusals} == {"store_unavailable"}
                assert await server.readiness() == 503
            await asyncio.sleep(began + seconds - asyncio.get_running_loop().time())

        async def works() -> bool:
            return await server.readiness() == 200 and await customer.order(server) is not None

        await until(works, within=_RECOVERY_WITHIN)
        await asyncio.gather(*asked)
        row.add(len(customer.ledger.accepted), await customer.verdict(server))
    return row


@asynccontextmanager
async def _lock(file: Path) -> AsyncIterator[None]:
    connection = await asyncio.to_thread(sqlite3.connect, file, isolation_level=None, check_same_thread=False)
    try:
        await asyncio.to_thread(connection.execute, "BEGIN EXCLUSIVE")
        yield
        await asyncio.to_thread(connection.execute, "ROLLBACK")
    finally:
        connection.close()
