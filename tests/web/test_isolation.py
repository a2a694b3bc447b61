"""Nobody reaches what is somebody else's: every row of the route table is tried, so that a new one cannot be forgotten.

A row belongs to one of five sorts, by its scope, method and path. What the tests must know beside that stands in the
tables below; a row they cannot deal with fails `test_every_route_is_of_a_sort_that_is_tried_here`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse, WSMsgType

from jobserver.auth.signing import Credentials
from jobserver.errors import DoNotRetry
from jobserver.jobs.access import EVERYTHING, Scope
from jobserver.jobs.model import Job, State
from jobserver.web.app import ROUTES
from jobserver.web.route import Route
from jobserver.workers.registry import Args, Context, Handler
from tests.make import until
from tests.web.site import SECRET, Site

SECRETS = "acme-only"
"""Stands in the arguments, tags, logs and files of one owner's jobs; the other must never read it."""

OPEN = {"/health", "/livez", "/readyz", "/openapi.json", "/v1/ws"}
"""Open to everybody. The socket asks who is calling by itself; it has a test of its own below."""

PARAMETERS = {"{job_id}": "{job_id}", "{name}": "file.txt", "{queue}": "default", "{key_id}": "nokey"}
"""What stands in a path."""

QUERIES = {"/preview": "?jobId={job_id}"}
"""Routes whose query names a job."""

BODIES: dict[str, Any] = {
    "/v1/jobs/{job_id}/links": {"purpose": "result"},
    "/analyze": {"url": "https://example.com/beta"},
    "/v1/jobs": {"kind": "keep", "args": {}, "dedupKey": SECRETS},
    "/v1/jobs/bulk": {"jobs": [{"kind": "keep", "args": {}, "dedupKey": SECRETS}]},
    "/v1/bulk": {"filter": {"all": True}, "action": "cancel"},
    "/v1/keys": {"owner": "beta", "scopes": ["manage"]},
    "/v1/queues/{queue}": {"concurrency": 1},
}
"""What is sent: such that it would do something to whoever's it is."""

STREAMS = {"/v1/events"}


def names_a_job(route: Route) -> bool:
    return "{job_id}" in route.path or route.path in QUERIES


ALL = [route for route in ROUTES if route.scope is not None]
OF_A_JOB = [route for route in ALL if names_a_job(route)]
MANAGING = [route for route in ALL if route.scope is Scope.MANAGE]
READING = [route for route in ALL if route.method == "GET" and route not in [*OF_A_JOB, *MANAGING]]
ACTING = [route for route in ALL if route not in [*OF_A_JOB, *MANAGING, *READING]]


def label(route: Route) -> str:
    return f"{route.method} {route.path}"


