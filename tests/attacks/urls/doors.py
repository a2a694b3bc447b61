"""The doors a URL can come in by, each tried with all URLs that fit through it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from jobserver.egress.fetch import Fetcher
from jobserver.egress.gate import Gate
from jobserver.egress.policy import UrlPolicy
from jobserver.egress.proxy import FilteringProxy
from jobserver.egress.resolver import Resolver
from jobserver.errors import JobFailed, PageUnreachable, UrlRefused
from tests.attacks.urls.lists import Bad
from tests.process import Process

_ENDED = "?wait=30"


async def submitted(server: Process, url: str) -> int:
    """The status of an answer to ``url`` in ``POST /analyze``."""
    async with server.session.post("/analyze", json={"url": url}) as response:
        await response.read()
        return response.status


async def submitted_natively(server: Process, url: str) -> int:
    """The same of ``POST /v1/jobs``."""
    async with server.session.post("/v1/jobs", json={"kind": "analyze", "args": {"url": url}}) as response:
        await response.read()
        return response.status


async def visited(server: Process, url: str) -> tuple[str, list[str]]:
    """How a job that visits ``url`` ends (where it really was, or the code it failed with), and its log."""
    async with server.session.post("/analyze", json={"url": url}) as response:
        job_id = (await response.json())["jobId"]
    body = await server.poll(job_id, _ENDED)
    async with server.session.get(f"/v1/jobs/{job_id}/logs") as response:
        lines = [str(line["text"]) for line in (await response.json())["lines"]]
    return (body["summary"]["url"] if body["status"] == "done" else body.get("code", body["status"])), lines


async def fetched(bad: Bad) -> bool:
    """Whether `Fetcher.get`, which every page, style sheet and image goes through, refuses."""
    async with Fetcher(Gate(bad.policy, Resolver(bad.lookup))) as fetcher:
        try:
            await fetcher.get(bad.url)
        except UrlRefused:
            return True
        except JobFailed as failed:
            return bad.is_nowhere and isinstance(failed, PageUnreachable)
        return False


async def asked_of_proxy(bad: Bad, first_line: str) -> int:
    """The status of a proxy's answer to a request; 0 when the connection was lost, as one that led somewhere."""
    async with FilteringProxy(Gate(bad.policy, Resolver(bad.lookup))) as proxy:
        host, port = proxy.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"{first_line} HTTP/1.1\r\nHost: example.com\r\n\r\n".encode("utf-8", "surrogatepass"))
        try:
            return int((await reader.read()).split(b" ", 2)[1])
        except ConnectionError:
            return 0
        finally:
            writer.close()


async def all_admitted(urls: Sequence[str]) -> list[str]:
    """Those of ``urls`` that a gate does not admit."""
    policy = UrlPolicy()
    gate = Gate(policy, Resolver(Bad("", "", "").lookup))
    return [url for url in urls if not await _admits(gate, policy.check(url).url)]


async def held_to_the_first_answer(bad: Bad) -> bool:
    """Whether a name that changes its answer is used with the first one only."""
    first, _, then = " ".join(bad.answers).partition(" THEN ")
    answers = [first, then]

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return [answers.pop(0)]

    gate = Gate(bad.policy, Resolver(rebinding))
    return [(await gate.admit(bad.url)).addresses for _ in range(3)] == [(first,)] * 3


async def _admits(gate: Gate, url: str) -> bool:
    try:
        await gate.admit(url)
    except UrlRefused:
        return False
    return True


async def pause(server: Process) -> None:
    """Let the server accept jobs and run none."""
    async with server.session.post("/v1/queues/default/pause") as response:
        if response.status != 200:
            raise aiohttp.ClientError(f"the queue could not be paused: {response.status}")
