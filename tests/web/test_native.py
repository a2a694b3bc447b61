"""The native face of one job, its stream, and how the server says how it is."""

from __future__ import annotations

import asyncio
import json
from unittest.mock import Mock

import pytest

from jobserver.errors import JobserverError, PageStatus
from jobserver.jobs.events import EventType
from jobserver.web.app import ROUTES
from jobserver.web.keys import WebSettings
from tests.make import until
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


# --- events


async def read_events(site: Site, job_id: str, query: str = "", **headers: str) -> list[tuple[str, dict[str, object]]]:
    response = await site.client.get(f"/v1/jobs/{job_id}/events{query}", headers=SIGNED | headers)
    assert (response.status, response.content_type) == (200, "text/event-stream")
    blocks = (await response.text()).split("\n\n")
    lines = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks if block.startswith("event")]
    return [(block["event"], json.loads(block["data"])) for block in lines]


async def test_a_stream_tells_a_job_to_its_end_and_then_ends(site: Site):
    job_id = await site.submit()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        reading = group.create_task(read_events(site, job_id))
        await until(lambda: site.seen and site.engine._events._by_job)
        site.gate.set()
    names = [name for name, _ in reading.result()]
    assert names[0] == "snapshot"
    assert names[-1] == "job.done"
    assert reading.result()[-1][1]["status"] == "done"


async def test_a_stream_resumes_where_it_broke_off(site: Site):
    job_id = await site.done()
    everything = await read_events(site, job_id, "?after=0")
    assert [name for name, _ in everything] == ["job.queued", "job.started", "job.progress", "job.done"]
    second = everything[1][1]["seq"]
    rest = await read_events(site, job_id, **{"Last-Event-ID": str(second)})
    assert [name for name, _ in rest] == ["job.progress", "job.done"]


async def test_a_stream_of_an_ended_job_ends_at_once(site: Site):
    job_id = await site.done()
    assert [name for name, _ in await read_events(site, job_id)] == ["snapshot"]


async def test_a_stream_with_nothing_left_to_tell_is_not_asked_for_again(site: Site):
    job_id = await site.done()
    last = (await read_events(site, job_id, "?after=0"))[-1][1]["seq"]
    response = await site.client.get(f"/v1/jobs/{job_id}/events?after={last}", headers=SIGNED)
    assert (response.status, await response.read()) == (204, b"")


async def test_a_stream_opened_while_the_server_stops_ends_at_once(site: Site):
    job_id = await site.submit()
    site.jobs.begin_drain()
    assert [name for name, _ in await read_events(site, job_id)] == ["snapshot", "server.draining"]


async def test_a_quiet_stream_is_kept_open_by_comments():
    async with Site(settings=WebSettings(heartbeat=0.01)) as site:
        job_id = await site.submit()
        response = await site.client.get(f"/v1/jobs/{job_id}/events", headers=SIGNED)
        async with asyncio.timeout(10):
            while b": still here" not in await response.content.readuntil(b"\n\n"):
                pass
        response.close()


async def test_a_stream_is_told_when_the_server_stops(site: Site):
    job_id = await site.submit()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        reading = group.create_task(read_events(site, job_id))
        await until(lambda: site.seen and site.engine._events._by_job)
        site.jobs.begin_drain()
    assert reading.result()[-1][0] == "server.draining"


async def test_a_stream_whose_history_is_gone_says_so_and_shows_the_job(site: Site):
    job_id = await site.done()
    site.engine._events._history.clear()
    events = await read_events(site, job_id, "?after=1")
    assert [name for name, _ in events] == ["gap"]
    assert events[0][1]["status"] == "done"


async def test_a_listener_that_cannot_keep_up_is_told_where_it_was_cut_off(site: Site):
    site.engine._events._patience = 3
    job_id = await site.submit()
    await until(lambda: site.seen)
    response = await site.client.get(f"/v1/jobs/{job_id}/events", headers=SIGNED)
    job = await site.engine.get(job_id)
    for _ in range(5):
        site.engine._events.append(EventType.PROGRESS, job.spec.created_at, "default", job)
    async with asyncio.timeout(10):
        text = await response.text()
    assert 'event: closed\ndata: {"type":"closed","reason":"too slow","seq":' in text


@pytest.mark.parametrize("after", ["x", "-1", "1" * 30])
async def test_a_strange_sequence_number_is_refused(site: Site, after: str):
    job_id = await site.submit()
    response = await site.client.get(f"/v1/jobs/{job_id}/events", params={"after": after}, headers=SIGNED)
    await assert_problem(response, 400, "after must be a sequence number.", "invalid_request")


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
    assert len({(method, path) for method, path, _ in ROUTES}) == len(ROUTES)