def each_of(routes: Sequence[Route]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", routes, ids=label)


def test_every_route_is_of_a_sort_that_is_tried_here():
    assert {route.path for route in ROUTES if route.scope is None} == OPEN
    for route in ALL:
        unknown = [part for part in route.path.split("/") if part.startswith("{") and part not in PARAMETERS]
        assert not unknown, f"{label(route)}: say in PARAMETERS what {unknown} stands for"
    for route in ACTING:
        assert route.path in BODIES, f"{label(route)}: say in BODIES what to send"
    assert len(OF_A_JOB) > 10
    assert len(READING) > 3


async def _keep(context: Context, args: Args) -> dict[str, Any]:
    context.log(SECRETS)
    context.artifact("file.txt", SECRETS, "text/plain")
    return {"made": SECRETS}


async def _break(context: Context, args: Args) -> None:
    raise DoNotRetry(SECRETS)


@dataclass
class Two:
    """Two owners of one server; the jobs, by state, are all ``acme``'s."""

    site: Site
    acme: Mapping[str, str]
    beta: Mapping[str, str]
    jobs: dict[State, str]

    async def ask(self, route: Route, who: Mapping[str, str], job_id: str = "none") -> ClientResponse:
        path = route.path + QUERIES.get(route.path, "")
        for name, value in PARAMETERS.items():
            path = path.replace(name, value)
        return await self.site.client.request(
            route.method, path.replace("{job_id}", job_id), json=BODIES.get(route.path), headers=who
        )

    async def as_they_stand(self) -> list[Job]:
        return [await self.site.engine.get(job_id) for job_id in self.jobs.values()]

    async def make(self, who: Mapping[str, str], kind: str, **more: Any) -> str:
        asked = {"kind": kind, "args": {"url": f"https://{SECRETS}.example/"}, "tags": [SECRETS], **more}
        response = await self.site.client.post("/v1/jobs", json=asked, headers=who)
        assert response.status == 202, await response.text()
        return str((await response.json())["jobId"])


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    handlers = [Handler("keep", _keep, queue="kept"), Handler("break", _break, queue="kept")]
    async with Site(handlers=handlers) as site:
        two = Two(site, await site.key("acme"), await site.key("beta"), {})
        made = {
            State.PROCESSING: await two.make(two.acme, "analyze"),
            State.QUEUED: await two.make(two.acme, "analyze", dedupKey=SECRETS),
            State.SCHEDULED: await two.make(two.acme, "analyze", delay=1000),
            State.DONE: await two.make(two.acme, "keep"),
            State.FAILED: await two.make(two.acme, "break"),
        }
        two.jobs = made

        async def settled() -> bool:
            return all([(await site.engine.get(made[state])).state is state for state in made])

        await until(settled)
        yield two


@each_of(ALL)
async def test_nobody_gets_in_without_a_credential(route: Route, two: Two):
    response = await two.ask(route, {}, two.jobs[State.DONE])
    assert response.status == 401
    assert route.method == "HEAD" or (await response.json())["code"] == "unauthorized"


@each_of(ALL)
async def test_a_key_without_the_scope_is_refused_and_does_nothing(route: Route, two: Two):
    assert route.scope is not None
    before = await two.as_they_stand()
    key = await two.site.key("acme", *(EVERYTHING - {route.scope, Scope.MANAGE}))
    response = await two.ask(route, key, two.jobs[State.QUEUED])
    assert response.status == 403
    if route.method != "HEAD":
        assert (await response.json())["error"] == f"This key lacks the scope {route.scope}."
    assert await two.as_they_stand() == before


@each_of(MANAGING)
async def test_only_those_who_manage_manage(route: Route, two: Two):
    assert (await two.ask(route, two.acme)).status == 403


@each_of(OF_A_JOB)
async def test_another_owners_job_is_not_there(route: Route, two: Two):
    before = await two.as_they_stand()
    for state, job_id in two.jobs.items():
        response = await two.ask(route, two.beta, job_id)
        assert response.status == 404, state
        assert SECRETS not in await response.text()
        assert route.method == "HEAD" or (await response.json())["code"] == "job_not_found"
        nowhere = await two.ask(route, two.beta, "job-0-aaaaaaaaaaaaaaaaaaaa")
        assert nowhere.status == 404
        assert (await nowhere.text()).replace("job-0-aaaaaaaaaaaaaaaaaaaa", job_id) == await response.text()
    assert await two.as_they_stand() == before


@each_of(OF_A_JOB)
async def test_its_owner_reaches_it_in_some_state(route: Route, two: Two):
    """The control: what is refused above is refused for its owner alone."""
    two.site.gate.set()
    for job_id in two.jobs.values():
        response = await two.ask(route, two.acme, job_id)
        if response.status < 300:
            return
    pytest.fail("no state in which it answers")


async def what_is_read(route: Route, two: Two, who: Mapping[str, str]) -> str:
    """All a reader is given; of a stream, all until a job of its own has ended."""
    if route.path not in STREAMS:
        return await (await two.ask(route, who)).text()
    response = await two.ask(route, who)
    await two.make(two.acme, "keep")
    mine = await two.make(who, "keep")
    text = b""
    async with asyncio.timeout(10):
        while b"job.done" not in text or mine.encode() not in text.split(b"job.done")[-1]:
            text += await response.content.readany()
    response.close()
    return text.decode().replace(SECRETS, "" if who is two.beta else SECRETS)


@each_of(READING)
async def test_lists_and_streams_show_nothing_of_others(route: Route, two: Two):
    text = await what_is_read(route, two, two.beta)
    assert "acme" not in text
    assert not [job_id for job_id in two.jobs.values() if job_id in text]


def counted(value: Any) -> Any:
    """Every number of jobs in an answer: what is called ``count``, ``counts`` or ``jobs``."""
    if isinstance(value, dict):
        return {
            name: child if name in {"count", "counts", "jobs"} else counted(child)
            for name, child in value.items()
            if isinstance(child, dict | list) or name in {"count", "counts", "jobs"}
        }
    return [counted(child) for child in value] if isinstance(value, list) else None


@each_of([route for route in READING if route.path not in STREAMS])
async def test_counts_are_of_ones_own_jobs(route: Route, two: Two):
    async with Site(handlers=[Handler("keep", _keep, queue="kept"), Handler("break", _break, queue="kept")]) as alone:
        nobody = Two(alone, {}, await alone.key("beta"), {})
        expected = counted(json.loads(await what_is_read(route, nobody, nobody.beta)))
    assert counted(json.loads(await what_is_read(route, two, two.beta))) == expected


async def test_who_manages_sees_everybodys_jobs_when_asking_for_them(two: Two):
    ops = await two.site.key("ops", Scope.MANAGE)
    for path, everything in (("/v1/jobs?owner=*", True), ("/v1/jobs?owner=acme", True), ("/jobs", False)):
        text = await (await two.site.client.get(path, headers=ops)).text()
        assert {job_id in text for job_id in two.jobs.values()} == {everything}, path


@each_of(ACTING)
async def test_what_one_does_changes_nothing_of_others(route: Route, two: Two):
    before = await two.as_they_stand()
    response = await two.ask(route, two.beta)
    assert response.status in {200, 202}, await response.text()
    text = await response.text()
    assert not [job_id for job_id in two.jobs.values() if job_id in text]
    made = json.loads(text)
    if made.get("kind") == "bulk":
        ended = await two.site.client.get(f"/v1/jobs/{made['jobId']}?wait=10", headers=two.beta)
        assert (await ended.json())["result"]["matched"] == 0
    assert await two.as_they_stand() == before


async def test_a_repeated_request_of_another_owner_is_another_request(two: Two):
    asked = {"kind": "keep", "args": {}}
    made = set()
    for who in (two.acme, two.beta):
        response = await two.site.client.post("/v1/jobs", json=asked, headers={**who, "Idempotency-Key": "same"})
        assert response.status == 202
        assert "Idempotency-Replayed" not in response.headers
        made.add((await response.json())["jobId"])
    assert len(made) == 2


async def test_a_filter_for_another_owner_finds_nothing(two: Two):
    for query in ("owner=acme", f"tag={SECRETS}", f"text={SECRETS}"):
        response = await two.site.client.get(f"/v1/jobs?{query}", headers=two.beta)
        assert SECRETS not in await response.text()
        assert not (await response.json()).get("jobs"), query


async def test_a_socket_is_told_of_its_owners_jobs_only(two: Two):
    async with two.site.client.ws_connect("/v1/ws", headers=two.beta) as socket:
        await socket.send_json({"type": "subscribe", "jobIds": "*"})
        await socket.send_json({"type": "subscribe", "jobIds": [two.jobs[State.DONE]]})
        await two.make(two.acme, "keep")
        mine, told = await two.make(two.beta, "keep"), ""
        async with asyncio.timeout(10):
            while '"job.done"' not in told or mine not in told:
                message = await socket.receive()
                assert message.type is WSMsgType.TEXT, message
                told += message.data
    assert "job_not_found" in told
    assert "acme" not in told.replace(SECRETS, "")
    assert not [job_id for job_id in two.jobs.values() if f'"jobId":"{job_id}"' in told]


async def test_a_socket_of_nobody_is_told_nothing(two: Two):
    async with two.site.client.ws_connect("/v1/ws") as socket:
        await socket.send_json({"type": "subscribe", "jobIds": "*"})
        await two.make(two.acme, "keep")
        message = await socket.receive(timeout=10)
        assert "unauthorized" in message.data
        assert "acme" not in message.data


async def test_without_signatures_everybody_is_the_one_owner_and_keys_still_count():
    async with Site(credentials=Credentials((SECRET,), allow_unsigned=True)) as site:
        key = await site.key("acme")
        job_id = (await (await site.client.post("/analyze", json={"url": "https://example.com/"})).json())["jobId"]
        assert (await site.client.get(f"/result/{job_id}")).status == 200
        assert (await site.client.get(f"/result/{job_id}", headers=key)).status == 404
