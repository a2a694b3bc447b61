"""What is remembered of the answers to a page's requests."""

from __future__ import annotations

from typing import Any

import pytest

from jobserver.extract.browser import validators
from jobserver.extract.browser.validators import Validators

AT = 1_795_000_000_000
URL = "https://shop.example/a.css"


def seen_of(
    *, url: str = URL, kind: str = "Stylesheet", length: int = 0, **headers: str
) -> list[tuple[object, ...]] | None:
    one = Validators()
    response: dict[str, Any] = {"url": url, "status": 200, "headers": headers, "responseTime": AT}
    one.note("Network.responseReceived", {"requestId": "1", "type": kind, "response": response})
    one.note("Network.dataReceived", {"requestId": "1", "dataLength": length})
    return one.seen()


@pytest.mark.parametrize(
    "other",
    [
        {"url": "https://shop.example/b.css"},
        {"length": 1},
        {"ETag": '"2"'},
        {"Last-Modified": "Sun, 22 Nov 2026 00:00:00 GMT"},
        {"Content-Security-Policy": "frame-src 'none'"},
        {"Content-Language": "de"},
        {"Access-Control-Allow-Origin": "*"},
    ],
    ids=["address", "length", "etag", "date", "policy", "language", "everybody"],
)
def test_another_version_is_told_from_the_first(other: dict[str, Any]):
    assert seen_of(**other) != seen_of()


@pytest.mark.parametrize(
    "other",
    [{"Date": "now"}, {"Set-Cookie": "a=b"}, {"etag": ""}],
    ids=["date", "cookie", "nothing"],
)
def test_what_differs_each_time_tells_nothing(other: dict[str, Any]):
    assert seen_of(**other) == seen_of()


def test_the_time_of_the_visit_in_an_address_tells_nothing_and_any_other_number_does():
    now, then, other = (seen_of(url=f"{URL}?_={number}") for number in (AT + 5, AT + 60_000, AT - 86_400_000))
    assert now == then
    assert now != other


def test_the_order_of_answers_does_not_count():
    one, other = Validators(), Validators()
    numbers = ["1", "2"]
    for listener, order in ((one, numbers), (other, numbers[::-1])):
        for number in order:
            response = {"url": f"{URL}?{number}", "status": 200, "headers": {}}
            listener.note("Network.responseReceived", {"requestId": number, "type": "Font", "response": response})
    assert one.seen() == other.seen() != []


def test_answers_to_scripts_are_counted_only():
    one = Validators()
    for kind in ("XHR", "Fetch", "Ping"):
        response = {"url": URL, "status": 200, "headers": {}}
        one.note("Network.responseReceived", {"requestId": kind, "type": kind, "response": response})
    assert (one.seen(), one.fetched) == ([], 2)


def test_there_is_no_telling_by_too_many_answers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(validators, "MAX_ANSWERS", 1)
    one = Validators()
    for number in "12":
        assert one.seen() is not None
        response = {"url": URL, "status": 200, "headers": {}}
        one.note("Network.responseReceived", {"requestId": number, "type": "Font", "response": response})
    assert one.seen() is None


def test_what_a_document_says_is_in_the_page_and_a_nonce_is_another_each_time():
    policies: list[dict[str, Any]] = [{"Content-Security-Policy": f"img-src 'nonce-{number}'"} for number in range(2)]
    first = seen_of(kind="Document", ETag="one", length=100, **policies[0])
    assert seen_of(kind="Document", ETag="two", length=101, **policies[1]) == first


def test_a_picture_too_small_to_be_one_tells_nothing():
    assert seen_of(kind="Image", url="https://count.example/1", length=99) == []
    assert seen_of(kind="Image", url="https://count.example/1", length=100) != []


def test_one_address_that_answers_in_two_ways_tells_nothing_of_the_next_visit():
    one = Validators()
    for number, status in (("1", 200), ("2", 500)):
        response = {"url": URL, "status": status, "headers": {}}
        one.note("Network.responseReceived", {"requestId": number, "type": "Font", "response": response})
    assert one.seen() is None


def test_texts_and_drawings_without_a_version_are_to_be_looked_at():
    one = Validators()
    kinds = {"a": "Script", "b": "Stylesheet", "c": "Image", "d": "Image", "e": "Script", "f": "Document"}
    headers = {"e": {"ETag": "1"}}
    for name, kind in kinds.items():
        mime = "image/svg+xml" if name == "d" else ""
        response = {"url": f"{URL}?{name}", "status": 200, "headers": headers.get(name, {}), "mimeType": mime}
        one.note("Network.responseReceived", {"requestId": name, "type": kind, "response": response})
    assert one.unversioned() == [f"{URL}?{name}" for name in "abd"]
