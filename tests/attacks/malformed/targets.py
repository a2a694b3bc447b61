"""Whom and what a request is for: targets and hosts."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attacks.malformed.case import HOST, Case, get


def targets() -> Iterator[Case]:
    for name, target in {
        "empty": b"",
        "no slash": b"health",
        "a bare host": b"127.0.0.1",
        "authority of another method": b"127.0.0.1:80",
        "an asterisk of another method": b"*",
        "another scheme": b"ftp://127.0.0.1/health",
        "no authority": b"http:///health",
        "a scheme alone": b"http:",
        "javascript": b"javascript:alert(1)",
        "another server": b"http://example.com/health",
        "another port": b"http://127.0.0.1:81/health",
        "a user": b"http://user@127.0.0.1/health",
        "NUL": b"/hea\0lth",
        "a tab": b"/hea\tlth",
        "a space": b"/hea lth",
        "vertical tab": b"/hea\x0blth",
        "delete": b"/hea\x7flth",
        "raw UTF-8": "/h\u00e9alth".encode(),
        "raw Latin-1": b"/h\xe9alth",
        "an unfinished address": b"http://[::1/health",
        "a backslash first": b"\\health",
        "9,000 bytes": b"/" + b"x" * 9_000,
        "a query of 9,000 bytes": b"/health?" + b"x" * 9_000,
    }.items():
        yield Case(f"target: {name}", get(target), (400,))
    for name, target, status in (
        ("absolute", b"http://127.0.0.1/health", 200),
        ("absolute in capitals", b"HTTP://127.0.0.1/health", 200),
        ("a fragment", b"/health#part", 200),
        ("dot segments", b"/v1/jobs/../../health", 404),
        ("encoded dot segments", b"/v1/%2e%2e/health", 404),
        ("an encoded slash", b"/v1%2fjobs", 404),
        ("an encoded slash, twice encoded", b"/v1%252fjobs", 404),
        ("two slashes first", b"//analyze", 404),
        ("two slashes inside", b"/v1//jobs", 404),
        ("a slash at the end", b"/v1/jobs/", 404),
        ("a parameter", b"/health;x=y", 404),
        ("a parameter in between", b"/v1;x/jobs", 404),
        ("a backslash", b"/v1\\jobs", 404),
        ("an encoded NUL", b"/v1/jobs/%00", 404),
        ("an encoded line", b"/v1/jobs/a%0d%0aSet-Cookie:%20x=y", 404),
        ("bad percent encoding", b"/v1/jobs/%zz", 404),
        ("half a percent encoding", b"/v1/jobs/%", 404),
        ("encoded bytes that are no UTF-8", b"/v1/jobs/%ff%fe", 404),
        ("an encoded surrogate", b"/v1/jobs/%ed%a0%80", 404),
        ("other capitals", b"/V1/JOBS", 404),
        ("a question mark alone", b"/health?", 200),
        ("two question marks", b"/health??a=b", 200),
        ("braces", b"/v1/jobs/{job_id}", 404),
        ("brackets", b"/v1/jobs/[x]", 404),
    ):
        yield Case(f"target: {name}", get(target), (status,), certain=True)
    yield Case("target: an asterisk", get(b"*", method=b"OPTIONS"), (404, 405), certain=True)
    yield Case("target: connect", get(b"127.0.0.1:80", method=b"CONNECT"), (400, 405))
    yield Case("target: connect to a path", get(b"/health", method=b"CONNECT"), (400, 405))
    for target in (
        b"/v1/jobs/../jobs",
        b"/v1/jobs/%2e%2e/jobs",
        b"//v1/jobs",
        b"/v1/jobs;x",
        b"/./v1/jobs",
        b"/v1/jobs%20",
        b"/v1/jobs%00",
        b"/v1%2Fjobs",
        b"/health/../v1/jobs",
        b"/openapi.json/../v1/jobs",
        b"/v1/jobs?",
        b"/jobs",
        b"/-/config",
        b"/-/tasks",
        b"/metrics",
        b"/%2d/config",
        b"/v1/keys",
        b"http://127.0.0.1/v1/jobs",
    ):
        unsigned = b"GET %b HTTP/1.1\r\n" % target + HOST + b"\r\n"
        yield Case(f"unsigned: {target.decode()}", unsigned, (401, 404), certain=True)


def hosts() -> Iterator[Case]:
    for name, lines in {
        "missing": b"",
        "twice": HOST + HOST,
        "two that differ": HOST + b"Host: example.com\r\n",
        "empty": b"Host:\r\n",
        "a space in it": b"Host: a b\r\n",
        "two in one": b"Host: a, b\r\n",
        "a path": b"Host: 127.0.0.1/health\r\n",
        "a user": b"Host: user@127.0.0.1\r\n",
        "a query": b"Host: 127.0.0.1?x\r\n",
        "a backslash": b"Host: 127.0.0.1\\x\r\n",
        "a port of words": b"Host: 127.0.0.1:http\r\n",
        "two ports": b"Host: 127.0.0.1:80:80\r\n",
        "half an address": b"Host: [::1\r\n",
        "quotes": b'Host: "127.0.0.1"\r\n',
        "markup": b"Host: <script>\r\n",
        "Latin-1": b"Host: h\xe9\r\n",
        "NUL": b"Host: 127.0.0.1\0.example.com\r\n",
        "300 bytes": b"Host: " + b"x" * 300 + b"\r\n",
        "folded": b"Host:\r\n 127.0.0.1\r\n",
        "a space before the colon": b"Host : 127.0.0.1\r\n",
    }.items():
        yield Case(f"host: {name}", get(b"/health", host=lines))
    for host in (b"127.0.0.1:3000", b"[::1]:3000", b"LOCALHOST", b"jobs.example.com.", b"127.0.0.1:"):
        yield Case(f"host: {host.decode()}", get(b"/health", host=b"Host: %b\r\n" % host), (200,), certain=True)
