"""Whatever bytes arrive, on any route: an answer, never a 5xx, and the server goes on."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobserver.web.app import ROUTES
from tests.web.site import SECRET, Site

FEW = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PATHS = [re.sub("{[a-z_]+}", "job-1-x", route.path) for route in ROUTES] + ["/", "/nowhere"]
METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]
TEXT = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=30)
NAMES = st.sampled_from(
    [
        "Content-Type",
        "x-cliq-signature",
        "x-cliq-timestamp",
        "Prefer",
        "If-None-Match",
        "Last-Event-ID",
        "Idempotency-Key",
        "Accept-Encoding",
        "Cookie",
        "Range",
    ]
)
QUERY = st.lists(
    st.tuples(
        st.sampled_from(["wait", "view", "after", "limit", "cursor", "status", "jobId", "url", "token", "expires"]),
        TEXT.map(lambda text: re.sub(r"[\s#&]", "", text.encode("ascii", "ignore").decode())),
    ),
    max_size=3,
)
MEMBERS = st.sampled_from(["url", "engine", "webhook", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["url", "engine", "webhook", "x"]), inner)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """A site on a loop of its own, so that a plain socket can talk to it."""
    ready: Future[tuple[str, int]] = Future()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def live() -> None:
        async with Site() as site:
            site.gate.set()
            ready.set_result((site.client.host, site.client.port or 0))
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    yield ready.result(10)
    loop.call_soon_threadsafe(over.set)
    thread.join(10)
    loop.close()


def say(address: tuple[str, int], request: bytes, *, and_hang_up: bool = False) -> int:
    """Send the bytes; the status of the answer, or 0 where the server preferred to hang up."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request)
        if and_hang_up:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while b"\r\n\r\n" not in answer and (chunk := connection.recv(65_536)):  # a stream's body has no end
            answer += chunk
    status = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(status[1]) if status else 0


def build(method: str, path: str, query: list[tuple[str, str]], headers: list[tuple[str, str]], body: bytes) -> bytes:
    target = path + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")
    lines = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@FEW
@given(
    st.sampled_from(METHODS),
    st.sampled_from(PATHS),
    QUERY,
    st.lists(st.tuples(NAMES, TEXT), max_size=4),
    st.binary(max_size=200),
)
def test_no_headers_query_or_bytes_break_a_route(
    address: tuple[str, int],
    method: str,
    path: str,
    query: list[tuple[str, str]],
    headers: list[tuple[str, str]],
    body: bytes,
):
    assert say(address, build(method, path, query, headers, body)) < 500


@FEW
@given(st.sampled_from(METHODS), st.sampled_from(PATHS), QUERY, st.lists(st.tuples(NAMES, TEXT), max_size=3), JSON)
def test_no_json_breaks_a_route_for_who_may_call_it(
    address: tuple[str, int],
    method: str,
    path: str,
    query: list[tuple[str, str]],
    headers: list[tuple[str, str]],
    body: object,
):
    signed = [("x-cliq-signature", SECRET), *((name, value) for name, value in headers if "cliq" not in name)]
    quick = [(name, value) for name, value in query if name != "wait"]
    request = build(method, path, quick, signed, json.dumps(body).encode())
    assert 100 <= say(address, request) < 500


@FEW
@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_the_server(address: tuple[str, int], request: bytes):
    assert say(address, request, and_hang_up=True) < 500
    assert say(address, build("GET", "/health", [], [], b"")) == 200
