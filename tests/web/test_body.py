from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jobserver.errors import InvalidRequest, UnsupportedMediaType
from jobserver.web.reading.body import multipart_fields_json, read_body

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b0undary"
URL = {"url": "https://example.com"}
OBJECT = b'{"url":"https://example.com"}'
PAIRS = b"url=https%3A%2F%2Fexample.com"


def part(name: str, value: bytes, *headers: str) -> bytes:
    head = "\r\n".join([f'Content-Disposition: form-data; name="{name}"', *headers])
    return b"--b0undary\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--b0undary--\r\n"


PARTS = multipart(part("url", b"https://example.com"))


def refused(body: bytes, content_type: str | None) -> str:
    with pytest.raises(InvalidRequest) as error:
        read_body(body, content_type)
    return error.value.message


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (OBJECT, JSON),
        (OBJECT, "Application/JSON; charset=UTF-8"),
        (OBJECT, 'application/json ; charset="utf-8"'),
        (OBJECT, "application/json;"),
        (OBJECT, "application/json; charset=us-ascii"),
        (OBJECT, "application/json; Charset=utf-8; charset=rot13"),
        (OBJECT, "application/problem+json"),
        (OBJECT, "text/json"),
        (b' \r\n\t{ "url" : "https://example.com" }\n', JSON),
        (PAIRS, FORM),
        (b"url=https://example.com", FORM + "; charset=utf-8"),
        (b"url=no&url=https://example.com", FORM),
        (PARTS, MULTIPART),
        (PARTS, 'Multipart/Form-Data; charset=utf-8; boundary="b0undary"'),
        (b"\r\n" + PARTS, MULTIPART),
    ],
)
def test_each_shape_is_read_under_its_own_label(body: bytes, content_type: str) -> None:
    assert read_body(body, content_type) == URL


@pytest.mark.parametrize("body", [OBJECT, PAIRS, PARTS], ids=["object", "form", "multipart"])
@pytest.mark.parametrize("content_type", [JSON, FORM, MULTIPART, "multipart/form-data", "", ";", None])
def test_a_body_means_the_same_under_every_label(body: bytes, content_type: str | None) -> None:
    assert read_body(body, content_type) == URL


def test_what_was_signed_as_json_cannot_be_read_as_a_form() -> None:
    body = b'{"url":"https://good.example/?a=1&url=https://evil.example"}'
    assert (
        read_body(body, FORM) == read_body(body, JSON) == {"url": "https://good.example/?a=1&url=https://evil.example"}
    )


def test_what_was_signed_as_multipart_cannot_be_read_as_a_form_or_with_another_boundary() -> None:
    value = b"https://good.example/?a=1&url=https://evil.example"
    body = multipart(part("url", value))
    assert read_body(body, FORM) == {"url": value.decode()}
    inner = b'x\r\n--evil\r\nContent-Disposition: form-data; name="url"\r\n\r\nhttps://evil.example\r\n--evil--'
    refused(multipart(part("url", inner)), "multipart/form-data; boundary=evil")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/xml",
        "image/png",
        "application/octet-stream",
        "multipart/mixed; boundary=b",
        "image/svg+json",
        "json",
        "é",
        "*/*",
    ],
)
@pytest.mark.parametrize("body", [OBJECT, b""])
def test_an_unknown_content_type_is_told_apart(body: bytes, content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read_body(body, content_type)


def test_plain_text_is_read_where_it_holds_an_object() -> None:
    assert read_body(OBJECT, "text/plain") == URL
    assert read_body(OBJECT, "text/plain;charset=UTF-8") == URL


@pytest.mark.parametrize("body", [b"hello", PAIRS, PARTS, b"[1]"])
def test_any_other_plain_text_is_an_unknown_content_type(body: bytes) -> None:
    with pytest.raises(UnsupportedMediaType):
        read_body(body, "text/plain")


@pytest.mark.parametrize("content_type", [JSON, FORM, MULTIPART, "text/plain", None])
def test_an_empty_body_has_no_members(content_type: str | None) -> None:
    assert read_body(b"", content_type) == {}


@pytest.mark.parametrize("content_type", [JSON, None])
@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"hello",
        b"null",
        b"3",
        b'"url"',
        b'["url"]',
        b"[" + OBJECT + b"]",
        b"{",
        b'{"url":}',
        OBJECT + b"x",
        OBJECT * 2,
        b"{'url':'x'}",
        b'{"url":"a\nb"}',
        b'{"url":"a\x00b"}',
        b"<url>x</url>",
        b"--",
        b"--x",
        b"\xff",
        b"\x00",
        b"=",
        b"hello world=1",
    ],
)
def test_a_body_that_is_no_object_and_no_form_is_refused(body: bytes, content_type: str | None) -> None:
    assert refused(body, content_type) == "Invalid request body"


