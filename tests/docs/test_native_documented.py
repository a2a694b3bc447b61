"""Every member of every answer of the native face stands in the documentation, where it belongs."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from jobserver.web.native import FIELDS
from jobserver.web.reading.filters import FILTERS
from jobserver.web.reading.submitting import _BACKOFF, _MEMBERS, _NOT_YET
from tests.docs.pages import PROTOCOL, words, words_under
from tests.web.site import Site
from tests.web.toys import TOYS

A_JOB = "`GET /v1/jobs/{jobId}`"
NAMED_BY_CALLERS = {"args", "result"}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site(handlers=TOYS) as site:
        yield site


def names(value: Any) -> Iterator[str]:
    """Every name in a JSON value, but for what callers name themselves."""
    for name, child in value.items() if isinstance(value, dict) else ():
        yield name
        yield from () if name in NAMED_BY_CALLERS else names(child)
    for child in value if isinstance(value, list) else ():
        yield from names(child)


async def answers(site: Site) -> AsyncIterator[tuple[str, Any]]:
    """(heading, answer) of every route of the native face that answers with JSON of its own."""

    async def ask(method: str, path: str, body: Any = None) -> Any:
        response = await site.ask(method, path, body)
        assert response.status < 300, await response.text()
        return json.loads(await response.read())

    everything = {"files": {"a.txt": ["text/plain", "a"]}, "lines": ["line"]}
    rule = {"type": "exponential", "delay": 1}
    keys = {"dedupKey": "d", "concurrencyKey": "c", "tags": ["t"], "totalTimeout": 60, "backoff": rule}
    done = await ask("POST", "/v1/jobs?wait=10", {"kind": "keep", "args": everything})
    failed = await ask("POST", "/v1/jobs?wait=10", {"kind": "keep", "args": {"error": "no"}})
    waiting = await ask("POST", "/v1/jobs", {"kind": "sleep", "delay": 60, "expiresIn": 5, **keys})
    again = await ask("POST", "/v1/jobs", {"kind": "sleep", **keys})
    for job in (done, failed, waiting, again, await ask("GET", f"/v1/jobs/{done['jobId']}")):
        yield A_JOB, job
    yield A_JOB, await ask("POST", f"/v1/jobs/{waiting['jobId']}/cancel", {"reason": "no"})
    path = f"/v1/jobs/{done['jobId']}"
    yield "`GET /v1/jobs/{jobId}/logs`", await ask("GET", f"{path}/logs")
    yield "`GET /v1/jobs/{jobId}/artifacts`", await ask("GET", f"{path}/artifacts")
    shown = ",".join(name for name in FIELDS if name != "artifacts")
    listed = await ask("GET", f"/v1/jobs?limit=2&fields={shown}")
    for job in listed.pop("jobs"):
        yield A_JOB, job
    yield "`GET /v1/jobs`", listed
    many = [{"kind": "sleep", "dedupKey": "x"}] * 2 + [{"kind": "none"}]
    yield "`POST /v1/jobs/bulk`", await ask("POST", "/v1/jobs/bulk", {"jobs": many})
    operation = await ask("POST", "/v1/bulk", {"filter": {"all": True}, "action": "cancel"})
    yield A_JOB, operation
    yield "`POST /v1/bulk`", await ask("GET", f"{operation['links']['self']}/result?wait=10")
    yield "`GET /v1/kinds`", await ask("GET", "/v1/kinds")
    yield "`GET /v1/queues/{queue}`", await ask("GET", "/v1/queues/slow")
    yield "`GET /v1/queues/{queue}`", await ask("PATCH", "/v1/queues/slow", {"keepCount": 5})
    stats = await ask("GET", "/v1/stats")
    for queue in stats.pop("queues"):
        yield "`GET /v1/queues/{queue}`", queue
    yield "`GET /v1/stats`", stats


async def test_every_member_is_documented_where_it_belongs(site: Site):
    async for heading, answer in answers(site):
        assert set(answer) <= words_under(PROTOCOL, heading), heading
        assert set(names(answer)) <= words(PROTOCOL), heading


def test_every_member_and_parameter_of_requests_is_documented():
    assert {*_MEMBERS, *_BACKOFF, *_NOT_YET} <= words_under(PROTOCOL, "`POST /v1/jobs`")
    assert set(FILTERS) <= words_under(PROTOCOL, "`GET /v1/jobs`") & words_under(PROTOCOL, "`POST /v1/bulk`")
    assert set(FIELDS) <= words_under(PROTOCOL, A_JOB)


def test_the_job_has_no_other_members_than_the_documentation_says():
    rows = re.findall(r"^\| (`[^|]+) \|", PROTOCOL.read_text().split(f"### {A_JOB}")[1].split("###")[0], re.MULTILINE)
    assert {word for row in rows for word in re.findall(r"`(\w+)`", row)} == {*FIELDS, "duplicate"}
