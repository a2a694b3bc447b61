"""What is a request to the proxy, and what passes on to the next connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobserver.egress.proxy.answers import BadHead, Declined
from jobserver.egress.proxy.head import encode, parse_answer, parse_request

GET = b"GET http://site.example/ HTTP/1.1\r\nHost: site.example"


def status_of(head: bytes) -> int:
    with pytest.raises(Declined) as declined:
        parse_request(head)
    return declined.value.status.value


@pytest.mark.parametrize("host", ["site.example:443", "[2606:4700::1]:443", "a_b.example:80", "1.1.1.1:1"])
def test_a_connect_names_a_host_and_a_port(host: str) -> None:
    request = parse_request(f"CONNECT {host} HTTP/1.1\r\nHost: x".encode())
    assert (request.is_tunnel, request.url, request.length) == (True, f"https://{host}/", None)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_plain_request_names_its_url(method: str) -> None:
    request = parse_request(f"{method} http://site.example/a?b HTTP/1.1\r\nHost: x\r\nA: 1\r\na: 2".encode())
    assert (request.is_tunnel, request.method, request.url) == (False, method, "http://site.example/a?b")
    assert request.fields == [(b"a", b"1"), (b"a", b"2")]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n" + GET,
        b"GET / HTTP/1.1\r\nHost: site.example",
        b"GET * HTTP/1.1\r\nHost: site.example",
        b"OPTIONS * HTTP/1.1\r\nHost: site.example",
        b"GET site.example:80 HTTP/1.1\r\nHost: site.example",
        b"GET https://site.example/ HTTP/1.1\r\nHost: site.example",
        b"GET ftp://site.example/ HTTP/1.1\r\nHost: site.example",
        b"GET HTTP://site.example/ HTTP/1.1\r\nHost: site.example",
        b"GET http://site.example/#part HTTP/1.1\r\nHost: site.example",
        b"GET http://site.example/a b HTTP/1.1\r\nHost: site.example",
        b"GET http://site.example/\xc3\xbc HTTP/1.1\r\nHost: site.example",
        b"GET  http://site.example/ HTTP/1.1\r\nHost: site.example",
        b"GET http://site.example/ HTTP/1.0\r\nHost: site.example",
        b"GET http://site.example/ HTTP/2.0\r\nHost: site.example",
        b"GET http://site.example/\r\nHost: site.example",
        b"get http://site.example/ HTTP/1.1\r\nHost: site.example",
        b"TRACE http://site.example/ HTTP/1.1\r\nHost: site.example",
        b"PRI http://site.example/ HTTP/1.1\r\nHost: site.example",
        b"GET http://site.example/ HTTP/1.1",
        b"CONNECT site.example HTTP/1.1\r\nHost: site.example",
        b"CONNECT site.example: HTTP/1.1\r\nHost: site.example",
        b"CONNECT site.example:443/ HTTP/1.1\r\nHost: site.example",
        b"CONNECT http://site.example:443/ HTTP/1.1\r\nHost: site.example",
        b"CONNECT user@site.example:443 HTTP/1.1\r\nHost: site.example",
        b"CONNECT site.example:443@10.0.0.1:443 HTTP/1.1\r\nHost: site.example",
        b"CONNECT site.example:0x50 HTTP/1.1\r\nHost: site.example",
        b"CONNECT site.example:123456 HTTP/1.1\r\nHost: site.example",
        b"CONNECT [::1%25lo]:443 HTTP/1.1\r\nHost: site.example",
        b"CONNECT site%2eexample:443 HTTP/1.1\r\nHost: site.example",
        b"CONNECT site.example#:443 HTTP/1.1\r\nHost: site.example",
        b"CONNECT site.example:443 HTTP/1.1\r\nHost: site.example\r\nContent-Length: 5",
        GET + b"\r\nHost: other.example",
        GET + b"\r\nExpect: 100-continue",
        GET + b"\r\nContent-Length: 1\r\nContent-Length: 1",
        GET + b"\r\nContent-Length: 1, 1",
        GET + b"\r\nContent-Length: +1",
        GET + b"\r\nContent-Length: -1",
        GET + b"\r\nContent-Length: 0x1",
        GET + b"\r\nContent-Length: 1_0",
        GET + b"\r\nContent-Length: ",
        GET + b"\r\nContent-Length: 9999999999999999",
        GET + b"\r\nContent-Length : 1",
        GET + b"\r\n Content-Length: 1",
        GET + b"\r\nA: b\r\n c",
        GET + b"\r\nA",
        GET + b"\r\n: b",
        GET + b"\r\nA\x00: b",
        GET + b"\r\nA: b\x00",
        GET + b"\r\nA: b\nContent-Length: 1",
        GET + b"\r\nA: b\rContent-Length: 1",
        GET + b"\r\nA: \x7f",
        GET + b"".join(b"\r\nA%d: b" % number for number in range(300)),
    ],
)
def test_everything_else_is_a_bad_request(head: bytes) -> None:
    assert status_of(head) == 400


@pytest.mark.parametrize("more", [b"", b"\r\nContent-Length: 5"])
@pytest.mark.parametrize("coding", [b"chunked", b"identity", b"xchunked", b"gzip, chunked", b""])
def test_a_request_in_a_transfer_coding_is_not_passed_on(coding: bytes, more: bytes) -> None:
    assert status_of(GET + b"\r\nTransfer-Encoding: " + coding + more) == 501


def test_what_is_of_one_connection_stays_there() -> None:
    request = parse_request(
        GET + b"\r\nConnection: keep-alive, X-Mine , \r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nX-Mine: 1"
        b"\r\nProxy-Authorization: Basic eA==\r\nTE: trailers\r\nTrailer: A\r\nUpgrade: websocket\r\nAccept: */*"
        b"\r\nContent-Length: 5"
    )
    assert request.fields == [(b"accept", b"*/*")]
    assert request.length == 5


def test_an_answer_keeps_its_framing_even_when_it_calls_it_its_own() -> None:
    answer = parse_answer(
        b"HTTP/1.1 200 OK\r\nConnection: close, content-length, X-Mine\r\nContent-Length: 5\r\nX-Mine: 1\r\nA: \xff"
        b"\r\nProxy-Authenticate: Basic\r\nTransfer-Encoding: chunked"
    )
    assert (answer.status, answer.fields) == (
        200,
        [(b"content-length", b"5"), (b"a", b"\xff"), (b"transfer-encoding", b"chunked")],
    )


def test_an_answer_may_have_bare_line_feeds_and_no_reason() -> None:
    assert parse_answer(b"HTTP/1.0 404\nA: b").fields == [(b"a", b"b")]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2",
        b"HTTP/2 200",
        b"HTTP/1.1 200OK",
        b"HTTP/1.1 20",
        b"HTTP/1.1 099 x",
        b"HTTP/1.1 200 \x1b[2J",
        b"<html>",
        b"HTTP/1.1 200 OK\r\nA: b\r\n c",
        b"HTTP/1.1 200 OK\r\nA: b\rc",
        b"HTTP/1.1 200 OK\r\nA b",
        b"HTTP/1.1 200 OK" + b"\r\nA: b" * 300,
    ],
)
def test_what_is_no_answer_is_not_passed_back(head: bytes) -> None:
    with pytest.raises(BadHead):
        parse_answer(head)


fields = st.lists(
    st.sampled_from([b"A: b", b"Host: x", b"Connection: a", b"Content-Length: 3"]) | st.binary(max_size=9)
)


@given(first=st.sampled_from([b"GET http://a.b/ HTTP/1.1", b"CONNECT a.b:443 HTTP/1.1"]), lines=fields)
def test_what_passes_reads_the_same_at_the_next_connection(first: bytes, lines: list[bytes]) -> None:
    try:
        request = parse_request(b"\r\n".join([first, b"Host: a.b", *lines]))
    except Declined:
        return
    passed_on = encode("GET http://a.b/ HTTP/1.1", [(b"Host", b"a.b"), *request.fields]).removesuffix(b"\r\n\r\n")
    assert parse_request(passed_on).fields == request.fields
    assert passed_on.count(b"\r\n") == passed_on.count(b"\n") == passed_on.count(b"\r")
