"""The old face, as scripts in the field use it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from jobserver.errors import PageStatus
from jobserver.web.keys import WebSettings
from tests.make import until
from tests.web.site import BRIEF, SIGNED, Site, assert_problem, summary
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
    asked = {"url": "https://a.example", "engine": "static", "maxComponents": "3"}
    asked |= {"format": "tsx", "verify": "false", "fresh": "true"}
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
