"""The preview: whoever has the link sees the page, and nobody else."""

from __future__ import annotations

import asyncio

import pytest

from jobserver.errors import PageStatus
from tests.web.site import SIGNED, Site, assert_problem


async def the_link(site: Site, job_id: str) -> str:
    return str((await site.poll(job_id))[1]["previewUrl"])


async def test_the_link_of_a_done_job_shows_its_components_without_a_signature(site: Site):
    link = await the_link(site, await site.done())
    response = await site.client.get(link)
    page = await response.text()
    assert (response.status, response.content_type) == (200, "text/html")
    assert "Button1" in page
    assert "<iframe" in page
    assert "sandbox" in page
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.parametrize("change", [("token=", "token=x"), ("expires=", "expires=9"), ("jobId=job-", "jobId=job-9")])
async def test_a_link_that_was_changed_opens_nothing(site: Site, change: tuple[str, str]):
    link = (await the_link(site, await site.done())).replace(*change)
    response = await site.client.get(link)
    await assert_problem(response, 401, "This link is not valid any more.", "unauthorized")


async def test_a_link_opens_the_preview_and_nothing_else(site: Site):
    job_id = await site.done()
    query = (await the_link(site, job_id)).partition("?")[2]
    for path in (f"/result/{job_id}", f"/v1/jobs/{job_id}", "/jobs"):
        assert (await site.client.get(f"{path}?{query}")).status == 401


async def test_a_link_submits_nothing(site: Site):
    link = await the_link(site, await site.done())
    response = await site.client.get(f"{link}&url=https://elsewhere.example/")
    await assert_problem(response, 401, "Invalid x-cliq-signature.", "unauthorized")
    assert len(site.seen) == 1


async def test_a_job_at_work_is_shown_as_such_and_looked_at_again(site: Site):
    job_id = await site.submit()
    response = await site.client.get("/preview", params={"jobId": job_id}, headers=SIGNED)
    assert response.status == 200
    again = response.headers["Refresh"].partition("url=")[2]
    site.gate.set()
    await site.poll(job_id, "?wait=10")
    assert "<iframe" in await (await site.client.get(again)).text()


async def test_failed_and_cancelled_jobs_say_so(site: Site):
    site.fail = PageStatus("The page answered <404>.")
    site.gate.set()
    failed = await site.submit()
    await site.poll(failed, "?wait=10")
    page = await (await site.client.get("/preview", params={"jobId": failed}, headers=SIGNED)).text()
    assert "The page answered &lt;404&gt;." in page
    site.gate.clear()
    cancelled = await site.submit()
    await site.client.post(f"/v1/jobs/{cancelled}/cancel", headers=SIGNED)
    page = await (await site.client.get("/preview", params={"jobId": cancelled}, headers=SIGNED)).text()
    assert "Job cancelled" in page


async def test_a_url_is_submitted_waited_for_and_shown(site: Site):
    site.gate.set()
    async with asyncio.timeout(10):
        response = await site.client.get("/preview", params={"url": "https://example.com/p"}, headers=SIGNED)
    assert "<iframe" in await response.text()
    assert site.seen[0]["url"] == "https://example.com/p"


async def test_a_preview_of_nothing_is_not_found(site: Site):
    response = await site.client.get("/preview", headers=SIGNED)
    await assert_problem(response, 404, "Job not found. Job IDs are stored for 1 hour.", "job_not_found")
