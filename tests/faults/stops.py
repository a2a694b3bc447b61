"""Polite stops with everything open, a process that stands still, and jobs that take their server with them."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.faults.clients import GONE
from tests.faults.customer import Customer
from tests.faults.durable import Durable
from tests.faults.report import Row
from tests.make import until

LEASE = 1.0
"""Seconds of a lease in `SHORT_LEASES`; thirty in a server as it is."""

SHORT_LEASES = ("-m", "tests.faults.short_leases")
_EXIT_WITHIN = 25.0
_STREAMS_WITHIN = 1.0
_DEATHS = 3


async def polite_stop(directory: Path, grace: float = 20) -> Row:
    """SIGTERM with jobs that run and wait, a stream, a socket and a long poll: nothing is lost and nothing counts."""
    customer = Customer()
    row = Row(f"SIGTERM, grace {grace:g} s", rounds=1)
    async with Durable(directory, SHUTDOWN_GRACE=f"{grace:g}") as server:
        running = await customer.orders(server, 2, "endless")
        waiting = await customer.orders(server, 3, "endless")
        await until(lambda: _all_processing(server, running))
        readers = [asyncio.ensure_future(_read(server, running[0], how)) for how in (_stream, _socket, _poll)]
        await until(lambda: _streams(server, len(readers)))
        began = _now()
        server.process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*readers)
        assert max(ends) - began < _STREAMS_WITHIN, [end - began for end in ends]
        assert await server.stopped(_EXIT_WITHIN) == 0
        assert grace <= _now() - began < _EXIT_WITHIN
    async with Durable(directory) as server:
        await until(lambda: _all_processing(server, running))  # they are at the head again: the others wait
        for job in [await server.job(job_id) for job_id in running]:
            assert (job["attempt"], len(job["attempts"])) == (1, 1), job
        positions = [(await server.job(job_id))["queuePosition"] for job_id in waiting]
        assert positions == [1, 2, 3]
        await _cancel_all(server)
        row.add(len(customer.ledger.accepted), await customer.verdict(server, interruptions=1))
    return row


async def standstill(directory: Path, leases: float = 3) -> Row:
    """SIGSTOP for longer than a lease, as when a laptop sleeps: whoever worked goes on, and nobody does it twice."""
    customer = Customer()
    row = Row(f"SIGSTOP for {leases:g} leases", rounds=1)
    async with Durable(directory, program=SHORT_LEASES) as server:
        running = await customer.orders(server, 2, "endless")
        await customer.orders(server, 10, "short")
        await until(lambda: _all_processing(server, running))
        server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(leases * LEASE)
        server.process.send_signal(signal.SIGCONT)
        await customer.orders(server, 10, "short")
        await asyncio.sleep(2 * LEASE)  # in which a lease that was thought lost would be taken back
        for job_id in running:
            job = await server.job(job_id)
            assert (job["status"], job["attempt"]) == ("processing", 1), job
        await _cancel_all(server, "endless")
        row.add(len(customer.ledger.accepted), await customer.verdict(server))
    return row


async def poison(directory: Path, *, politely: bool = False) -> Row:
    """A job under which the server dies three times is given up, and the others come to their end."""
    customer = Customer()
    row = Row("poison: os._exit" if politely else "poison: SIGKILL")
    while row.rounds < _DEATHS:
        async with Durable(directory) as server:
            with suppress(*GONE):
                if row.rounds == 0:
                    await customer.orders(server, 3, "short")
                    await server.idle()  # who runs beside it three times is under the same suspicion
                    await customer.order(server, "deadly", politely=politely)
            assert await server.stopped() != 0
            row.rounds += 1
    async with Durable(directory) as server:
        await customer.orders(server, 3, "short")
        verdict = await customer.verdict(server)
        for job in await server.jobs():
            assert job["status"] == ("failed" if job["kind"] == "deadly" else "done"), job
            if job["kind"] == "deadly":
                codes = [attempt["code"] for attempt in job["attempts"]]
                assert (job["error"]["code"], codes) == ("poison", ["server_died", "server_died", "poison"])
        assert await server.stop() == 0
    row.add(len(customer.ledger.accepted), verdict)
    return row


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _all_processing(server: Durable, job_ids: list[str]) -> bool:
    return all([(await server.job(job_id))["status"] == "processing" for job_id in job_ids])


async def _cancel_all(server: Durable, kind: str = "endless") -> None:
    for job in await server.jobs():
        if job["kind"] == kind:
            await server.answer("POST", f"/v1/jobs/{job['jobId']}/cancel")


async def _streams(server: Durable, number: int) -> bool:
    async with server.session.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    return any(line.startswith("jobserver_streams ") and float(line.split()[1]) >= number for line in lines)


async def _read(server: Durable, job_id: str, how: Any) -> float:
    """When it ended."""
    with suppress(*GONE):
        await how(server, job_id)
    return _now()


async def _stream(server: Durable, job_id: str) -> None:
    async with server.session.get(f"/v1/jobs/{job_id}/events") as response:
        await response.read()


async def _socket(server: Durable, job_id: str) -> None:
    async with server.session.ws_connect("/v1/ws") as socket:
        await socket.send_json({"type": "subscribe", "jobIds": [job_id]})
        async for _ in socket:
            pass


async def _poll(server: Durable, job_id: str) -> None:
    after = (await server.answer("GET", "/v1/events", headers={"Accept": "application/json"}))[1]["next"]
    await server.answer("GET", f"/v1/events?jobId={job_id}&after={after}&wait=60")