UNICODE = {"url": "https://example.com/été/日本"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8", None])
def test_utf8_with_or_without_its_mark_and_utf16_with_it_are_read(encoding: str, content_type: str | None) -> None:
    assert read_body(json.dumps(UNICODE, ensure_ascii=False).encode(encoding), content_type) == UNICODE


def test_big_endian_utf16_is_read_by_its_mark() -> None:
    assert read_body(b"\xfe\xff" + json.dumps(UNICODE, ensure_ascii=False).encode("utf-16-be"), JSON) == UNICODE
    assert read_body(b"\xfe\xff" + OBJECT.decode().encode("utf-16-be"), "application/json; charset=utf-16") == URL


@pytest.mark.parametrize("charset", ["iso-8859-1", "ISO-8859-1", '"latin1"', "windows-1252"])
def test_latin1_is_read_where_it_is_declared(charset: str) -> None:
    body = '{"url":"https://example.com/é"}'.encode("latin-1")
    assert read_body(body, f"application/json; charset={charset}") == {"url": "https://example.com/é"}
    assert read_body(b"url=caf%E9", f"{FORM}; charset={charset}") == {"url": "café"}


@pytest.mark.parametrize("content_type", [JSON, FORM, None, "text/plain", "application/json; charset=utf-8"])
def test_latin1_that_is_not_declared_is_refused_as_windows_powershell_sends_it(content_type: str | None) -> None:
    refused('{"url":"https://example.com/é"}'.encode("latin-1"), content_type)


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (OBJECT, "shift_jis"),
        (OBJECT, "utf-7"),
        (OBJECT, "rot13"),
        (OBJECT, "no\0such"),
        (OBJECT.decode().encode("utf-16-le"), "utf-16-le"),
        (OBJECT.decode().encode("utf-16-le"), "utf-8"),
        (b"\xff\xfe" + OBJECT.decode().encode("utf-16-le")[:-1], "utf-16"),
        (b"\xff\xfe{\0\x00\xd8}\0", "utf-16"),
        (OBJECT.decode().encode("utf-32"), "utf-32"),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + OBJECT, "utf-8"),
        (b'{"url":"\xed\xa0\x80"}', "utf-8"),
        (b'{"url":"\xc0\xaf"}', "utf-8"),
        (b'{"url":"\x81"}', "windows-1252"),
    ],
)
def test_other_encodings_and_broken_ones_are_refused(body: bytes, charset: str) -> None:
    refused(body, f"application/json; charset={charset}")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"url":' * 200_000,
        b'{"url":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"url":' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"url":' + b"1" * 5_000 + b"}",
        b'{"url":-' + b"1" * 300_000 + b"}",
        b'{"url":1e999}',
        b'{"url":-1e999}',
        b'{"url":NaN}',
        b'{"url":Infinity}',
        b'{"url":-Infinity}',
        rb'{"url":"\ud800"}',
        rb'{"url":"\udc00\ud800"}',
        rb'{"\ud800":1}',
        rb'{"a":[{"b":"\uDFFF"}]}',
    ],
    ids=lambda body: body[:20],
)
def test_json_that_could_not_be_kept_unharmed_is_refused(body: bytes) -> None:
    refused(body, JSON)


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (b'{"a":1,"a":2}', {"a": 2}),
        (rb'{"a":"\u0000"}', {"a": "\0"}),
        (rb'{"a":"\ud83d\ude00"}', {"a": "\U0001f600"}),
        (b'{"a":9007199254740993,"b":-0.5e-400,"c":1e308}', {"a": 9007199254740993, "b": -0.0, "c": 1e308}),
        (b'{"a":' + b"1" * 4_300 + b"}", {"a": int("1" * 4_300)}),
        (b'{"a":"' + b"[" * 5_000 + b'"}', {"a": "[" * 5_000}),
        (b'{"a":' + b"[" * 99 + b"]" * 99 + b"}", {"a": json.loads("[" * 99 + "]" * 99)}),
        (b'{"":{"":[]}}', {"": {"": []}}),
    ],
    ids=lambda value: str(value)[:20],
)
def test_unusual_json_is_read_as_javascript_reads_it(body: bytes, members: dict[str, Any]) -> None:
    assert read_body(body, JSON) == members


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (b"url=a+b%26c&x=&y", {"url": "a b&c", "x": "", "y": ""}),
        (b"url=%C3%A9", {"url": "é"}),
        ("url=é".encode(), {"url": "é"}),
        (b"url=%zz", {"url": "%zz"}),
        (b"url=a;b", {"url": "a;b"}),
        (b"a%5Bb%5D=1", {"a[b]": "1"}),
        (b"hello", {"hello": ""}),
        (b"&&=&", {"": ""}),
    ],
)
def test_forms_are_read_as_browsers_write_them(body: bytes, members: dict[str, str]) -> None:
    assert read_body(body, FORM) == members


