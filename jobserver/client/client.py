"""The client for asyncio."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Self, Unpack
from urllib.parse import quote

from jobserver.client.connection import Connection
from jobserver.client.following import follow
from jobserver.client.refusals import error_from
from jobserver.client.shown import JobEvent, JobRequest, KeptFile, Options, RemoteJob
from jobserver.errors import JobserverError
from jobserver.jobs.clock import Clock

_LONGEST_WAIT = 30.0
"""Seconds of one long poll: proxies close what is silent for a minute."""

_AGAIN_AFTER = 1.0
_AT_ONCE = 1_000
_LOG_LINES = 1_000
_PAGE = 100


class Client:
    """A job server. An async context manager; make one per program and share it among its tasks.

    ``address``: ``http://host:port``, with a path where the server is mounted there, or ``unix:/path/of/socket``.
    ``secret``: the server's ``CLIQ_SECRET``; every request is signed with it. ``api_key``: shown instead, where given.
    ``timeout``: seconds of silence after which a request is given up. ``retries``: how often a request that the server
    refuses for now (429, 503) or does not answer is tried again, as long as that cannot do anything twice.
    ``patience``: seconds; a server that asks to be left alone for longer is not asked again. ``clock``: for signatures.

    Whatever the server refuses is raised as the error of `jobserver.errors` that has its code; no answer at all is
    Unavailable.
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:3000",
        *,
        secret: str | None = None,
        api_key: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        patience: float = 60.0,
        clock: Clock | None = None,
    ) -> None:
        self._connection = Connection(
            address,
            secret=secret,
            api_key=api_key,
            timeout=timeout,
            retries=retries,
            patience=patience,
            clock=clock,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._connection.close()

    async def request(self, method: str, path: str, body: Any = None, *, query: Mapping[str, str] | None = None) -> Any:
        """Any request at all: the answer's JSON, or None for an empty one. ``path`` as in docs/protocol.md."""
        answer = await self._connection.ask(method, path, body, query=query)
        return answer.json() if answer.body else None

    async def submit(
        self,
        kind: str,
        args: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        **options: Unpack[Options],
    ) -> RemoteJob:
        """Queue a job; ``options`` as in `JobRequest`. Sent again after a lost answer it makes no second job.

        ``idempotency_key``: makes that hold for another call with the same key as well, for 24 hours.
        """
        asked = JobRequest(kind, args or {}, **options)
        headers = {"Idempotency-Key": idempotency_key or secrets.token_urlsafe(18)}
        answer = await self._connection.ask("POST", "/v1/jobs", asked.to_wire(), headers=headers, repeatable=True)
        return RemoteJob(answer.json())

    async def submit_many(self, requests: Sequence[JobRequest]) -> list[str | JobserverError]:
        """Queue many jobs: for each, in order, its job's id or the error it was refused with."""
        outcomes: list[str | JobserverError] = []
        for start in range(0, len(requests), _AT_ONCE):
            body = {"jobs": [each.to_wire() for each in requests[start : start + _AT_ONCE]]}
            headers = {"Idempotency-Key": secrets.token_urlsafe(18)}
            answer = await self._connection.ask("POST", "/v1/jobs/bulk", body, headers=headers, repeatable=True)
            outcomes += map(_outcome, answer.json()["jobs"])
        return outcomes

    async def get(self, job_id: str) -> RemoteJob:
        """The job as it stands."""
        return await self._job("GET", job_id)

    async def wait(self, job_id: str, within: float | None = None) -> RemoteJob:
        """The job once it has ended; TimeoutError when it has not after ``within`` seconds."""
        async with asyncio.timeout(within):
            while True:
                began = asyncio.get_running_loop().time()
                query = {"wait": f"{_LONGEST_WAIT:g}"}
                answer = await self._connection.ask("GET", _path(job_id), query=query, wait=_LONGEST_WAIT)
                job = RemoteJob(answer.json())
                if job.ended:
                    return job
                if asyncio.get_running_loop().time() - began < _AGAIN_AFTER:
                    await asyncio.sleep(_AGAIN_AFTER)  # a server that is stopping does not let anybody wait

    async def result(self, job_id: str, within: float | None = None) -> Any:
        """What the job made, once it is done; raises why it failed, WrongState for a cancelled one, TimeoutError."""
        return (await self.wait(job_id, within)).result

    async def cancel(self, job_id: str, reason: str | None = None) -> RemoteJob:
        """End a job that has not ended."""
        return await self._job("POST", job_id, "/cancel", {} if reason is None else {"reason": reason})

    async def retry(self, job_id: str) -> RemoteJob:
        """Queue a failed or cancelled job again."""
        return await self._job("POST", job_id, "/retry")

    async def promote(self, job_id: str) -> RemoteJob:
        """Queue a scheduled job now."""
        return await self._job("POST", job_id, "/promote")

    async def remove(self, job_id: str) -> None:
        """Forget an ended job now."""
        await self._connection.ask("DELETE", _path(job_id))

    async def jobs(self, *, limit: int | None = None, **where: str) -> AsyncGenerator[RemoteJob, None]:
        """Jobs that match, newest first: ``status="failed"``, and so on, as in ``GET /v1/jobs``.

        ``limit``: so many at most; None is all of them. They are asked for as they are taken, page by page.
        """
        left = math.inf if limit is None else limit
        query = dict(where)
        while left > 0:
            query["limit"] = str(min(left, _PAGE))
            page = (await self._connection.ask("GET", "/v1/jobs", query=query)).json()
            for members in page["jobs"]:
                yield RemoteJob(members)
            left -= len(page["jobs"])
            if "next" not in page:
                return
            query["cursor"] = page["next"]

    async def events(self, job_id: str | None = None, *, after: int | None = None) -> AsyncGenerator[JobEvent, None]:
        """What happens to a job until its end, or to every job the caller may see, from now on or ``after`` a number.

        A stream that breaks is taken up again where it broke: nothing is missed, or a ``gap`` says so.
        """
        path = "/v1/events" if job_id is None else f"{_path(job_id)}/events"
        async with aclosing(follow(self._connection, path, after, one_job=job_id is not None)) as events:
            async for event in events:
                yield event

    async def logs(self, job_id: str, start: int = 0) -> AsyncGenerator[str, None]:
        """The lines its handler has written so far, from number ``start`` on."""
        while True:
            query = {"start": str(start), "limit": str(_LOG_LINES)}
            answer = (await self._connection.ask("GET", f"{_path(job_id)}/logs", query=query)).json()
            for line in answer["lines"]:
                yield line["text"]
            if len(answer["lines"]) < _LOG_LINES:
                return
            start = answer["next"]

    async def artifacts(self, job_id: str) -> list[KeptFile]:
        """The files its handler kept."""
        answer = (await self._connection.ask("GET", f"{_path(job_id)}/artifacts")).json()
        return [KeptFile(each["name"], each["contentType"], each["size"]) for each in answer["artifacts"]]

    async def artifact(self, job_id: str, name: str) -> bytes:
        """One of them, whole."""
        return (await self._connection.ask("GET", f"{_path(job_id)}/artifacts/{quote(name, safe='')}")).body

    async def _job(self, method: str, job_id: str, below: str = "", body: Any = None) -> RemoteJob:
        return RemoteJob((await self._connection.ask(method, _path(job_id) + below, body)).json())


def _path(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _outcome(members: dict[str, Any]) -> str | JobserverError:
    return error_from(members, members["status"]) if "error" in members else str(members["jobId"])
