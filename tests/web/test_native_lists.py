"""The native face of lists of jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from jobserver.jobs.access import Scope
from jobserver.web.native import FIELDS, IN_LISTS
from tests.make import until
from tests.web.native_jobs import ended, job, told
from tests.web.site import Site, assert_problem
from tests.web.toys import TOYS


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site(handlers=TOYS) as site:
        yield site


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
