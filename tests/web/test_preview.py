"""The preview: whoever has the link sees the page, and nobody else."""

from __future__ import annotations

import asyncio
import re
from io import BytesIO
from zipfile import ZipFile

import pytest

from jobserver.errors import PageStatus
from jobserver.jobs.model import Artifact
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
    assert "script-src 'sha256-" in policy


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


A_PICTURE = b"RIFF\x1c\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x5f\x00\x00\x37\x00\x00"


async def test_pictures_that_the_job_kept_stand_beside_the_components(site: Site):
    site.files = [
        Artifact("component-1.webp", "image/webp", A_PICTURE),
        Artifact("component-2.webp", "image/webp", b"<script>"),
    ]
    job_id = await site.done()
    page = await (await site.client.get(await the_link(site, job_id))).text()
    assert page.count("<img ") == page.count('src="data:image/webp;base64,UklGR') == 1


async def test_the_page_links_to_all_of_it_as_one_file(site: Site):
    page = await (await site.client.get(await the_link(site, await site.done()))).text()
    (link,) = re.findall(r'class="download" href="([^"]+)"', page)
    response = await site.client.get(link.replace("&amp;", "&"))
    assert (response.status, response.content_type) == (200, "application/zip")
    assert response.headers["Content-Disposition"] == 'attachment; filename="example.com-components.zip"'
    with ZipFile(BytesIO(await response.read())) as file:
        assert "example.com-components/components/Button1.html" in file.namelist()


async def test_a_file_that_is_known_is_not_sent_again(site: Site):
    link = f"{await the_link(site, await site.done())}&format=zip"
    tag = (await site.client.get(link)).headers["ETag"]
    again = await site.client.get(link, headers={"If-None-Match": tag})
    assert (again.status, again.headers["ETag"], await again.read()) == (304, tag, b"")


async def test_nobody_gets_the_file_of_another_s_job(site: Site):
    job_id = await site.done()
    path = f"/preview?jobId={job_id}&format=zip"
    assert (await site.client.get(path)).status == 401
    assert (await site.ask("GET", path, **await site.key("somebody"))).status == 404
    assert (await site.ask("GET", path)).status == 200


async def test_there_is_no_file_before_the_job_is_done(site: Site):
    path = f"/preview?jobId={await site.submit()}&format=zip"
    response = await site.ask("GET", path)
    problem = await response.json()
    assert (response.status, problem["code"]) == (409, "wrong_state")


async def test_a_format_that_there_is_not_is_refused(site: Site):
    response = await site.ask("GET", f"/preview?jobId={await site.done()}&format=pdf")
    await assert_problem(response, 400, "format must be one of html, zip.", "invalid_request")
