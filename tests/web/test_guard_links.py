"""Signed links: each opens one thing of one job for a while, for whoever has it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from jobserver.auth import links
from jobserver.auth.signing import Credentials
from jobserver.jobs.access import Scope
from tests.web.site import SECRET, Site, assert_problem

PURPOSES = ("result", "events", "preview")


@pytest.fixture
async def open_site() -> AsyncIterator[Site]:
    async with Site(credentials=Credentials((), allow_unsigned=True)) as site:
        yield site


async def link(site: Site, job_id: str, purpose: str, expires_in: float = 60) -> str:
    response = await site.ask("POST", f"/v1/jobs/{job_id}/links", {"purpose": purpose, "expiresIn": expires_in})
    assert response.status == 201, await response.text()
    return str((await response.json())["url"])


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_a_link_opens_what_it_is_for_without_any_credential(site: Site, purpose: str):
    response = await site.client.get(await link(site, await site.done(), purpose))
    assert response.status == 200
    assert (await response.text()).find("Toy" if purpose == "result" else "job-") >= 0


@pytest.mark.parametrize("purpose", PURPOSES)
async def test_a_link_opens_nothing_but_that(site: Site, purpose: str):
    job_id, other = await site.done(), await site.done()
    query = (await link(site, job_id, purpose)).partition("?")[2].replace(f"jobId={job_id}&", "")
    paths = {
        "result": f"/v1/jobs/{job_id}/result?{query}",
        "events": f"/v1/jobs/{job_id}/events?{query}",
        "preview": f"/preview?jobId={job_id}&{query}",
    }
    for name, path in paths.items():
        assert (await site.client.get(path)).status == (200 if name == purpose else 401)
        assert (await site.client.get(path.replace(job_id, other))).status == 401
    for method, path in (
        ("GET", f"/v1/jobs/{job_id}"),
        ("GET", f"/result/{job_id}"),
        ("GET", f"/v1/jobs/{job_id}/logs"),
        ("POST", f"/v1/jobs/{job_id}/retry"),
        ("POST", f"/v1/jobs/{job_id}/links"),
        ("DELETE", f"/v1/jobs/{job_id}"),
        ("GET", "/v1/jobs"),
        ("GET", "/v1/events"),
    ):
        assert (await site.client.request(method, f"{path}?{query}")).status == 401, (method, path)


async def test_a_link_ends_when_it_says(site: Site):
    job_id = await site.done()
    now = int(site.jobs.now().timestamp())
    for expires, status in ((now - 1, 401), (now + 60, 200)):
        token = links.sign(SECRET, "result", job_id, expires)
        response = await site.client.get(f"/v1/jobs/{job_id}/result?expires={expires}&token={token}")
        assert response.status == status
    refused = await site.client.get(f"/v1/jobs/{job_id}/result?expires=1&token=x")
    await assert_problem(refused, 401, "This link is not valid any more.", "unauthorized")


async def test_a_link_to_a_job_that_was_forgotten_says_so(site: Site):
    job_id = await site.done()
    url = await link(site, job_id, "result")
    await site.jobs.remove(job_id, None)
    response = await site.client.get(url)
    assert (response.status, (await response.json())["code"]) == (404, "job_not_found")


async def test_only_who_may_read_the_job_makes_links_to_it(site: Site):
    job_id = await site.submit()
    asked = {"purpose": "result"}
    stranger = await site.ask("POST", f"/v1/jobs/{job_id}/links", asked, **await site.key("other"))
    assert (stranger.status, (await stranger.json())["code"]) == (404, "job_not_found")
    writer = await site.ask("POST", f"/v1/jobs/{job_id}/links", asked, **await site.key("default", Scope.SUBMIT))
    await assert_problem(writer, 403, "This key lacks the scope read.", "forbidden")
    reader = await site.ask("POST", f"/v1/jobs/{job_id}/links", asked, **await site.key("default", Scope.READ))
    made = await reader.json()
    assert reader.status == 201
    assert reader.headers["Cache-Control"] == "private, no-store"
    assert set(made) == {"url", "expiresAt"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/purpose"),
        ({"purpose": "cancel"}, "/purpose"),
        ({"purpose": "result", "expiresIn": 86_401}, "/expiresIn"),
        ({"purpose": "result", "expiresIn": 0}, "/expiresIn"),
        ({"purpose": "result", "jobId": "x"}, "/jobId"),
    ],
)
async def test_a_link_that_cannot_be_is_refused(site: Site, body: dict[str, object], pointer: str):
    response = await site.ask("POST", f"/v1/jobs/{await site.submit()}/links", body)
    assert response.status == 400
    assert [each["pointer"] for each in (await response.json())["errors"]] == [pointer]


async def test_without_a_secret_there_are_no_links(open_site: Site):
    response = await open_site.client.post("/analyze", json={"url": "https://example.com/"})
    job_id = (await response.json())["jobId"]
    response = await open_site.client.post(f"/v1/jobs/{job_id}/links", json={"purpose": "result"})
    assert (response.status, (await response.json())["code"]) == (400, "not_supported")
