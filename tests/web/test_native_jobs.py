"""The native face of jobs that are there: read, list, act, their results, logs and files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from jobserver.jobs.access import Scope
from jobserver.jobs.clock import to_wire
from jobserver.jobs.model import Artifact, Lease
from jobserver.testing import LocalServer
from jobserver.web.native import FIELDS, IN_LISTS
from tests.make import until
from tests.web.site import Site, assert_problem
from tests.web.toys import SLEEP, TOYS

GONE = "Job not found. Job IDs are stored for 1 hour."


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site(handlers=TOYS) as site:
        yield site


async def job(site: Site, kind: str = "sleep", args: dict[str, Any] | None = None, **members: Any) -> str:
    """A new job's id."""
    headers = members.pop("by", {})
    response = await site.ask("POST", "/v1/jobs", {"kind": kind, "args": args or {}, **members}, **headers)
    assert response.status == 202, await response.text()
    return str((await response.json())["jobId"])


async def ended(site: Site, kind: str = "keep", args: dict[str, Any] | None = None, **members: Any) -> str:
    """The id of a job that has ended."""
    job_id = await job(site, kind, args, **members)
    await site.jobs.wait(job_id, None, 10)
    return job_id


async def told(site: Site, path: str, **headers: str) -> Any:
    response = await site.ask("GET", path, **headers)
    assert response.status == 200, await response.text()
    return await response.json()


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


# --- logs


async def test_the_log_is_read_on_from_where_one_was(site: Site):
    job_id = await ended(site, "keep", {"lines": [f"line {number}" for number in range(5)]})
    first = await told(site, f"/v1/jobs/{job_id}/logs?limit=3")
    assert [(line["number"], line["text"]) for line in first["lines"]] == [(n, f"line {n}") for n in range(3)]
    second = await told(site, f"/v1/jobs/{job_id}/logs?start={first['next']}")
    assert [line["number"] for line in second["lines"]] == [3, 4]
    assert second["lines"][0]["at"].endswith("Z")
    assert await told(site, f"/v1/jobs/{job_id}/logs?start={second['next']}") == {"lines": [], "next": 5}


@pytest.mark.parametrize(
    "query", ["start=-1", "start=x", "limit=0", "limit=1001", "start=1&start=2", "from=1", "start="]
)
async def test_a_strange_part_of_the_log_is_refused(site: Site, query: str):
    assert (await site.ask("GET", f"/v1/jobs/{await job(site)}/logs?{query}")).status == 400


# --- files

TEN = "0123456789"


async def a_file(site: Site, name: str = "ten.txt", content_type: str = "text/plain", body: str = TEN) -> str:
    """The path of a file that a job has kept."""
    job_id = await ended(site, "keep", {"files": {name: [content_type, body]}})
    return f"/v1/jobs/{job_id}/artifacts/{quote(name, safe='')}"


async def test_files_are_listed_with_where_they_are(site: Site):
    path = await a_file(site, "a b %2F ü.txt")
    (listed,) = (await told(site, path.rsplit("/", 1)[0]))["artifacts"]
    assert listed == {"name": "a b %2F ü.txt", "contentType": "text/plain", "size": 10, "url": path}
    assert await (await site.ask("GET", listed["url"])).text() == TEN


async def test_a_file_is_a_download_whatever_it_says_it_is(site: Site):
    response = await site.ask("GET", await a_file(site, 'page".html', "text/html; charset=utf-8", "<script>"))
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''page%22.html"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


RANGES: list[tuple[str, int, str | None, str]] = [
    ("bytes=0-3", 206, "bytes 0-3/10", "0123"),
    ("bytes=4-", 206, "bytes 4-9/10", "456789"),
    ("bytes=-3", 206, "bytes 7-9/10", "789"),
    ("bytes=-300", 206, "bytes 0-9/10", TEN),
    ("bytes=8-300", 206, "bytes 8-9/10", "89"),
    ("Bytes = 9-9", 206, "bytes 9-9/10", "9"),
    ("bytes=3-2", 200, None, TEN),
    ("bytes=0-1,3-4", 200, None, TEN),
    ("bytes=-", 200, None, TEN),
    ("bytes=a-b", 200, None, TEN),
    ("lines=0-1", 200, None, TEN),
    ("", 200, None, TEN),
]


