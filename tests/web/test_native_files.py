"""The native face of what jobs leave behind: their logs and files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from tests.web.native_jobs import ended, job, told
from tests.web.site import Site, assert_problem
from tests.web.toys import TOYS


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with Site(handlers=TOYS) as site:
        yield site


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
