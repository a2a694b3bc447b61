"""The old face, as scripts in the field use it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from jobserver.errors import PageStatus
from jobserver.web.keys import WebSettings
from tests.make import until
from tests.web.site import BRIEF, SIGNED, Site, assert_problem, sign, summary
from tests.web.toys import TOYS


async def test_a_submit_answers_at_once_with_the_members_old_scripts_match(site: Site):
    response = await site.post()
    text = await response.text()
    job_id = json.loads(text)["jobId"]
    assert response.status == 202
    assert re.fullmatch(r"job-\d{13}-[0-9a-z]{20}", job_id)
    assert text.startswith(
        f'{{"ok":true,"status":"queued","jobId":"{job_id}","pollUrl":"/result/{job_id}",'
        '"message":"Job queued for processing. Check /result/{jobId} for status.","queuePosition":'
    )
    assert text.count('"status":"') == 1
    assert response.headers["Location"] == f"/result/{job_id}"
    assert 1 <= int(response.headers["Retry-After"]) <= 30
    assert response.content_type == "application/json"


async def test_the_second_of_two_waiting_jobs_is_at_position_two(site: Site):
    await site.submit()
    await until(lambda: site.seen)
    ids = [await site.submit() for _ in range(3)]
    polls = [(await site.poll(job_id))[1] for job_id in ids]
    assert [poll["queuePosition"] for poll in polls] == [1, 2, 3]
    members = ["ok", "jobId", "status", "queuePosition", "message", "actions", "progress"]
    assert list(polls[0]) == members
    assert polls[0]["message"] == "Your job is queued. Check back soon."


async def test_a_processing_job_shows_its_progress_and_step(site: Site):
    job_id = await site.submit()

    async def with_a_step() -> dict[str, object]:
        poll = (await site.poll(job_id))[1]
        return poll if "step" in poll else {}

    poll = await until(with_a_step)
    assert (poll["status"], poll["queuePosition"], poll["progress"]) == ("processing", 0, 0.25)
    assert (poll["step"], poll["attempt"]) == ("Reading the page", 1)
    assert poll["message"] == "Your job is processing. Check back soon."
    assert [action["type"] for action in poll["actions"]] == ["check_status", "cancel"]


async def test_a_done_job_shows_its_summary_and_a_preview(site: Site):
    job_id = await site.done()
    status, poll = await site.poll(job_id)
    assert status == 200
    assert list(poll) == ["ok", "jobId", "status", "summary", "actions", "previewUrl"]
    assert poll["summary"] == summary("https://example.com/")
    action = poll["actions"][0]
    assert (action["type"], action["label"], action["url"]) == ("preview", "Preview", poll["previewUrl"])


async def test_the_summary_view_leaves_the_bulk_out(site: Site):
    job_id = await site.done()
    _, poll = await site.poll(job_id, "?view=summary")
    assert poll["summary"] == json.loads(BRIEF)


@pytest.mark.parametrize(("setting", "status"), [(200, 200), (400, 400)])
async def test_a_failed_job_is_told_with_the_status_old_scripts_can_read(setting: int, status: int):
    async with Site(settings=WebSettings(failed_status=setting), fail=PageStatus("The page answered 404.")) as site:
        job_id = await site.submit()
        site.gate.set()
        response = await site.client.get(f"/result/{job_id}?wait=10", headers=SIGNED)
        poll = await response.json()
        assert response.status == status
        assert (poll["ok"], poll["status"], poll["error"]) == (False, "failed", "The page answered 404.")
        assert poll["actions"][0]["label"] == "Retry"


async def test_every_action_that_is_offered_works(site: Site):
    job_id = await site.submit()
    poll = (await site.poll(job_id))[1]
    for action in [*poll["actions"]]:
        response = await site.client.request(action["method"], action["url"], headers=SIGNED)
        assert response.status == 200, action
    cancelled = (await site.poll(job_id))[1]
    assert cancelled == {"ok": False, "jobId": job_id, "status": "cancelled", "error": "Job cancelled."}

    site.fail = PageStatus("The page answered 404.")
    site.gate.set()
    failed_id = await site.submit()
    failed = (await site.poll(failed_id, "?wait=10"))[1]
    site.fail = None
    retry = failed["actions"][0]
    assert (await site.client.request(retry["method"], retry["url"], headers=SIGNED)).status == 200
    done = (await site.poll(failed_id, "?wait=10"))[1]
    preview = done["actions"][0]
    assert (await site.client.request(preview["method"], preview["url"])).status == 200


async def test_only_a_page_has_a_preview():
    async with Site(handlers=TOYS) as site:
        made = await site.ask("POST", "/v1/jobs?wait=10", {"kind": "echo", "args": {"a": "b"}})
        job = await made.json()
        _, done = await site.poll(job["jobId"])
        assert done == {"ok": True, "jobId": job["jobId"], "status": "done", "summary": {"a": "b"}, "actions": []}
        assert "preview" not in job["links"]
        assert (await site.ask("GET", f"/preview?jobId={job['jobId']}")).status == 404


async def test_an_unknown_job_is_not_found_in_the_old_words(site: Site):
    response = await site.client.get("/result/job-1-x", headers=SIGNED)
    await assert_problem(response, 404, "Job not found. Job IDs are stored for 1 hour.", "job_not_found")


BAD = [
    (b"{}", "application/json", 400, "Missing URL.", "missing_url"),
    (b"", None, 400, "Missing URL.", "missing_url"),
    (b'{"url":""}', "application/json", 400, "Missing URL.", "missing_url"),
    (b'{"url":"  "}', "application/json", 400, "Missing URL.", "missing_url"),
    (b'{"url":["https://example.com"]}', "application/json", 400, "Missing URL.", "missing_url"),
    (b'{"url":', "application/json", 400, "Invalid request body", "invalid_request"),
    (b'["url"]', "application/json", 400, "Invalid request body", "invalid_request"),
    (b'{"url":"caf\xe9"}', "application/json", 400, "Invalid request body", "invalid_request"),
    (b'{"url":"http://internal/"}', "application/json", 403, "URL not allowed.", "url_not_allowed"),
    (b"x" * 300_001, "application/json", 413, "The request body is too large.", "body_too_large"),
    (b"<url/>", "text/xml", 415, "This content type is not supported.", "unsupported_media_type"),
]


@pytest.mark.parametrize(
    ("body", "label", "status", "error", "code"), BAD, ids=[f"{bad[2]}-{bad[0][:25]!r}" for bad in BAD]
)
async def test_bad_input_gets_its_answer_and_queues_nothing(
    site: Site, body: bytes, label: str | None, status: int, error: str, code: str
):
    headers = SIGNED | ({"Content-Type": label} if label else {})
    response = await site.client.post("/analyze", data=body, headers=headers, skip_auto_headers=["Content-Type"])
    await assert_problem(response, status, error, code)
    assert sum((await site.jobs.counts()).values()) == 0


async def test_a_body_that_hides_its_length_is_cut_off_at_the_limit(site: Site):
    async def endless() -> object:
        for _ in range(400):
            yield b"x" * 1_000

    response = await site.client.post("/analyze", data=endless(), headers=SIGNED)
    await assert_problem(response, 413, "The request body is too large.", "body_too_large")


async def test_a_wrong_member_is_pointed_at(site: Site):
    body = {"url": "https://example.com", "engine": "steam"}
    response = await site.client.post("/analyze", json=body, headers=SIGNED)
    problem = await assert_problem(response, 400, "engine must be one of auto.", "invalid_request")
    assert problem["errors"] == [{"pointer": "/engine", "detail": "engine must be one of auto."}]


@pytest.mark.parametrize(
    ("label", "encode"), [("application/json", json.dumps), ("application/x-www-form-urlencoded", urlencode)]
)
async def test_every_option_of_a_page_reaches_its_kind_from_json_and_from_a_form(
    site: Site, label: str, encode: Callable[[dict[str, str]], str]
):
    asked = {"url": "https://a.example", "engine": "static", "maxComponents": "3", "format": "tsx", "verify": "false"}
    await site.client.post("/analyze", data=encode(asked).encode(), headers=SIGNED | {"Content-Type": label})
    await until(lambda: site.seen)
    assert site.seen == [asked]


async def test_a_webhook_is_refused_rather_than_forgotten(site: Site):
    body = {"url": "https://example.com", "webhook": "https://example.com/hook"}
    response = await site.client.post("/analyze", json=body, headers=SIGNED)
    await assert_problem(response, 400, "Webhooks are not supported yet: poll the result instead.", "not_supported")


async def test_unknown_members_are_ignored_as_they_always_were(site: Site):
    response = await site.client.post("/analyze", json={"url": "https://example.com", "x": 1}, headers=SIGNED)
    assert response.status == 202


async def test_a_full_queue_says_when_to_come_back():
    async with Site(max_queue=2) as site:
        for _ in range(2):
            await site.submit()
        response = await site.post()
        await assert_problem(response, 503, "The queue is full.", "queue_full")
        assert int(response.headers["Retry-After"]) >= 1


# --- waiting


@pytest.mark.parametrize(
    "how", [{"params": {"wait": "10"}}, {"headers": SIGNED | {"Prefer": "respond-async, wait=10"}}]
)
async def test_a_submit_may_wait_for_the_result(site: Site, how: dict[str, dict[str, str]]):
    site.gate.set()
    response = await site.client.post(
        "/analyze",
        json={"url": "https://example.com/"},
        **({"headers": SIGNED} | how),  # type: ignore[arg-type] # by their names
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
