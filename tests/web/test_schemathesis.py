"""Thousands of requests made up from the description: none breaks the server, none is answered as it does not say."""

from __future__ import annotations

import asyncio
import copy
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jobserver.errors import JobNotFound
from jobserver.jobs.submission import Submission
from jobserver.web.description.json_schema import words
from jobserver.web.keys import WebSettings
from jobserver.workers.registry import Args, Context, Handler
from tests.web.described import DOCUMENT
from tests.web.site import SIGNED, Site

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EACH = 110
"""Requests of each operation, beside those that its description alone suggests."""
LEAST = 5_000
STREAMS = ["/v1/events", "/v1/ws"]
"""They never end by themselves, and what they say is no document: tests of their own follow them."""

JOBS: dict[str, dict[str, Any]] = {
    "page": {"kind": "analyze", "args": {"url": "https://example.com/"}},
    "done": {"kind": "toy"},
    "failed": {"kind": "toy", "args": {"fail": 1}},
    "waiting": {"kind": "toy", "delay": timedelta(days=1)},
}


def of_this_server(document: dict[str, Any]) -> dict[str, Any]:
    """The description with the names that this server knows, or most requests would be about nothing."""
    document = copy.deepcopy(document)
    members = document["components"]["schemas"]["Submission"]["properties"]
    members |= {"kind": words("toy", "analyze", "none"), "queue": words("toys", "default", "none")}
    known = {"queue": words("toys", "default", "none"), "name": words("notes.txt", "none")}
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in known:
                    parameter["schema"] = known[parameter["name"]]
    return document


described = schemathesis.openapi.from_dict(of_this_server(DOCUMENT)).exclude(path=STREAMS)
made: Counter[str] = Counter()
"""Operation → requests."""


class Target:
    """A server on a loop of its own, which always has one of each of `JOBS`."""

    def __init__(self) -> None:
        self.ready: Future[None] = Future()
        self.loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._ids: dict[str, str] = {}
        self._thread = threading.Thread(target=lambda: self.loop.run_until_complete(self._live()))
        self._thread.start()

    async def _live(self) -> None:
        # Nobody holds a request for long: a wait that is asked for a thousand times would take a thousand waits.
        quick = WebSettings(max_wait=0.02, heartbeat=0.05)
        toy = Handler("toy", _run, queue="toys", concurrency=4)
        async with Site(handlers=[toy], settings=quick, max_queue=100_000) as self.site:
            self.site.gate.set()
            self.address = str(self.site.client.make_url(""))
            self.ready.set_result(None)
            await self._over.wait()

    def job(self, sort: str) -> str:
        """The id of such a job; a new one where the last one was deleted."""
        return asyncio.run_coroutine_threadsafe(self._job(sort), self.loop).result(10)

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)
        self.loop.close()

    async def _job(self, sort: str) -> str:
        jobs = self.site.jobs
        try:
            await jobs.get(self._ids[sort], None)
        except (KeyError, JobNotFound):
            for queue in ("toys", "default"):  # whatever was asked of them
                await jobs.set_queue(queue, paused=False, concurrency=4, keep=timedelta(hours=1))
            standing, _ = await jobs.submit(Submission(**{"args": {}} | JOBS[sort], owner="default"))
            self._ids[sort] = standing.job.id
            await jobs.wait(standing.job.id, None, 0.2 if sort != "waiting" else 0)
        return self._ids[sort]


async def _run(context: Context, args: Args) -> Any:
    context.log("a line")
    context.artifact("notes.txt", "hello", "text/plain")
    if "fail" in args:
        raise ValueError("it broke")
    return args


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    target = Target()
    target.ready.result(10)
    yield target
    target.end()
    if len(made) == described.statistic.operations.selected:  # else somebody runs a few of them
        assert made.total() >= LEAST, made


def with_a_job_that_is_there(case: schemathesis.Case[Any], target: Target) -> None:
    """Four ids of five that were made up stand for jobs that are there; streams are of jobs that have ended."""
    made_up = case.path_parameters.get("jobId")
    sorts = [sort for sort in JOBS if sort != "waiting" or not case.path.endswith("/events")]
    which = zlib.crc32(repr((made_up, case.query, case.body)).encode(errors="replace")) % (len(sorts) + 1)
    if made_up is not None and which < len(sorts):
        case.path_parameters["jobId"] = target.job(sorts[which])


# The server draws random numbers in its own thread, while hypothesis looks whether a strategy did.
@pytest.mark.filterwarnings("ignore:Do not use the .random. module:hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.timeout(300)
@described.parametrize()
@settings(
    max_examples=EACH,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_the_answer_is_as_described(case: schemathesis.Case[Any], target: Target):
    made[case.operation.label] += 1
    with_a_job_that_is_there(case, target)
    case.call_and_validate(base_url=target.address, headers=SIGNED, checks=CHECKS, timeout=10)