@pytest.mark.parametrize("body", [b"url=%ff", b"url=%ed%a0%80", b"a=1&" * 2_000, b"&" * 2_000])
def test_a_form_that_cannot_be_decoded_or_is_endless_is_refused(body: bytes) -> None:
    refused(body, FORM)


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (multipart(part("url", b"x"), part("note", "é".encode())), {"url": "x", "note": "é"}),
        (multipart(part("url", b"no"), part("url", b"yes")), {"url": "yes"}),
        (multipart(part("url", b"")), {"url": ""}),
        (multipart(*[part("url", b"x")] * 1_000), {"url": "x"}),
        (multipart(part("url", b"a\r\nb\n\r\n")), {"url": "a\r\nb\n\r\n"}),
        (multipart(part("url", b"--b0undar")), {"url": "--b0undar"}),
        (multipart(part("url", b"\xe9", "Content-Type: text/plain; charset=ISO-8859-1")), {"url": "é"}),
        (multipart(part("url", b"x", "Content-Transfer-Encoding: 8bit", "X-Other: 1")), {"url": "x"}),
        (multipart(part("url", b"x"), part('f"; filename="x.bin', b"\xff\0")), {"url": "x"}),
        (PARTS.replace(b"\r\n", b"\n"), URL),
        (PARTS.replace(b"b0undary\r\n", b"b0undary \t\r\n"), URL),
        (PARTS.removesuffix(b"\r\n"), URL),
        (PARTS + b"an epilogue", URL),
        (PARTS.replace(b'"url"', b"url"), URL),
        (PARTS.replace(b"Content-Disposition", b"content-disposition"), URL),
        (PARTS.replace(b'"url"', rb'"a; filename=\"b\""'), {'a; filename="b"': "https://example.com"}),
    ],
)
def test_multipart_forms_are_read_as_clients_write_them(body: bytes, members: dict[str, str]) -> None:
    assert read_body(body, MULTIPART) == members


