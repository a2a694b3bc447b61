"""Somebody who submits one job after another, remembers what was answered, and judges in the end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tests.faults.durable import Durable
from tests.faults.ledger import Ledger
from tests.faults.verdict import Verdict, judge, read_runs


class Customer:
    """Of one store, whichever process serves it. ``refusals``: bodies of the answers that were no 202.

    ``doubtful``: a refusal leaves it open whether the job is there, as when the disk itself does not know.
    """

    def __init__(self, *, doubtful: bool = False) -> None:
        self._doubtful = doubtful
        self.ledger = Ledger()
        self.refusals: list[dict[str, Any]] = []

    async def order(
        self, server: Durable, kind: str = "quick", *, keyed: bool = False, delay: float = 0, **args: Any
    ) -> str | None:
        """The id of a job that was accepted, or None."""
        name = f"{kind}.{len(self.ledger.orders)}"
        self.ledger.ask(name, keyed=keyed)
        status, answer = await server.answer(
            *("POST", "/v1/jobs"),
            json={"kind": kind, "args": {"name": name, **args}, "delay": delay},
            headers={"Idempotency-Key": name} if keyed else {},
        )
        if status == 202:
            self.ledger.accept(name, answer["jobId"])
            return str(answer["jobId"])
        if not self._doubtful:
            self.ledger.refuse(name)
        self.refusals.append(answer)
        return None

    async def orders(self, server: Durable, number: int, kind: str = "quick", **args: Any) -> list[str]:
        """Ids of so many, all accepted."""
        made = [await self.order(server, kind, **args) for _ in range(number)]
        assert None not in made, self.refusals
        return [str(job_id) for job_id in made]

    async def verdict(
        self, server: Durable, *, interruptions: int = 0, forgotten: Collection[str] = (), within: float = 30
    ) -> Verdict:
        """Let all that is promised come to its end, and judge."""
        jobs = await server.ended_jobs(within)
        runs = read_runs(server.directory / "runs")
        return judge(self.ledger, jobs, runs, interruptions=interruptions, forgotten=forgotten)