@pytest.mark.parametrize(("asked", "status", "answered", "text"), RANGES)
async def test_a_part_of_a_file_can_be_had(site: Site, asked: str, status: int, answered: str | None, text: str):
    response = await site.ask("GET", await a_file(site), Range=asked)
    assert (response.status, response.headers.get("Content-Range"), await response.text()) == (status, answered, text)
    assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=99-100", "bytes=-0"])
async def test_a_part_behind_the_end_is_refused_with_the_size(site: Site, asked: str):
    response = await site.ask("GET", await a_file(site), Range=asked)
    await assert_problem(response, 416, "The range asked for is not in this file.", "range_not_satisfiable")
    assert response.headers["Content-Range"] == "bytes */10"


async def test_an_empty_file_has_no_parts(site: Site):
    path = await a_file(site, body="")
    assert (await site.ask("GET", path)).headers["Content-Length"] == "0"
    assert (await site.ask("GET", path, Range="bytes=0-")).status == 416


async def test_a_part_is_only_of_the_file_one_has_the_rest_of(site: Site):
    path = await a_file(site)
    tag = (await site.ask("GET", path)).headers["ETag"]
    assert not tag.startswith("W/")
    for validator, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200), ("Sun, 22 Nov 2026 07:00:00 GMT", 200)):
        assert (await site.ask("GET", path, **{"Range": "bytes=0-3", "If-Range": validator})).status == status
    assert (await site.ask("GET", path, **{"If-None-Match": tag})).status == 304


async def test_the_head_of_a_file_says_how_large_it_is_and_sends_nothing(site: Site):
    path = await a_file(site)
    for headers in ({}, {"Range": "bytes=0-3"}):
        response = await site.ask("HEAD", path, **headers)
        assert (response.status, response.headers["Content-Length"], await response.read()) == (200, "10", b"")
        assert response.headers["Accept-Ranges"] == "bytes"


async def test_a_large_file_and_a_large_part_of_it_arrive_whole(site: Site):
    text = "".join(f"{number:07}\n" for number in range(30_000))
    path = await a_file(site, "numbers.txt", "text/plain", text)
    assert await (await site.ask("GET", path)).text() == text
    part = await site.ask("GET", path, Range="bytes=8000-200000")
    assert (part.status, await part.text()) == (206, text[8000:200_001])


async def test_a_file_that_is_not_there_is_not_found(site: Site):
    response = await site.ask("GET", f"/v1/jobs/{await ended(site)}/artifacts/none.txt")
    await assert_problem(response, 404, "The job has no such file.", "artifact_not_found")


# --- lists


async def listed(site: Site, query: str = "", **headers: str) -> list[str]:
    return [each["jobId"] for each in (await told(site, f"/v1/jobs{query}", **headers))["jobs"]]


async def test_a_list_shows_the_newest_first_and_leaves_out_what_is_bulky(site: Site):
    first, second = await ended(site, "echo", {"a": "b"}, tags=["red"]), await job(site, delay=60)
    answer = await told(site, "/v1/jobs")
    assert [each["jobId"] for each in answer["jobs"]] == [second, first]
    assert "next" not in answer
    for shown in answer["jobs"]:
        assert {"jobId", "status", "links", "createdAt", "version"} <= set(shown) <= set(IN_LISTS)
    (named,) = (await told(site, "/v1/jobs?status=done&fields=args,result,attempts"))["jobs"]
    assert (named["args"], named["result"], len(named["attempts"])) == ({"a": "b"}, {"a": "b"}, 1)
    assert set(named) == {"jobId", "args", "result", "attempts"}


async def test_a_list_shows_where_its_jobs_stand(site: Site):
    await job(site)
    await until(lambda: site.crew.running)
    await job(site)
    third = await job(site)
    (shown,) = (await told(site, "/v1/jobs?limit=1"))["jobs"]
    assert (shown["jobId"], shown["queuePosition"]) == (third, 2)


async def test_all_pages_together_show_every_job_once_though_others_arrive_and_go(site: Site):
    made = [await job(site, delay=60) for _ in range(7)]
    seen: list[str] = []
    path: Any = "/v1/jobs?limit=2&status=scheduled"
    while path:
        response = await site.ask("GET", path)
        answer = await response.json()
        seen += [each["jobId"] for each in answer["jobs"]]
        path = URL(response.links["next"]["url"]).relative() if "next" in response.links else None
        assert bool(path) is ("next" in answer)
        assert not path or path.query["cursor"] == answer["next"]
        await job(site, delay=60)
    assert seen == made[::-1]


