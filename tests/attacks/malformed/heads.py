"""First lines and headers."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attacks.malformed.case import HOST, JSON, SIGNED, Case, get


def headers() -> Iterator[Case]:
    for name, line in {
        "obs-fold": b"X: a\r\n b\r\n",
        "obs-fold with a tab": b"X: a\r\n\tb\r\n",
        "a fold before any header": b" X: a\r\n",
        "NUL in a value": b"X: a\0b\r\n",
        "NUL in a name": b"X\0Y: a\r\n",
        "escape in a value": b"X: \x1b[31m\r\n",
        "bell in a value": b"X: \x07\r\n",
        "bare CR in a value": b"X: a\rb\r\n",
        "delete in a value": b"X: \x7f\r\n",
        "a space in a name": b"X Y: a\r\n",
        "a space before the colon": b"X : a\r\n",
        "no colon": b"X\r\n",
        "no name": b": a\r\n",
        "brackets in a name": b"X[]: a\r\n",
        "at in a name": b"X@Y: a\r\n",
        "UTF-8 in a name": "X\u00e9: a\r\n".encode(),
        "9,000 bytes of value": b"X: " + b"x" * 9_000 + b"\r\n",
        "9,000 bytes of name": b"X" * 9_000 + b": x\r\n",
        "a megabyte of value": b"X: " + b"x" * 1_000_000 + b"\r\n",
        "900 kB that are good one by one": b"".join(b"X-%d: %b\r\n" % (n, b"x" * 8_000) for n in range(115)),
        "200 headers": b"".join(b"X-%d: x\r\n" % number for number in range(200)),
        "10,000 headers": b"X: x\r\n" * 10_000,
        "an expectation nobody has": b"Expect: 200-ok\r\n",
        "two expectations": b"Expect: 100-continue, x\r\n",
        "two content types": JSON + JSON,
    }.items():
        yield Case(f"header: {name}", get(b"/health", line))
    yield Case("header: bare LF ends a line", get(b"/health").replace(b"\r\n", b"\n"))
    yield Case("header: bare CR ends a line", get(b"/health").replace(b"\r\n", b"\r"))
    yield Case("header: two CR", get(b"/health").replace(b"\r\n", b"\r\r\n"))
    yield Case("header: a line ends with LF CR", get(b"/health").replace(b"\r\n", b"\n\r"))
    for name, line in {
        "UTF-8 in a value": "X: gr\u00fc\u00dfe\r\n".encode(),
        "a tab in a value": b"X: a\tb\r\n",
        "empty": b"X:\r\n",
        "the same 50 times": b"X: x\r\n" * 50,
        "connection names a header": b"Connection: keep-alive, x-cliq-signature, host, content-length\r\n",
        "connection is empty": b"Connection:\r\n",
        "connection is a list of nothing": b"Connection: ,,,\r\n",
        "keep-alive with terms": b"Keep-Alive: timeout=999999, max=-1\r\n",
        "upgrade that connection does not name": b"Upgrade: websocket\r\n",
        "upgrade to nothing": b"Connection: Upgrade\r\nUpgrade:\r\n",
        "an upgrade of a page that has none": b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    }.items():
        yield Case(f"header: {name}", get(b"/health", line), (200,), certain=True)
    for name, line in {
        "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "many": b"Connection: Upgrade\r\nUpgrade: a/1, b/2, websocket, h2c\r\n",
        "TLS": b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
    }.items():
        yield Case(f"header: upgrade to {name}, and what follows may be that", get(b"/health", line), (200,))
    many = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 1_000) for number in range(32))
    yield Case("header: 32 kB of good ones", get(b"/health", many), (200,), certain=True)


def lines() -> Iterator[Case]:
    rest = HOST + SIGNED + b"\r\n"
    for name, line in {
        "HTTP/0.9": b"GET /health\r\n",
        "HTTP/0.9 with a version": b"GET /health HTTP/0.9\r\n",
        "HTTP/1.2": b"GET /health HTTP/1.2\r\n",
        "HTTP/2.0": b"GET /health HTTP/2.0\r\n",
        "HTTP/11": b"GET /health HTTP/11\r\n",
        "HTTP/1.10": b"GET /health HTTP/1.10\r\n",
        "HTTP/1": b"GET /health HTTP/1\r\n",
        "HTTP/1,1": b"GET /health HTTP/1,1\r\n",
        "http/1.1": b"GET /health http/1.1\r\n",
        "HTTP/ 1.1": b"GET /health HTTP/ 1.1\r\n",
        "HTTP/-1.1": b"GET /health HTTP/-1.1\r\n",
        "ICE": b"GET /health ICE/1.0\r\n",
        "tabs": b"GET\t/health\tHTTP/1.1\r\n",
        "something after the version": b"GET /health HTTP/1.1 x\r\n",
        "a space first": b" GET /health HTTP/1.1\r\n",
        "no method": b"/health HTTP/1.1\r\n",
        "small letters": b"get /health HTTP/1.1\r\n",
        "a mixture": b"Get /health HTTP/1.1\r\n",
        "no token": b"G@T /health HTTP/1.1\r\n",
        "NUL in the method": b"G\0T /health HTTP/1.1\r\n",
        "escape in the method": b"\x1b[31mGET /health HTTP/1.1\r\n",
        "a method of 9,000 bytes": b"X" * 9_000 + b" /health HTTP/1.1\r\n",
        "an unknown method": b"SUBMIT /health HTTP/1.1\r\n",
        "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "a response": b"HTTP/1.1 200 OK\r\n",
        "a greeting of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(32)) + b"\r\n",
        "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
        "SMTP": b"EHLO example.com\r\n",
        "Redis": b"*1\r\n$4\r\nPING\r\n",
        "bytes": bytes(range(128, 256)),
        "NULs": b"\0" * 64 + b"\r\n",
        "PROXY protocol": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /health HTTP/1.1\r\n",
        "a BOM": b"\xef\xbb\xbfGET /health HTTP/1.1\r\n",
    }.items():
        yield Case(f"line: {name}", line + rest)
    # llhttp takes the name of another protocol for HTTP; the connection ends with it all the same.
    yield Case("line: another protocol", b"GET /health RTSP/1.0\r\n" + rest, (200, 400))
    yield Case("line: LF alone", b"GET /health HTTP/1.1\n" + rest)
    yield Case("line: two spaces", b"GET  /health HTTP/1.1\r\n" + rest, (200,), certain=True)
    yield Case("line: empty lines first", b"\r\n\r\nGET /health HTTP/1.1\r\n" + rest, (200,), certain=True)
    for method in (b"PUT", b"DELETE", b"PATCH", b"TRACE", b"PROPFIND", b"M-SEARCH"):
        yield Case(f"method: {method.decode()}", get(b"/health", method=method), (405,), certain=True)
