"""Bodies, and what they say: JSON, and text in encodings."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

from tests.attacks.malformed.case import CHUNKED, HOST, IN_CHUNKS, JOB, JSON, LENGTH, SIGNED, Case, get, post


def bodies() -> Iterator[Case]:
    zipped = zlib.compress(JOB, wbits=31)
    gzip = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n"
    asking = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    whole = asking + b"MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    for name, request, statuses in (
        ("a GET with one", get(b"/health", LENGTH) + JOB, (200,)),
        ("a GET with one in chunks", get(b"/health", CHUNKED) + IN_CHUNKS, (200,)),
        ("a DELETE with one", get(b"/v1/jobs/none", LENGTH, method=b"DELETE") + JOB, (400, 404)),
        ("where there is nothing", get(b"/nothing", LENGTH, method=b"POST") + JOB, (404,)),
        ("of a method that takes none", get(b"/health", LENGTH, method=b"POST") + JOB, (405,)),
        ("gzip", post(gzip % len(zipped), body=zipped), (202,)),
        ("100-continue", post(b"Expect: 100-continue\r\n", LENGTH, body=JOB), (202,)),
        ("100-CONTINUE", post(b"Expect: 100-CONTINUE\r\n", LENGTH, body=JOB), (202,)),
        ("100-continue without one", get(b"/health", b"Expect: 100-continue\r\n"), (200,)),
        ("an upgrade to websocket of a submit", post(whole, LENGTH, body=JOB), (202,)),
        ("a websocket without a key", get(b"/v1/ws", asking + b"\r\n"), (400,)),
        ("a websocket of another version", get(b"/v1/ws", whole.replace(b": 13", b": 99")), (400,)),
        ("a websocket with a key of words", get(b"/v1/ws", asking + b"words\r\n"), (400,)),
        ("no upgrade where there is a websocket", get(b"/v1/ws"), (400,)),
    ):
        yield Case(f"body: {name}", request, statuses, certain=True)
    yield Case("body: no gzip", post(gzip % len(JOB), body=JOB))
    yield Case("body: half of gzip", post(gzip % (len(zipped) // 2), body=zipped[: len(zipped) // 2]), certain=True)
    bomb = zlib.compress(bytes(50_000_000), wbits=31)
    yield Case("body: 50 MB in a gzip of 50 kB", post(gzip % len(bomb), body=bomb), (413,), certain=True)
    in_chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(bomb), bomb)
    zipped_chunks = post(b"Content-Encoding: gzip\r\n", CHUNKED, body=in_chunks)
    yield Case("body: 50 MB in chunks of gzip", zipped_chunks, (413,), certain=True)


def meanings() -> Iterator[Case]:
    """JSON, and text in encodings: what is wrong with them is no doubt about where they end."""

    def sent(name: str, body: bytes, status: int, kind: bytes = JSON) -> Case:
        head = b"POST /v1/jobs HTTP/1.1\r\n" + HOST + SIGNED + kind + b"Content-Length: %d\r\n\r\n" % len(body)
        return Case(name, head + body, (status,), certain=True)

    def args(value: str) -> bytes:
        return b'{"kind":"echo","tags":["OWNS"],"args":%b}' % value.encode()

    for name, value in {
        "100,000 arrays": '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
        "100,000 objects": '{"a":' * 40_000 + "1" + "}" * 40_000,
        "101 arrays": '{"a":' + "[" * 101 + "]" * 101 + "}",
        "a number of 5,000 digits": '{"a":' + "9" * 5_000 + "}",
        "a number no double holds": '{"a":1e999}',
        "NaN": '{"a":NaN}',
        "Infinity": '{"a":-Infinity}',
        "a member twice": '{"a":1,"a":2}',
        "half a surrogate pair": '{"a":"\\ud800"}',
        "an escape that is none": '{"a":"\\x41"}',
        "a raw line in a string": '{"a":"\n"}',
        "a raw NUL in a string": '{"a":"\0"}',
        "a comma too many": '{"a":1,}',
        "a comment": '{"a":1/**/}',
        "single quotes": "{'a':1}",
        "something after it": '{}}{"a":1}',
        "an octal number": '{"a":010}',
        "a plus": '{"a":+1}',
    }.items():
        yield sent(f"json: {name}", args(value), 400)
    yield sent("json: an array", b"[1]", 400)
    yield sent("json: a string", b'"x"', 400)
    yield sent("json: NULs", b"\0" * 40, 400)
    yield sent("json: 90 arrays", args('{"a":' + "[" * 90 + "]" * 90 + "}"), 202)
    text = json.dumps({"kind": "echo", "tags": ["OWNS"], "args": {"a": "Grüße"}}, ensure_ascii=False)
    latin = b"Content-Type: application/json; charset=iso-8859-1\r\n"
    for name, body, kind, status in (
        ("UTF-8", text.encode(), JSON, 202),
        ("UTF-8 with a BOM", text.encode("utf-8-sig"), JSON, 202),
        ("UTF-16 with a little BOM", b"\xff\xfe" + text.encode("utf-16-le"), JSON, 202),
        ("UTF-16 with a big BOM", b"\xfe\xff" + text.encode("utf-16-be"), JSON, 202),
        ("Latin-1, declared", text.encode("latin-1"), latin, 202),
        ("windows-1252, declared", text.encode("cp1252"), latin.replace(b"iso-8859-1", b"windows-1252"), 202),
        ("Latin-1, undeclared", text.encode("latin-1"), JSON, 400),
        ("UTF-32", text.encode("utf-32"), JSON, 400),
        ("UTF-16 without a BOM", text.encode("utf-16-le"), JSON, 400),
        ("UTF-7", text.encode("utf-7"), JSON.replace(b"json", b"json; charset=utf-7"), 400),
        ("EBCDIC", text.encode("cp500"), JSON.replace(b"json", b"json; charset=cp500"), 400),
        ("overlong UTF-8", text.encode().replace(b"G", b"\xc1\x87"), JSON, 400),
        ("surrogates in UTF-8", text.encode().replace(b"G", b"\xed\xa0\x80"), JSON, 400),
        ("half a character at the end", text.encode()[:-2] + b"\xc3", JSON, 400),
        ("a charset nobody knows", text.encode(), JSON.replace(b"json", b"json; charset=x"), 400),
    ):
        yield sent(f"text: {name}", body, status, kind)