async def test_lists_can_be_narrowed(site: Site):
    a = await ended(site, "echo", {"text": "Größe"}, tags=["red", "blue"])
    b = await job(site, delay=60, tags=["blue"])
    shown = await told(site, f"/v1/jobs/{b}")
    for query, found in {
        "?status=done": [a],
        "?status=scheduled": [b],
        "?status=failed": [],
        "?kind=echo": [a],
        "?kind=none": [],
        "?queue=slow": [b],
        "?tag=red": [a],
        "?tag=blue": [b, a],
        "?tag=blu": [],
        "?text=gr%C3%B6%C3%9Fe": [a],
        f"?text={b[-10:].upper()}": [b],
        "?tag=blue&status=done": [a],
        "?createdAfter=2000-01-01T00:00:00Z": [b, a],
        "?createdBefore=2000-01-01T00:00:00Z": [],
        "?createdAfter=2100-01-01T00:00:00%2B01:00": [],
        f"?createdBefore={shown['createdAt']}": [a],
        "?owner=default": [b, a],
        "?owner=nobody": [],
        "?owner=*": [b, a],
    }.items():
        assert await listed(site, query) == found, query


@pytest.mark.parametrize(
    "query",
    [
        *["status=ended", "status=", "limit=0", "limit=501", "limit=x", "limit=-1", "cursor=xxx", "cursor=", "text="],
        *["createdAfter=yesterday", "createdBefore=2026-01-01", "fields=colour", "state=done", "limit=1&limit=2"],
        *["createdAfter=2026-01-01T00:00:00", "kind=", f"tag={'x' * 300}", "limit=" + "9" * 30, "wait=5"],
    ],
)
async def test_a_parameter_that_means_nothing_is_refused(site: Site, query: str):
    response = await site.ask("GET", f"/v1/jobs?{query}")
    problem = await response.json()
    assert (response.status, problem["code"]) == (400, "invalid_request")
    assert problem["errors"][0]["pointer"] == "/" + query.split("=", maxsplit=1)[0]


async def test_all_parameters_that_are_wrong_are_named_at_once(site: Site):
    response = await site.ask("GET", "/v1/jobs?limit=0&status=x&colour=red")
    assert {fault["pointer"] for fault in (await response.json())["errors"]} == {"/limit", "/status", "/colour"}


async def test_a_list_that_cannot_show_the_files_says_so(site: Site):
    response = await site.ask("GET", "/v1/jobs?fields=status,artifacts")
    message = "fields hold something else. A list cannot show artifacts: ask for one job, or for its files."
    await assert_problem(response, 400, message, "invalid_request")
    assert (await site.ask("GET", f"/v1/jobs/{await job(site)}?fields=status,artifacts")).status == 200


async def test_a_job_was_made_neither_after_nor_before_the_moment_it_shows(site: Site):
    made = [await job(site, delay=60) for _ in range(20)]
    shown = {each["jobId"]: each["createdAt"] for each in (await told(site, "/v1/jobs"))["jobs"]}
    for moment in shown.values():
        assert await listed(site, f"?createdAfter={moment}") == [each for each in made[::-1] if shown[each] > moment]
        assert await listed(site, f"?createdBefore={moment}") == [each for each in made[::-1] if shown[each] < moment]
        assert await listed(site, f"?createdAfter={moment[:-1]}999Z") == await listed(site, f"?createdAfter={moment}")


async def test_a_caller_lists_its_own_jobs_and_only_those_who_manage_can_ask_for_others(site: Site):
    ann, bob, root = await site.key("ann"), await site.key("bob"), await site.key("root", Scope.MANAGE)
    mine = await job(site, by=ann, delay=60)
    other = await job(site, by=bob, delay=60)
    assert await listed(site, **ann) == await listed(site, "?owner=ann", **ann) == [mine]
    for owner in ("bob", "*", "nobody"):
        response = await site.ask("GET", f"/v1/jobs?owner={owner}", **ann)
        await assert_problem(response, 403, "Only keys with the scope manage reach other owners' jobs.", "forbidden")
    assert await listed(site, **root) == []
    assert await listed(site, "?owner=ann", **root) == [mine]
    assert await listed(site, "?owner=*", **root) == [other, mine]


def test_a_list_shows_everything_but_what_is_bulky():
    assert set(FIELDS) - set(IN_LISTS) == {"args", "result", "attempts", "artifacts"}