@pytest.mark.parametrize(
    "body",
    [
        b"--b0undary--\r\n",
        b"--b0undary\r\n--b0undary--\r\n",
        PARTS.removesuffix(b"--b0undary--\r\n"),
        PARTS.removesuffix(b"--\r\n"),
        PARTS.replace(b"\r\n\r\n", b"\r\n"),
        PARTS.replace(b"form-data", b"attachment"),
        PARTS.replace(b'; name="url"', b""),
        b"a preamble\r\n" + PARTS,
        multipart(part("url", b"\xe9")),
        multipart(part("url", b"x", "Content-Type: text/plain; charset=utf-16")),
        multipart(part("url", b"eA==", "Content-Transfer-Encoding: base64")),
        multipart(part("url", b"x", "X-Long: " + "x" * 10_000)),
        multipart(*[part("url", b"x")] * 1_001),
        multipart(part("url", b"x"), part("url", b"y").replace(b"b0undary", b"b0undary?")),
    ],
)
def test_a_broken_multipart_form_is_refused(body: bytes) -> None:
    refused(body, MULTIPART)


@pytest.mark.parametrize("content_type", [MULTIPART, "multipart/form-data", JSON, None])
def test_deluge_signs_the_compact_json_of_a_forms_fields(content_type: str | None) -> None:
    assert multipart_fields_json(PARTS, content_type) == OBJECT


def test_the_signed_json_keeps_order_and_letters() -> None:
    body = multipart(part("url", b'a/"b"'), part("a", "é\t".encode()), part("1", b"2"))
    assert multipart_fields_json(body, MULTIPART) == '{"url":"a/\\"b\\"","a":"é\\t","1":"2"}'.encode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (OBJECT, JSON),
        (PAIRS, FORM),
        (b"", MULTIPART),
        (PARTS[:-9], MULTIPART),
        (PARTS, "text/plain"),
        (PARTS, "text/xml"),
    ],
)
def test_nothing_but_a_multipart_form_has_fields_to_sign(body: bytes, content_type: str) -> None:
    assert multipart_fields_json(body, content_type) is None


LABELS = st.sampled_from([None, "", JSON, FORM, MULTIPART, "text/plain", "multipart/form-data"]) | st.text(
    st.characters()
)
CHARSETS = st.sampled_from(["", "utf-8", "utf-16", "iso-8859-1", "windows-1252", "hex", "\ud800"])
PIECES = [
    b"{",
    b"}",
    b'"',
    b"url",
    b":",
    b"[",
    b"]",
    b",",
    b"\\u",
    b"d800",
    b"1e9",
    b"NaN",
    b"&",
    b"=",
    b"%ff",
    b"\r\n",
    b"\n",
]
PIECES += [
    b"--",
    b"b0undary",
    b"Content-Disposition: form-data; name=",
    b"; filename=",
    b"\r\n\r\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
]
BODIES = st.binary() | st.lists(st.sampled_from([*PIECES, OBJECT, PAIRS, PARTS]) | st.binary(max_size=3)).map(b"".join)


@settings(max_examples=1_000, deadline=None)
@given(BODIES, LABELS, CHARSETS)
@example(b"\xff\xfe", JSON, "")
@example(b"--a\r\n", MULTIPART, "")
def test_any_bytes_under_any_label_are_read_or_refused_by_name(body: bytes, label: str | None, charset: str) -> None:
    content_type = f"{label}; charset={charset}" if label is not None and charset else label
    signed = multipart_fields_json(body, content_type)
    try:
        members = read_body(body, content_type)
    except (InvalidRequest, UnsupportedMediaType):
        assert signed is None
        return
    assert json.loads(json.dumps(members, allow_nan=False, ensure_ascii=False).encode()) == members
    assert signed is None or json.loads(signed) == members


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(), VALUES, max_size=5), st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_every_json_object_arrives_as_it_was_sent(members: dict[str, Any], ascii_only: bool, encoding: str) -> None:
    assert read_body(json.dumps(members, ensure_ascii=ascii_only).encode(encoding), JSON) == members


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1, max_size=5))
def test_every_form_arrives_as_it_was_sent(fields: dict[str, str]) -> None:
    assert read_body(urlencode(fields).encode(), FORM) == fields


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text("abcé ;=-", min_size=1), st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_every_multipart_form_arrives_as_it_was_sent(fields: dict[str, str]) -> None:
    unmarked = {name: value.removeprefix("\ufeff") for name, value in fields.items()}
    assert read_body(multipart(*[part(name, value.encode()) for name, value in fields.items()]), MULTIPART) == unmarked
