"""Every request has an id, and what is logged of it holds no secret."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from jobserver.logs import JsonLines, PlainLines, without_strangers_bytes
from jobserver.web.keys import WebSettings
from jobserver.workers.registry import Args, Context, Handler
from tests.make import until
from tests.web.site import SECRET, SIGNED, Site, sign

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LOUD = WebSettings(access_log=True)


@pytest.fixture(params=[JsonLines, PlainLines])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Everything that is logged by anybody, down to debug."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    handler.addFilter(without_strangers_bytes)
    handler.addFilter(lambda record: record.name != "aiohttp.access")  # our server has it switched off
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def objects(log: io.StringIO, logger: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if line["logger"] == logger]


async def test_every_answer_says_which_request_it_is_of(site: Site):
    answers = [await site.client.get(path) for path in ("/health", "/jobs", "/nowhere", "/health")]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"req-[0-9a-f]+-[0-9a-f]+", each) for each in ids)


@pytest.mark.parametrize("own", ["a", "01JD-x.y_z:/+=@", "x" * 128])
async def test_a_sane_id_of_the_clients_own_is_kept(site: Site, own: str):
    answer = await site.client.get("/health", headers={"X-Request-Id": own})
    assert answer.headers["X-Request-Id"] == own


@pytest.mark.parametrize("odd", ["", "a b", "x" * 129, "a\tb", "é", '"', "<script>"])
async def test_any_other_is_replaced(site: Site, odd: str):
    answer = await site.client.get("/health", headers={"X-Request-Id": odd})
    assert answer.headers["X-Request-Id"].startswith("req-")


async def test_a_stream_has_an_id_too(site: Site):
    job_id = await site.done()
    answer = await site.client.get(f"/v1/jobs/{job_id}/events", headers=SIGNED | {"X-Request-Id": "mine"})
    assert answer.headers["X-Request-Id"] == "mine"


@pytest.mark.parametrize("log", [JsonLines], indirect=True)
async def test_the_access_log_has_a_line_for_every_answer(log: io.StringIO):
    async with Site(settings=LOUD) as site:
        await site.client.get("/jobs?cursor=secret", headers={"X-Request-Id": "mine"})
    (line,) = objects(log, "jobserver.access")
    assert (line["method"], line["path"], line["status"], line["request_id"]) == ("GET", "/jobs", 401, "mine")
    assert 0 <= line["seconds"] < 10


@pytest.mark.parametrize("log", [JsonLines], indirect=True)
async def test_the_access_log_is_off_by_default(site: Site, log: io.StringIO):
    await site.client.get("/health")
    assert objects(log, "jobserver.access") == []


@pytest.mark.parametrize("log", [JsonLines], indirect=True)
async def test_a_failure_of_ours_is_logged_with_the_id_that_the_client_was_told(
    site: Site, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(site.jobs, "page", lambda *_, **__: 1 / 0)
    answer = await site.client.get("/jobs", headers=SIGNED)
    assert answer.status == 500
    (line,) = objects(log, "jobserver.web.problems")
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert "ZeroDivisionError" in line["exception"]


@pytest.mark.parametrize("log", [JsonLines], indirect=True)
async def test_what_a_job_logs_carries_its_id_and_the_trace_of_its_request(log: io.StringIO):
    async def speak(context: Context, args: Args) -> None:
        await asyncio.to_thread(logging.getLogger("mine").info, "hello")

    async with Site(handlers=[Handler("speak", speak, queue="speech")]) as site:
        answer = await site.ask("POST", "/v1/jobs?wait=10", {"kind": "speak"}, traceparent=TRACE)
        job_id = (await answer.json())["jobId"]
    (line,) = objects(log, "mine")
    assert (line["job_id"], line["kind"], line["attempt"]) == (job_id, "speak", 1)
    assert line["trace_id"] == TRACE.split("-")[1]
    assert "request_id" not in line


async def test_no_secret_is_ever_logged(log: io.StringIO):
    async with Site(settings=LOUD) as site:
        site.gate.set()
        key = await site.key("ann")
        token = key["Authorization"].removeprefix("Bearer ")
        job_id = await site.done()
        preview = (await site.poll(job_id))[1]["previewUrl"]
        link = re.search(r"token=([\w-]+)", preview)
        assert link
        body = b'{"url":"https://example.com/"}'
        signature = sign(body)
        for headers in ({"x-cliq-signature": signature}, key, {"Authorization": "Basic hunter2hunter2"}):
            await site.client.post("/analyze", data=body, headers=headers)
            await site.client.post("/v1/jobs", data=body, headers=headers)
        await site.client.get(preview)
        await site.client.get(preview.replace("expires=", "expires=9"))
        for bad in (b"x-cliq-signature: %b\0", b"Authorization: Bearer %b\0\n", b"bad header %b: x"):
            reader, writer = await asyncio.open_connection(site.client.host, site.client.port)
            writer.write(b"GET /jobs HTTP/1.1\r\nHost: x\r\n" + bad % SECRET.encode() + b"\r\n\r\n")
            await reader.read()
            writer.close()
            await writer.wait_closed()
        await until(log.getvalue)
    assert log.getvalue().count("could not be read") == 3
    for secret in (SECRET, signature, token, token.rpartition("_")[2], link[1], "hunter2"):
        assert secret not in log.getvalue()
