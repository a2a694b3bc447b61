"""What cannot be read as a request at all."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest

from jobserver.testing import LocalServer

LONG = b"x" * 9_000
UNREADABLE = "This is no HTTP request that can be read."
TOO_LONG = "The first line of a request, and each of its headers, may take 8190 bytes."


async def said(server: LocalServer, request: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """The first line of the answer, its headers and its body, once the server has closed the connection."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    head, _, body = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    first, *lines = head.split(b"\r\n")
    return first, dict(line.decode().lower().split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n", TOO_LONG),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + LONG + b"\r\n\r\n", TOO_LONG),
        (b"GET /health HTTP/1.1\r\nbad header secret: x\r\n\r\n", UNREADABLE),
        (b"GET /health HTTP/9.secret\r\n\r\n", UNREADABLE),
        (b"\x16\x03\x01secret\r\n\r\n", UNREADABLE),
    ],
    ids=["line", "header", "name", "version", "tls"],
)
async def test_what_is_no_request_is_refused_like_everything_else_and_not_repeated(request_: bytes, sentence: str):
    async with LocalServer([]) as server:
        first, headers, body = await said(server, request_)
        assert (await server.client.request("GET", "/health")) == {"ok": True}
    problem = json.loads(body)
    assert first.endswith(b" 400 Bad Request")
    assert (problem["ok"], problem["error"], problem["code"]) == (False, sentence, "invalid_request")
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"].startswith("req-")
    assert b"secret" not in body
    assert b"xxx" not in body


async def test_what_is_no_request_is_counted_and_a_flood_of_it_does_not_fill_the_log(caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    async with LocalServer([], metrics_public=True) as server:
        for number in range(50):
            await said(server, b"\x16\x03\x01%d\r\n\r\n" % number)
        metrics = (await said(server, b"GET /metrics HTTP/1.0\r\n\r\n"))[2].decode()
    assert 'jobserver_refusals_total{code="invalid_request"} 50.0' in metrics
    assert 'jobserver_http_requests_total{route="none",method="other",status="400"} 50.0' in metrics
    told = [record for record in caplog.records if "could not be read" in record.getMessage()]
    assert 1 <= len(told) <= 20
    assert not [record for record in caplog.records if record.exc_info]
