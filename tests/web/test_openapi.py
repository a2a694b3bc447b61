"""The description of the API: valid, whole, and true of what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from openapi_spec_validator import OpenAPIV31SpecValidator

from jobserver.config import Config
from jobserver.server import Server
from jobserver.web.app import ROUTES
from jobserver.web.description.openapi import document
from jobserver.web.description.operations import OPERATIONS
from jobserver.workers.registry import Args, Context, Handler
from tests.make import until
from tests.web.described import DOCUMENT, assert_described, operation_of
from tests.web.site import SIGNED, Site


def test_the_description_is_valid_openapi_3_1():
    assert DOCUMENT["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_route_has_an_operation_and_every_operation_a_route():
    assert set(OPERATIONS) == {(route.method, route.path) for route in ROUTES}


def test_every_operation_has_an_id_of_its_own():
    ids = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids)) == len(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=[f"{route.method} {route.path}" for route in ROUTES])
def test_what_opens_a_route_is_said(route: Any):
    operation = operation_of(route.method, route.path.replace("{", "").replace("}", ""))
    assert operation is not None
    schemes = {name for way in operation["security"] for name in way}
    expected = {"signature", "bearer"} if route.scope else set()
    assert schemes == expected | ({"link"} if route.link else set())
    asks_by_itself = route.path == "/v1/ws"  # who is calling may be its first message
    assert ("401" in operation["responses"]) == (route.scope is not None or asks_by_itself)


async def test_everybody_may_read_the_description(site: Site):
    answer = await site.client.get("/openapi.json")
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert await answer.json() == DOCUMENT


async def test_a_mounted_application_says_where_it_is():
    outer = web.Application()
    server = Server(Config(port=0))
    outer.add_subapp("/queue", server.app)
    async with TestClient(TestServer(outer)) as client:
        described = await (await client.get("/queue/openapi.json")).json()
    assert described["servers"] == [{"url": "/queue"}]
    assert json.loads(document(ROUTES))["servers"] == [{"url": "/"}]


async def _keep_things(context: Context, args: Args) -> Any:
    context.log("a line")
    context.artifact("notes.txt", "hello", "text/plain")
    if args.get("fail"):
        raise ValueError("it broke")
    return args


async def every_native_answer(site: Site) -> list[ClientResponse]:
    """An answer of every native route, good and bad."""
    ask = site.ask
    answers = [
        await ask(
            "POST", "/v1/jobs", {"kind": "keep", "args": {"n": 1}, "tags": ["x"], "dedupKey": "d", "delay": 3600}
        ),
        await ask("POST", "/v1/jobs", {"kind": "keep", "dedupKey": "d"}),
        await ask("POST", "/v1/jobs?wait=10", {"kind": "keep", "args": {"n": 2}, "queue": "things", "priority": 3}),
        await ask("POST", "/v1/jobs?wait=10", {"kind": "keep", "args": {"fail": True}, "maxAttempts": 1}),
        await ask("POST", "/v1/jobs", {"kind": "keep", "backoff": {"type": "fixed", "delay": 2}, "nothing": 1}),
        await ask("POST", "/v1/jobs/bulk", {"jobs": [{"kind": "keep"}, {"kind": "none"}, 7]}),
    ]
    scheduled, _, done, failed = [(await each.json()).get("jobId", "") for each in answers[:4]]
    for job_id in (scheduled, done, failed, "job-none"):
        paths = (
            "",
            "?fields=jobId,status",
            "/result",
            "/logs",
            "/artifacts",
            "/artifacts/notes.txt",
            "/events?after=0",
        )
        answers += [
            await ask("GET", f"/v1/jobs/{job_id}{path}")
            for path in paths
            if not (job_id == scheduled and path.startswith("/events"))
        ]
    files = f"/v1/jobs/{done}/artifacts/notes.txt"
    answers += [
        await ask("HEAD", files),
        await ask("GET", files, Range="bytes=0-1"),
        await ask("GET", files, Range="bytes=99-"),
        await ask("GET", "/v1/jobs?limit=1"),
        await ask("GET", "/v1/jobs?status=nonsense"),
        await ask("POST", f"/v1/jobs/{done}/links", {"purpose": "result"}),
        await ask("POST", f"/v1/jobs/{done}/promote"),
        await ask("POST", f"/v1/jobs/{scheduled}/promote"),
        await ask("POST", f"/v1/jobs/{scheduled}/cancel", {"reason": "enough"}),
        await ask("POST", f"/v1/jobs/{failed}/retry"),
        await ask("DELETE", f"/v1/jobs/{done}"),
        await ask("POST", "/v1/bulk", {"filter": {"all": True}, "action": "delete"}),
        await ask("GET", "/v1/kinds"),
        await ask("GET", "/v1/queues"),
        await ask("GET", "/v1/queues/things"),
        await ask("GET", "/v1/queues/nowhere"),
        await ask("PATCH", "/v1/queues/things", {"concurrency": 2, "keep": 60, "keepCount": 5}),
        await ask("POST", "/v1/queues/things/pause"),
        await ask("POST", "/v1/queues/things/resume"),
        await ask("POST", "/v1/queues/things/drain"),
        await ask("GET", "/v1/stats"),
        await ask(
            "POST", "/v1/keys", {"owner": "ann", "scopes": ["read"], "name": "of Ann", "rate": 60, "expiresIn": 60}
        ),
        await ask("GET", "/v1/keys"),
        await ask("DELETE", "/v1/keys/none"),
        *[await ask("GET", path) for path in ("/metrics", "/-/config", "/-/tasks", "/-/versions", "/openapi.json")],
    ]
    answers += [
        await site.client.request(route.method, route.path.replace("{", "").replace("}", "")) for route in ROUTES
    ]
    return answers


async def test_every_native_answer_is_as_described():
    async with Site(handlers=[Handler("keep", _keep_things, queue="things", concurrency=4)]) as site:
        answers = await every_native_answer(site)
        known = [await assert_described(answer) for answer in answers]
    assert all(known)
    assert {answer.status for answer in answers} >= {200, 201, 202, 204, 206, 400, 401, 404, 409, 416}


async def test_every_answer_of_the_old_face_is_as_described(site: Site):
    first = await site.submit()
    await until(lambda: site.seen)
    second = await site.submit()

    async def look(job_id: str, query: str = "") -> list[ClientResponse]:
        paths = (f"/result/{job_id}{query}", f"/v1/jobs/{job_id}{query}", f"/preview?jobId={job_id}", "/jobs?limit=1")
        return [await site.client.get(path, headers=SIGNED) for path in paths]

    answers = [*await look(first), *await look(second)]
    site.gate.set()
    answers += [*await look(first, "?wait=10"), *await look(second, "?wait=10")]
    answers.append(await site.client.get(f"/result/{first}?view=summary", headers=SIGNED))
    site.fail = ValueError("it broke")
    answers += await look(await site.submit(), "?wait=10")
    answers.append(await site.client.post("/analyze?wait=10", json={"url": "example.com"}, headers=SIGNED))
    answers += [await site.client.get(path) for path in ("/health", "/livez", "/readyz", "/jobs", "/result/x")]
    answers.append(await site.client.post("/analyze", json={"url": "internal"}, headers=SIGNED))
    answers.append(await site.client.post("/analyze", data=b"\xff", headers=SIGNED))
    site.jobs.begin_drain()
    answers += [await site.client.get("/readyz"), await site.post()]
    assert all([await assert_described(answer) for answer in answers])
