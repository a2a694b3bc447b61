"""Asking for what became of a page: waits, conditions, repeats, the list, and who may."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.make import until
from tests.web.site import SIGNED, Site, assert_problem, sign

# --- waiting


@pytest.mark.parametrize(
    "how", [{"params": {"wait": "10"}}, {"headers": SIGNED | {"Prefer": "respond-async, wait=10"}}]
)
async def test_a_submit_may_wait_for_the_result(site: Site, how: dict[str, Any]):
    site.gate.set()
    response = await site.client.post(
        "/analyze",
        json={"url": "https://example.com/"},
        **({"headers": SIGNED} | how),
    )
    assert response.status == 200
    assert (await response.json())["status"] == "done"


async def test_a_submit_that_waited_in_vain_is_accepted(site: Site):
    response = await site.client.post("/analyze?wait=0.01", json={"url": "https://example.com"}, headers=SIGNED)
    assert response.status == 202


async def test_a_long_poll_answers_when_the_job_ends(site: Site):
    job_id = await site.submit()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        polling = group.create_task(site.poll(job_id, "?wait=60"))
        await until(lambda: site.seen)
        site.gate.set()
    assert polling.result()[1]["status"] == "done"


@pytest.mark.parametrize("wait", ["-1", "x", "1e3", "", "٣"])
async def test_a_wait_that_is_no_number_is_refused(site: Site, wait: str):
    response = await site.client.get("/result/job-1-x", params={"wait": wait}, headers=SIGNED)
    await assert_problem(response, 400, "wait must be a number of seconds, 0 to 60.", "invalid_request")


# --- conditional requests


async def test_a_poll_that_has_nothing_new_to_say_is_not_modified(site: Site):
    job_id = await site.done()
    first = await site.client.get(f"/result/{job_id}", headers=SIGNED)
    again = await site.client.get(f"/result/{job_id}", headers=SIGNED | {"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    brief = f"/result/{job_id}?view=summary"
    other = await site.client.get(brief, headers=SIGNED | {"If-None-Match": first.headers["ETag"]})
    assert other.status == 200


async def test_moving_up_in_the_queue_is_news(site: Site):
    await site.submit()
    await until(lambda: site.seen)
    ahead, behind = await site.submit(), await site.submit()
    tag = (await site.client.get(f"/result/{behind}", headers=SIGNED)).headers["ETag"]
    await site.client.post(f"/v1/jobs/{ahead}/cancel", headers=SIGNED)
    poll = await site.client.get(f"/result/{behind}", headers=SIGNED | {"If-None-Match": tag})
    assert (poll.status, (await poll.json())["queuePosition"]) == (200, 1)


# --- idempotency


async def test_a_repeated_submit_is_the_same_job(site: Site):
    first = await site.post(**{"Idempotency-Key": "k1"})
    again = await site.post(**{"Idempotency-Key": "k1"})
    assert (await again.json())["jobId"] == (await first.json())["jobId"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await site.post("https://example.com/other", **{"Idempotency-Key": "k1"})
    await assert_problem(other, 422, "This Idempotency-Key was used with another request.", "idempotency_mismatch")


async def test_a_repeated_submit_is_answered_when_its_job_is_forgotten(site: Site):
    site.gate.set()
    headers = SIGNED | {"Idempotency-Key": "k1"}
    body = {"url": "https://example.com/"}
    first = await site.client.post("/analyze?wait=10", json=body, headers=headers)
    job_id = (await first.json())["jobId"]
    await site.engine.remove(job_id)
    again = await site.client.post("/analyze?wait=10", json=body, headers=headers)
    assert (again.status, (await again.json())["jobId"]) == (202, job_id)


async def test_a_large_result_arrives_whole(site: Site):
    site.title = "ü" * 300_000
    job_id = await site.done()
    response = await site.client.get(f"/result/{job_id}", headers=SIGNED)
    body = await response.read()
    assert int(response.headers["Content-Length"]) == len(body) > 600_000
    assert json.loads(body)["summary"]["title"] == site.title


# --- the list


async def test_the_list_is_an_object_with_the_newest_first_and_pages(site: Site):
    ids = [await site.submit() for _ in range(3)]
    first = await (await site.client.get("/jobs?limit=2", headers=SIGNED)).json()
    assert (first["ok"], first["count"]) == (True, 2)
    assert [job["jobId"] for job in first["jobs"]] == [ids[2], ids[1]]
    rest = await (await site.client.get(f"/jobs?limit=2&cursor={first['cursor']}", headers=SIGNED)).json()
    assert [job["jobId"] for job in rest["jobs"]] == [ids[0]]
    assert "cursor" not in rest
    queued = await (await site.client.get("/jobs?status=done", headers=SIGNED)).json()
    assert queued["jobs"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "status=lost", "cursor=!"])
async def test_a_list_refuses_what_it_does_not_understand(site: Site, query: str):
    response = await site.client.get(f"/jobs?{query}", headers=SIGNED)
    assert response.status == 400
    assert (await response.json())["code"] == "invalid_request"


# --- who is calling


async def test_the_signature_that_queued_a_job_reads_that_job_and_no_other(site: Site):
    body = b'{"url":"https://example.com/"}'
    headers = {"x-cliq-signature": sign(body), "Content-Type": "application/json"}
    response = await site.client.post("/analyze", data=body, headers=headers)
    job_id = (await response.json())["jobId"]
    other = await site.submit()
    assert (await site.client.get(f"/result/{job_id}", headers=headers)).status == 200
    for path in (f"/result/{other}", "/result/job-1-x", "/jobs"):
        refused = await site.client.get(path, headers=headers)
        await assert_problem(refused, 401, "Invalid x-cliq-signature.", "unauthorized")


PRIVATE = [
    ("POST", "/analyze"),
    ("GET", "/result/job-1-x"),
    ("GET", "/jobs"),
    ("GET", "/preview?jobId=job-1-x"),
    ("GET", "/preview?url=https://example.com"),
    ("GET", "/v1/jobs/job-1-x"),
    ("GET", "/v1/jobs/job-1-x/events"),
    ("POST", "/v1/jobs/job-1-x/cancel"),
    ("POST", "/v1/jobs/job-1-x/retry"),
]


@pytest.mark.parametrize(("method", "path"), PRIVATE)
@pytest.mark.parametrize("headers", [{}, {"x-cliq-signature": "wrong"}, {"x-cliq-signature": ""}])
async def test_nobody_gets_in_without_a_signature(site: Site, method: str, path: str, headers: dict[str, str]):
    response = await site.client.request(method, path, headers=headers)
    await assert_problem(response, 401, "Invalid x-cliq-signature.", "unauthorized")


async def test_a_multipart_form_signed_over_its_fields_is_read(site: Site):
    body = b'--b\r\nContent-Disposition: form-data; name="url"\r\n\r\nhttps://example.com/x\r\n--b--\r\n'
    headers = {
        "x-cliq-signature": sign(b'{"url":"https://example.com/x"}'),
        "Content-Type": "multipart/form-data; boundary=b",
    }
    assert (await site.client.post("/analyze", data=body, headers=headers)).status == 202
    await until(lambda: site.seen)
    assert site.seen[0]["url"] == "https://example.com/x"
