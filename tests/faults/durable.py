"""The real server on a real file, and what a test asks of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults.work import RUNS
from tests.make import until
from tests.process import Program

ENDED = frozenset({"done", "failed", "cancelled"})
SERVE = ("-m", "jobserver", "serve")
_LOOKS = 10
_A_WRITE = 0.2
FIELDS = "kind,queue,status,args,attempts,result,version,error"


class Durable(Program):
    """``jobserver serve`` on ``jobs.db`` of a directory, with the kinds of `tests.faults.work`.

    ``program``: what Python runs instead; ``under``: a program that runs it, as strace does.
    """

    def __init__(
        self, directory: Path, *, program: Sequence[str] = SERVE, under: Sequence[str] = (), **settings: str
    ) -> None:
        self.file = directory / "jobs.db"
        ours = {
            "STORE": f"sqlite://{self.file}",
            "PORT": "0",
            "HANDLERS": "tests.faults.work",
            "ANALYZE_ENGINE": "static",
            "LOG_LEVEL": "warning",
            RUNS: str(directory / "runs"),
        }
        super().__init__(*program, directory=directory, **(ours | settings))
        self.under = tuple(under)

    async def answer(self, method: str, path: str, **request: Any) -> tuple[int, Any]:
        """Status and body of an answer."""
        async with self.session.request(method, path, **request) as response:
            return response.status, None if response.status == 204 else await response.json()

    async def submit(self, kind: str, terms: dict[str, Any] | None = None, **args: Any) -> str:
        """The id of a job that was accepted."""
        status, job = await self.answer("POST", "/v1/jobs", json={"kind": kind, "args": args, **(terms or {})})
        assert status == 202, job
        return str(job["jobId"])

    async def job(self, job_id: str, wait: float = 0) -> dict[str, Any]:
        """A job as it stands, or once it has ended."""
        status, job = await self.answer("GET", f"/v1/jobs/{job_id}?wait={wait:g}")
        assert status == 200, job
        found: dict[str, Any] = job
        return found

    async def jobs(self) -> list[dict[str, Any]]:
        """All there are."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            status, page = await self.answer("GET", f"/v1/jobs?limit=500&fields={FIELDS}{cursor}")
            assert status == 200, page
            found += page["jobs"]
            if "next" not in page:
                return found
            cursor = f"&cursor={page['next']}"

    async def unfinished(self) -> int:
        """How many jobs have not ended."""
        _, stats = await self.answer("GET", "/v1/stats")
        return sum(number for state, number in stats["counts"].items() if state not in ENDED)

    async def idle(self, within: float = 30) -> bool:
        """Wait until all jobs have ended; False when that takes too long."""

        async def none() -> bool:
            return await self.unfinished() == 0

        try:
            return bool(await until(none, within=within))
        except TimeoutError:
            return False

    async def ended_jobs(self, within: float = 30) -> list[dict[str, Any]]:
        """All there are, once they have ended, or as they stand when that takes too long."""
        await self.idle(within)
        for _ in range(_LOOKS):  # counts may be ahead of what is shown by the length of one write
            jobs = await self.jobs()
            if all(job["status"] in ENDED for job in jobs):
                break
            await asyncio.sleep(_A_WRITE)
        return jobs

    async def readiness(self) -> int:
        """Status of ``/readyz``."""
        async with self.session.get("/readyz") as response:
            return response.status
