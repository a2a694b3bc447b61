"""Queues, kinds and statistics over HTTP, and what can be done to many jobs at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from jobserver.jobs.access import Scope
from tests.make import until
from tests.web.native_jobs import ended, job, told
from tests.web.site import Site, assert_problem
from tests.web.toys import TOYS

NO_COUNTS = {"scheduled": 0, "queued": 0, "processing": 0, "done": 0, "failed": 0, "cancelled": 0}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site(handlers=TOYS) as site:
        yield site


async def test_every_queue_is_listed_with_what_is_in_it(site: Site):
    await job(site)
    await until(lambda: site.crew.running)
    await job(site)
    queues = {each["queue"]: each for each in (await told(site, "/v1/queues"))["queues"]}
    assert list(queues) == ["default", "operations", "quick", "slow"]
    slow = queues["slow"]
    assert slow == await told(site, "/v1/queues/slow") | {"oldestAgeSeconds": slow["oldestAgeSeconds"]}
    assert slow["counts"] == NO_COUNTS | {"processing": 1, "queued": 1}
    assert (slow["paused"], slow["concurrency"], slow["keep"]) == (False, 1, 3600)
    assert 0 <= slow["oldestAgeSeconds"] < 60
    assert "oldestAgeSeconds" not in queues["quick"]
    assert slow["rates"] == {"donePerMinute": 0, "failedPerMinute": 0}


async def test_a_paused_queue_hands_nothing_out_until_it_is_resumed(site: Site):
    paused = await site.ask("POST", "/v1/queues/quick/pause")
    assert (paused.status, (await paused.json())["paused"]) == (200, True)
    job_id = await job(site, "echo")
    assert (await told(site, f"/v1/jobs/{job_id}?wait=0.05"))["status"] == "queued"
    resumed = await site.ask("POST", "/v1/queues/quick/resume")
    assert (await resumed.json())["paused"] is False
    assert (await told(site, f"/v1/jobs/{job_id}?wait=10"))["status"] == "done"


async def test_a_queue_can_be_made_wider_while_it_runs(site: Site):
    for _ in range(2):
        await job(site)
    response = await site.ask("PATCH", "/v1/queues/slow", {"concurrency": 2, "keep": 1.5, "keepCount": 7})
    changed = await response.json()
    assert (response.status, changed["concurrency"], changed["keep"], changed["keepCount"]) == (200, 2, 1.5, 7)
    await until(lambda: site.crew.running == 2)
    job_id = (await told(site, "/v1/jobs?limit=1"))["jobs"][0]["jobId"]
    await site.ask("POST", f"/v1/jobs/{job_id}/cancel")
    kept = (await site.jobs.get(job_id, None)).job
    assert kept.deadline is not None
    assert kept.finished_at is not None
    assert kept.deadline - kept.finished_at == timedelta(seconds=1.5)
    any_number = await site.ask("PATCH", "/v1/queues/slow", {"keepCount": 0})
    assert "keepCount" not in await any_number.json()


@pytest.mark.parametrize(
    "body",
    [
        *[{}, {"concurrency": -1}, {"concurrency": 1.5}, {"concurrency": "2"}, {"concurrency": None}, {"keep": -1}],
        *[{"keep": 1e10}, {"keepCount": -1}, {"keepCount": None}, {"paused": True}, {"Keep": 5}],
        {"concurrency": 10_001},
    ],
)
async def test_a_wrong_change_changes_nothing(site: Site, body: dict[str, Any]):
    before = await told(site, "/v1/queues/slow")
    response = await site.ask("PATCH", "/v1/queues/slow", body)
    assert (response.status, (await response.json())["code"]) == (400, "invalid_request")
    assert await told(site, "/v1/queues/slow") == before


QUEUE_ROUTES = [
    ("GET", ""),
    ("PATCH", ""),
    ("POST", "/pause"),
    ("POST", "/resume"),
    ("POST", "/drain"),
]


@pytest.mark.parametrize(("method", "path"), QUEUE_ROUTES)
async def test_a_queue_that_is_not_there_is_not_found(site: Site, method: str, path: str):
    body = {"keep": 5} if method == "PATCH" else None
    response = await site.ask(method, f"/v1/queues/nowhere{path}", body)
    await assert_problem(response, 404, "There is no such queue.", "queue_not_found")


@pytest.mark.parametrize(("method", "path"), QUEUE_ROUTES[1:])
async def test_only_those_who_manage_change_a_queue(site: Site, method: str, path: str):
    response = await site.ask(method, f"/v1/queues/slow{path}", **await site.key("ann"))
    assert (response.status, (await response.json())["code"]) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/v1/queues", "/v1/queues/slow", "/v1/stats", "/v1/kinds"])
async def test_a_parameter_nobody_knows_is_refused(site: Site, path: str):
    response = await site.ask("GET", f"{path}?owner=ann")
    assert (response.status, (await response.json())["code"]) == (400, "invalid_request")


async def test_owners_see_their_own_jobs_in_a_queue_and_nothing_of_the_operators(site: Site):
    ann = await site.key("ann")
    await job(site, delay=60)
    await job(site, delay=60, by=ann)
    queue = await told(site, "/v1/queues/slow", **ann)
    assert queue["counts"] == NO_COUNTS | {"scheduled": 1}
    assert {"rates", "concurrency"} & set(queue) == set()
    assert (await told(site, "/v1/queues/slow"))["counts"]["scheduled"] == 2
    stats = await told(site, "/v1/stats", **ann)
    assert set(stats) == {"counts", "queues", "kinds"}
    assert stats["counts"] == NO_COUNTS | {"scheduled": 1}
    assert all("rates" not in each for each in stats["queues"])


async def test_statistics_count_what_was_done_so_far(site: Site):
    for _ in range(3):
        await ended(site, "echo")
    await ended(site, "keep", {"error": "no"})
    await until(lambda: site.jobs.stats.ended.total() == 4)
    stats = await told(site, "/v1/stats")
    assert stats["counts"] == NO_COUNTS | {"done": 3, "failed": 1}
    assert stats["totals"] == {"submitted": 4, "started": 4, "retried": 0, "done": 3, "failed": 1, "cancelled": 0}
    assert stats["rates"] == {"donePerMinute": 3, "failedPerMinute": 1}
    assert stats["kinds"] == ["analyze", "echo", "keep", "sleep"]
    assert [each["rates"]["donePerMinute"] for each in stats["queues"]] == [0, 0, 3, 0]


async def test_the_kinds_say_on_which_terms_they_run(site: Site):
    kinds = {each["kind"]: each for each in (await told(site, "/v1/kinds"))["kinds"]}
    assert list(kinds) == ["analyze", "echo", "keep", "sleep"]
    assert kinds["echo"] == {"kind": "echo", "queue": "quick", "maxAttempts": 1, "timeout": 300, "perKey": 1}
    assert "timeout" not in kinds["sleep"]


# --- all that match


async def operate(site: Site, body: dict[str, Any] | None, path: str = "/v1/bulk", **headers: str) -> dict[str, Any]:
    """The ended operation."""
    response = await site.ask("POST", path, body, **headers)
    operation = await response.json()
    assert (response.status, operation["kind"], operation["queue"]) == (202, "bulk", "operations")
    assert response.headers["Location"] == operation["links"]["self"]
    return dict(await told(site, f"{operation['links']['self']}?wait=10", **headers))


async def states(site: Site, ids: list[str]) -> list[str]:
    return [(await site.jobs.get(job_id, None)).job.state for job_id in ids]


async def test_draining_a_queue_cancels_all_that_wait_in_it(site: Site):
    running = await job(site)
    await until(lambda: site.crew.running)
    ann = await site.key("ann")
    waiting = [await job(site), await job(site, delay=60), await job(site, by=ann)]
    elsewhere = await job(site, "echo", delay=60)
    done = await operate(site, None, "/v1/queues/slow/drain")
    assert done["result"] == {"action": "cancel", "matched": 3, "changed": 3, "skipped": 0}
    assert await states(site, waiting) == ["cancelled"] * 3
    assert await states(site, [running, elsewhere]) == ["processing", "scheduled"]
    assert (await told(site, f"/v1/jobs/{waiting[0]}"))["reason"] == "The queue was drained."


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("cancel", "scheduled", "cancelled"),
        ("promote", "scheduled", "queued"),
        ("retry", "failed", "queued"),
        ("delete", "failed", None),
    ],
)
async def test_each_action_is_done_to_all_that_match(site: Site, action: str, before: str, after: str | None):
    await site.ask("POST", "/v1/queues/quick/pause" if after == "queued" else "/v1/queues/quick/resume")
    members = {"delay": 60} if before == "scheduled" else {}
    ids = [await job(site, "keep", {"error": "no"}, tags=["those"], **members) for _ in range(3)]
    if before == "failed":
        await site.ask("POST", "/v1/queues/quick/resume")
        for job_id in ids:
            await site.jobs.wait(job_id, None, 10)
        await site.ask("POST", "/v1/queues/quick/pause")
    other = await job(site, delay=60)
    done = await operate(site, {"filter": {"tag": "those", "status": before}, "action": action})
    assert done["result"] == {"action": action, "matched": 3, "changed": 3, "skipped": 0}
    if after is None:
        assert (await told(site, "/v1/jobs?tag=those"))["jobs"] == []
    else:
        assert await states(site, ids) == [after] * 3
    assert await states(site, [other]) == ["scheduled"]


async def test_jobs_the_action_is_not_for_are_skipped_and_counted(site: Site):
    await ended(site, "echo", tags=["x"])
    await job(site, delay=60, tags=["x"])
    done = await operate(site, {"filter": {"tag": "x"}, "action": "cancel", "reason": "Enough."})
    assert done["result"] == {"action": "cancel", "matched": 2, "changed": 1, "skipped": 1}
    (cancelled,) = (await told(site, "/v1/jobs?status=cancelled"))["jobs"]
    assert cancelled["reason"] == "Enough."


async def test_an_operation_reaches_only_what_its_caller_does(site: Site):
    ann, root = await site.key("ann"), await site.key("root", Scope.MANAGE)
    mine, hers = await job(site, delay=60), await job(site, delay=60, by=ann)
    done = await operate(site, {"filter": {"all": True}, "action": "cancel"}, **ann)
    assert (done["owner"], done["result"]["matched"]) == ("ann", 1)
    assert await states(site, [mine, hers]) == ["scheduled", "cancelled"]
    assert (await operate(site, {"filter": {"all": True}, "action": "cancel"}, **root))["result"]["matched"] == 0
    everybody = await operate(site, {"filter": {"owner": "*", "status": "scheduled"}, "action": "cancel"}, **root)
    assert everybody["result"]["changed"] == 1


async def test_a_repeated_operation_is_made_once(site: Site):
    body = {"filter": {"all": True}, "action": "cancel"}
    answers = [await site.ask("POST", "/v1/bulk", body, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert len({(await answer.json())["jobId"] for answer in answers}) == 1


async def test_operations_leave_operations_alone(site: Site):
    for _ in range(2):
        done = await operate(site, {"filter": {"all": True}, "action": "delete"})
        assert (done["status"], done["result"]["matched"]) == ("done", 0)


async def test_an_operation_cannot_be_retried(site: Site):
    """Whoever may retry may not always do what it does."""
    await site.ask("POST", "/v1/queues/operations/pause")
    response = await site.ask("POST", "/v1/bulk", {"filter": {"all": True}, "action": "delete"})
    path = (await response.json())["links"]["self"]
    assert (await site.ask("POST", f"{path}/cancel")).status == 200
    retried = await site.ask("POST", f"{path}/retry")
    await assert_problem(retried, 409, "An operation cannot be retried: make another one.", "wrong_state")


async def test_nobody_makes_an_operation_by_hand(site: Site):
    response = await site.ask("POST", "/v1/jobs", {"kind": "bulk", "args": {"filter": {}, "action": "cancel"}})
    assert (response.status, (await response.json())["errors"][0]["pointer"]) == (400, "/kind")


WRONG: list[tuple[Any, set[str]]] = [
    ({}, {"/action", "/filter"}),
    ({"filter": {}, "action": "cancel"}, {"/filter/all"}),
    ({"filter": {"all": False}, "action": "cancel"}, {"/filter/all"}),
    ({"filter": {"all": 1}, "action": "cancel"}, {"/filter/all"}),
    ({"filter": [], "action": "cancel"}, {"/filter"}),
    ({"filter": {"all": True}, "action": "explode"}, {"/action"}),
    ({"filter": {"all": True}, "action": "retry", "reason": "x"}, {"/reason"}),
    ({"filter": {"all": True}, "action": "cancel", "reason": ""}, {"/reason"}),
    ({"filter": {"status": "ended", "colour": "red"}, "action": "cancel"}, {"/filter/status", "/filter/colour"}),
    ({"filter": {"createdBefore": "now"}, "action": "cancel", "dryRun": True}, {"/filter/createdBefore", "/dryRun"}),
]


@pytest.mark.parametrize(("body", "pointers"), WRONG)
async def test_an_operation_that_is_not_clear_is_refused(site: Site, body: Any, pointers: set[str]):
    response = await site.ask("POST", "/v1/bulk", body)
    assert response.status == 400
    assert {fault["pointer"] for fault in (await response.json())["errors"]} == pointers
    assert sum((await site.jobs.counts()).values()) == 0


@pytest.mark.parametrize(
    ("action", "scopes", "status"),
    [
        ("cancel", {Scope.READ, Scope.CANCEL}, 202),
        ("promote", {Scope.READ, Scope.CANCEL}, 202),
        ("delete", {Scope.READ, Scope.CANCEL}, 202),
        ("retry", {Scope.READ, Scope.CANCEL}, 403),
        ("retry", {Scope.READ, Scope.SUBMIT}, 202),
        ("cancel", {Scope.READ, Scope.SUBMIT}, 403),
        ("delete", {Scope.READ}, 403),
        ("cancel", {Scope.CANCEL}, 403),
        ("retry", {Scope.MANAGE}, 202),
    ],
)
async def test_an_operation_takes_the_scopes_of_what_it_does(site: Site, action: str, scopes: set[Scope], status: int):
    key = await site.key("ann", *scopes)
    response = await site.ask("POST", "/v1/bulk", {"filter": {"all": True}, "action": action}, **key)
    assert response.status == status


async def test_another_owners_filter_is_forbidden(site: Site):
    body = {"filter": {"owner": "bob"}, "action": "cancel"}
    response = await site.ask("POST", "/v1/bulk", body, **await site.key("ann"))
    assert (response.status, (await response.json())["code"]) == (403, "forbidden")
