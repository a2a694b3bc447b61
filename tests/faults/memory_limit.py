"""Memory for jobs that is all used: the oldest that have ended go, then new work is refused, and no more happens."""

from __future__ import annotations

from pathlib import Path

from tests.faults.customer import Customer
from tests.faults.durable import Durable
from tests.faults.report import Row

_ROOM = 1_000_000
_RESULT = 40_000
_ENDED = 40


async def memory_limit(directory: Path) -> Row:
    """`MAX_STORE_BYTES` is reached by results first, then by work that waits; a crash changes nothing of it."""
    row, customer = Row("MAX_STORE_BYTES reached", rounds=1), Customer()
    settings = {"MAX_STORE_BYTES": str(_ROOM), "MAX_RESULT_BYTES": "100000", "CLEANUP_INTERVAL": "0.2"}
    async with Durable(directory, **settings) as server:
        ended = []
        for _ in range(_ENDED):
            ended += await customer.orders(server, 1, "large", size=_RESULT)
            await server.job(ended[-1], wait=5)
        _only_the_oldest_are_gone(ended, await server.jobs())
        waiting = await _fill(server, customer)
        left = {job["jobId"] for job in await server.jobs()}
        _only_the_oldest_are_gone(ended, await server.jobs())
        await server.kill()
    async with Durable(directory, **settings) as server:
        assert {job["jobId"] for job in await server.jobs()} == left
        assert await customer.order(server, "endless", filling="x" * _RESULT) is None
        assert left >= set(waiting)
        for job_id in waiting:
            await server.answer("POST", f"/v1/jobs/{job_id}/cancel")
        assert await customer.order(server) is not None
        verdict = await customer.verdict(server, forgotten=set(ended) - left)
    row.add(len(customer.ledger.accepted), verdict)
    return row


async def _fill(server: Durable, customer: Customer) -> list[str]:
    """Jobs that wait, until there is no room for one more."""
    waiting = []
    while (job_id := await customer.order(server, "endless", filling="x" * _RESULT)) is not None:
        waiting.append(job_id)
    assert customer.refusals[-1]["status"] == 503, customer.refusals[-1]
    return waiting


def _only_the_oldest_are_gone(ended: list[str], jobs: list[dict[str, object]]) -> None:
    shown = {str(job["jobId"]) for job in jobs}
    left = [job_id for job_id in ended if job_id in shown]
    assert len(left) < len(ended)
    assert left == ended[len(ended) - len(left) :]
