"""The native face of one job, its stream, and how the server says how it is."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

import pytest

from jobserver.errors import JobserverError, PageStatus
from jobserver.web.app import ROUTES
from jobserver.web.keys import WebSettings
from tests.web.site import SIGNED, Site, assert_problem, summary


async def test_a_job_is_shown_whole(site: Site):
    job_id = await site.done()
    response = await site.client.get(f"/v1/jobs/{job_id}", headers=SIGNED)
    job = await response.json()
    assert (job["jobId"], job["kind"], job["status"], job["attempt"], job["progress"]) == (
        job_id,
        "analyze",
        "done",
        1,
        1,
    )
    assert job["args"] == {"url": "https://example.com/"}
    assert job["result"] == summary("https://example.com/")
    assert "error" not in job
    assert job["createdAt"] <= job["startedAt"] <= job["finishedAt"] < job["expiresAt"]
    same = await site.client.get(f"/v1/jobs/{job_id}", headers=SIGNED | {"If-None-Match": response.headers["ETag"]})
    assert same.status == 304
    assert same.headers["Cache-Control"] == "private, no-cache"


async def test_a_failed_job_keeps_the_story_of_its_attempts(site: Site):
    site.fail = PageStatus("The page answered 404.")
    site.gate.set()
    job_id = await site.submit()
    job = await (await site.client.get(f"/v1/jobs/{job_id}?wait=10", headers=SIGNED)).json()
    assert job["error"] == {"code": "page_status", "message": "The page answered 404."}
    assert job["attempts"][0]["error"] == "The page answered 404."
    assert "PageStatus" in job["attempts"][0]["traceback"]


async def test_a_verb_in_the_wrong_state_names_the_state(site: Site):
    job_id = await site.done()
    for verb in ("cancel", "retry"):
        response = await site.client.post(f"/v1/jobs/{job_id}/{verb}", headers=SIGNED)
        await assert_problem(response, 409, f"Cannot {verb} a job that is done.", "wrong_state")


async def test_what_is_not_there_and_what_is_not_allowed_have_the_one_shape(site: Site):
    await assert_problem(await site.client.get("/nowhere"), 404, "There is nothing at this address.", "route_not_found")
    response = await site.client.put("/analyze")
    await assert_problem(response, 405, "This address does not take that method.", "method_not_allowed")
    assert response.headers["Allow"] == "POST"


async def test_what_nobody_foresaw_is_logged_and_tells_the_client_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    for error in (RuntimeError("a secret detail"), JobserverError("a secret detail of ours")):
        monkeypatch.setattr(site.jobs, "page", Mock(side_effect=error))
        response = await site.client.get("/jobs", headers=SIGNED)
        await assert_problem(response, 500, "Something went wrong inside the server.", "internal_error")
        assert "a secret detail" in caplog.text


async def test_a_body_that_never_arrives_is_given_up_on():
    async with Site(settings=WebSettings(body_timeout=0.05)) as site:
        reader, writer = await asyncio.open_connection(site.client.host, site.client.port)
        writer.write(b"POST /analyze HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        async with asyncio.timeout(10):
            assert b" 408 " in await reader.readline()
        writer.close()


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_an_idempotency_key_has_a_length(site: Site, key: str):
    response = await site.post(**{"Idempotency-Key": key})
    await assert_problem(response, 400, "Idempotency-Key must have 1 to 255 characters.", "invalid_request")


async def test_every_answer_carries_the_security_headers(site: Site):
    for path in ("/health", "/nowhere", "/jobs"):
        headers = (await site.client.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


# --- how the server is


async def test_health_and_liveness_need_no_signature(site: Site):
    for path in ("/health", "/livez"):
        assert await (await site.client.get(path)).text() == '{"ok":true}'


async def test_readiness_ends_with_the_first_word_of_stopping(site: Site):
    ready = await site.client.get("/readyz")
    assert (ready.status, await ready.json()) == (
        200,
        {"ok": True, "engine": "memory", "durable": False, "analyze": "toy"},
    )
    site.jobs.begin_drain()
    stopping = await site.client.get("/readyz")
    assert (stopping.status, (await stopping.json())["error"]) == (503, "The server is shutting down.")
    refused = await site.post()
    await assert_problem(refused, 503, "The server is shutting down.", "shutting_down")


def test_a_route_is_listed_once():
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
