"""The native face of jobs that are there: read, act, their results."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from jobserver.jobs.access import Scope
from jobserver.jobs.clock import to_wire
from jobserver.jobs.model import Artifact, Lease
from jobserver.testing import LocalServer
from tests.make import until
from tests.web.native_jobs import ended, job, told
from tests.web.site import Site, assert_problem
from tests.web.toys import SLEEP, TOYS

GONE = "Job not found. Job IDs are stored for 1 hour."


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site(handlers=TOYS) as site:
        yield site


# --- one job


async def test_a_job_shows_its_links_and_each_works(site: Site):
    job_id = await ended(site, "keep", {"files": {"a.txt": ["text/plain", "a"]}})
    links = (await told(site, f"/v1/jobs/{job_id}"))["links"]
    assert set(links) == {"self", "events", "result", "logs", "artifacts"}
    for name in ("self", "result", "logs", "artifacts"):
        await told(site, links[name])


async def test_a_job_offers_what_can_be_done_to_it_now(site: Site):
    job_id = await job(site, delay=60)
    for verb, offered in (("promote", {"cancel", "promote"}), ("cancel", {"cancel"}), ("retry", {"retry"})):
        links = (await told(site, f"/v1/jobs/{job_id}"))["links"]
        assert set(links) == {"self", "events", "logs", "artifacts"} | offered
        assert (await site.ask("POST", links[verb])).status == 200


async def test_only_the_members_that_are_named_are_shown(site: Site):
    job_id = await ended(site, "echo", {"a": "b"})
    assert await told(site, f"/v1/jobs/{job_id}?fields=status,args") == {
        "jobId": job_id,
        "status": "done",
        "args": {"a": "b"},
    }


@pytest.mark.parametrize("fields", ["", "status,", "statuss", "Status", "status;args"])
async def test_a_member_that_no_job_has_cannot_be_asked_for(site: Site, fields: str):
    job_id = await job(site)
    for path in (f"/v1/jobs/{job_id}?fields={fields}", f"/v1/jobs?fields={fields}"):
        response = await site.ask("GET", path)
        assert (response.status, (await response.json())["errors"][0]["pointer"]) == (400, "/fields")


async def test_what_is_known_already_is_not_sent_again_unless_something_else_is_asked_for(site: Site):
    job_id = await ended(site, "keep", {"files": {"a.txt": ["text/plain", "a"]}})
    path = f"/v1/jobs/{job_id}"
    tags = {}
    for query in ("", "?fields=status", "?fields=status,args"):
        tags[query] = (await site.ask("GET", path + query)).headers["ETag"]
        again = await site.ask("GET", path + query, **{"If-None-Match": tags[query]})
        assert (again.status, await again.read()) == (304, b"")
    assert len(set(tags.values())) == 3


async def test_a_file_that_is_kept_while_the_job_runs_is_news(site: Site):
    job_id = await job(site)
    await until(lambda: site.crew.running)
    before = await site.ask("GET", f"/v1/jobs/{job_id}")
    lease = await lease_of(site, job_id)
    await site.engine.report(lease, artifact=Artifact("a.txt", "text/plain", b"text"))
    after = await site.ask("GET", f"/v1/jobs/{job_id}", **{"If-None-Match": before.headers["ETag"]})
    assert (after.status, [each["name"] for each in (await after.json())["artifacts"]]) == (200, ["a.txt"])


async def test_a_file_of_the_same_size_in_the_place_of_another_is_news(site: Site):
    job_id = await job(site)
    await until(lambda: site.crew.running)
    lease = await lease_of(site, job_id)
    tags = []
    for name, content_type, body in (
        ("a.txt", "text/plain", b"four"),
        ("b.txt", "text/plain", b"sixsix"),
        ("a.txt", "text/plain", b"sixsix"),
        ("b.txt", "text/plain", b"four"),
        ("b.txt", "text/plain", b"five"),
        ("b.txt", "text/html", b"five"),
    ):
        await site.engine.report(lease, artifact=Artifact(name, content_type, body))
        tags.append((await site.ask("GET", f"/v1/jobs/{job_id}")).headers["ETag"])
    again = await site.ask("GET", f"/v1/jobs/{job_id}", **{"If-None-Match": tags[-1]})
    assert (len(set(tags)), again.status) == (6, 304)


async def lease_of(site: Site, job_id: str) -> Lease:
    kept = (await site.jobs.get(job_id, None)).job
    assert kept.token is not None
    assert kept.deadline is not None
    return Lease(kept, kept.token, kept.deadline, timedelta(seconds=30))


async def test_a_failed_attempt_tells_its_code(site: Site):
    shown = await told(site, f"/v1/jobs/{await ended(site, 'keep', {'error': 'no use'})}")
    assert (shown["status"], shown["error"]) == ("failed", {"code": "do_not_retry", "message": "no use"})
    attempt = shown["attempts"][0]
    assert (attempt["attempt"], attempt["code"], attempt["error"]) == (1, "do_not_retry", "no use")
    assert attempt["startedAt"] <= attempt["endedAt"]


async def test_a_job_says_when_it_expires_only_while_it_can():
    async with LocalServer([SLEEP]) as server:
        await server.client.request("POST", "/v1/queues/slow/pause")
        job = await server.client.submit("sleep", delay=5, expires_in=10)
        asked_for = to_wire(server.clock.now() + timedelta(seconds=15))
        assert job.members["expiresAt"] == asked_for
        await server.advance(6)
        waiting = await server.client.get(job.id)
        assert (waiting.status, waiting.members["expiresAt"]) == ("queued", asked_for)
        await server.advance(10)
        assert (await server.client.get(job.id)).members["error"]["code"] == "expired"
        again = await server.client.retry(job.id)
        assert (again.status, again.members.get("expiresAt")) == ("queued", None)


async def test_the_result_alone_is_what_the_handler_returned(site: Site):
    job_id = await ended(site, "keep", {"z": 1})
    assert await (await site.ask("GET", f"/v1/jobs/{job_id}/result")).text() == '["z"]'


async def test_a_result_can_be_waited_for_and_is_not_sent_twice(site: Site):
    job_id = await job(site, "echo", {"a": "b"})
    response = await site.ask("GET", f"/v1/jobs/{job_id}/result?wait=10")
    assert await response.json() == {"a": "b"}
    again = await site.ask("GET", f"/v1/jobs/{job_id}/result", **{"If-None-Match": response.headers["ETag"]})
    assert again.status == 304


async def test_a_job_without_a_result_says_why_it_has_none(site: Site):
    waiting, failed = await job(site, delay=60), await ended(site, "keep", {"error": "no"})
    for job_id, state in ((waiting, "scheduled"), (failed, "failed")):
        response = await site.ask("GET", f"/v1/jobs/{job_id}/result")
        await assert_problem(response, 409, f"A job that is {state} has no result.", "wrong_state")


# --- what can be done to it


async def test_a_scheduled_job_can_be_promoted(site: Site):
    job_id = await job(site, "echo", delay=3600)
    response = await site.ask("POST", f"/v1/jobs/{job_id}/promote")
    assert response.status == 200
    assert (await told(site, f"/v1/jobs/{job_id}?wait=10"))["status"] == "done"


async def test_a_cancelled_job_keeps_the_reason_and_can_be_retried(site: Site):
    job_id = await job(site, delay=60)
    response = await site.ask("POST", f"/v1/jobs/{job_id}/cancel", {"reason": "Not needed."})
    assert ((await response.json())["status"], (await response.json())["reason"]) == ("cancelled", "Not needed.")
    again = await site.ask("POST", f"/v1/jobs/{job_id}/retry")
    assert (again.status, (await again.json())["status"]) == (200, "queued")


async def test_an_ended_job_can_be_deleted_and_is_gone(site: Site):
    job_id = await ended(site)
    response = await site.ask("DELETE", f"/v1/jobs/{job_id}")
    assert (response.status, await response.read()) == (204, b"")
    await assert_problem(await site.ask("GET", f"/v1/jobs/{job_id}"), 404, GONE, "job_not_found")


@pytest.mark.parametrize(
    ("method", "verb", "state"),
    [
        ("POST", "cancel", "done"),
        ("POST", "retry", "done"),
        ("POST", "promote", "done"),
        ("POST", "retry", "scheduled"),
        ("DELETE", "forget", "scheduled"),
        ("DELETE", "forget", "processing"),
        ("POST", "promote", "processing"),
        ("POST", "retry", "processing"),
    ],
)
async def test_a_verb_in_the_wrong_state_changes_nothing_and_names_the_state(
    site: Site, method: str, verb: str, state: str
):
    delay = 60 if state == "scheduled" else 0
    job_id = await ended(site) if state == "done" else await job(site, delay=delay)
    await until(lambda: state != "processing" or site.crew.running)
    before = (await site.jobs.get(job_id, None)).job
    path = f"/v1/jobs/{job_id}" + ("" if method == "DELETE" else f"/{verb}")
    await assert_problem(await site.ask(method, path), 409, f"Cannot {verb} a job that is {state}.", "wrong_state")
    assert (await site.jobs.get(job_id, None)).job.version == before.version


@pytest.mark.parametrize("verb", ["cancel", "retry", "promote"])
@pytest.mark.parametrize("body", [{"cause": "x"}, {"reason": ""}, {"reason": 5}, {"reason": "x" * 1001}])
async def test_what_a_verb_does_not_know_is_refused(site: Site, verb: str, body: dict[str, Any]):
    job_id = await job(site, delay=60)
    assert (await site.ask("POST", f"/v1/jobs/{job_id}/{verb}", body)).status == 400
    assert (await site.ask("POST", f"/v1/jobs/{job_id}/{verb}?now=1")).status == 400
    assert (await told(site, f"/v1/jobs/{job_id}"))["version"] == 1


ROUTES_OF_A_JOB = [
    ("GET", ""),
    ("GET", "/result"),
    ("GET", "/logs"),
    ("GET", "/artifacts"),
    ("GET", "/artifacts/a.txt"),
    ("POST", "/cancel"),
    ("POST", "/retry"),
    ("POST", "/promote"),
    ("DELETE", ""),
]


@pytest.mark.parametrize(("method", "path"), ROUTES_OF_A_JOB)
async def test_another_owners_job_is_not_there(site: Site, method: str, path: str):
    job_id = await ended(site, "keep", {"files": {"a.txt": ["text/plain", "a"]}}, by=await site.key("ann"))
    strange = await site.ask(method, f"/v1/jobs/{job_id}{path}", **await site.key("bob"))
    unknown = await site.ask(method, f"/v1/jobs/job-1-x{path}")
    for response in (strange, unknown):
        await assert_problem(response, 404, GONE, "job_not_found")
    assert (await site.jobs.get(job_id, "ann")).job.state == "done"


async def test_whoever_manages_reaches_every_job(site: Site):
    job_id = await ended(site, by=await site.key("ann"))
    assert (await told(site, f"/v1/jobs/{job_id}", **await site.key("root", Scope.MANAGE)))["owner"] == "ann"
