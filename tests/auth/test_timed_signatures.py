"""Signatures with a timestamp: what they cover, how long they last, and that each is read in one way."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobserver.auth.signing import Signed, authenticate
from tests.auth.signatures import (
    ACCEPTED,
    BODY,
    GET,
    NOW,
    POST,
    SECRET,
    STRICT,
    admitted,
    digest,
    reason,
    signed,
    stamped,
    timed,
)


def test_a_timestamped_signature_covers_time_method_path_query_and_body() -> None:
    request = timed()
    assert admitted(request, STRICT)
    for other in (
        request._replace(timestamp=str(int(request.timestamp or 0) + 1)),
        request._replace(method="PUT"),
        request._replace(path="/analyze?wait=6"),
        request._replace(path="/analyze"),
        request._replace(body=BODY + b" "),
    ):
        assert reason(other, STRICT) == "mismatch"


def test_a_path_is_signed_exactly_as_it_was_sent() -> None:
    assert admitted(timed(GET._replace(path="/preview?jobId=a%2Fb&x=%C3%A9+1")), STRICT)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_timestamp_within_five_minutes_is_accepted(seconds: int) -> None:
    assert admitted(timed(at=NOW + timedelta(seconds=seconds)), STRICT)


@pytest.mark.parametrize("seconds", [-3600, -301, 301, 3600])
def test_a_timestamp_further_away_is_refused(seconds: int) -> None:
    assert reason(timed(at=NOW + timedelta(seconds=seconds))) == "timestamp"


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        " ",
        "soon",
        "1.7e9",
        "-1",
        "+1767225600",
        "1767225600 ",
        "1767225600.",
        ".5",
        "1767225600.0.0",
        "1767225600.1234567890",
        "1767225600,5",
        "1767225600.0, 1767225600.0",
        "٣" * 10,
    ],
)
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(stamp: str) -> None:
    assert reason(timed()._replace(timestamp=stamp)) == "timestamp"


@pytest.mark.parametrize("stamp", ["9" * 13, "9" * 5000])
def test_a_timestamp_of_absurd_length_is_refused(stamp: str) -> None:
    assert reason(timed()._replace(timestamp=stamp)) == "timestamp"


@pytest.mark.parametrize("fraction", [".0", ".5", ".123456", ".123456789", ".000000000"])
def test_a_timestamp_may_have_a_fraction_which_is_signed_as_it_is_written(fraction: str) -> None:
    stamp = f"{NOW.timestamp():.0f}{fraction}"
    assert admitted(stamped(stamp), STRICT)
    for other in (stamp.partition(".")[0], f"{stamp}0"[:20], stamp[:-1]):
        if other != stamp:
            assert not admitted(stamped(stamp)._replace(timestamp=other), STRICT)


@pytest.mark.parametrize(("stamp", "why"), [("299.5", ""), ("300.0", ""), ("300.1", "timestamp")])
def test_a_fraction_counts(stamp: str, why: str) -> None:
    at = f"{NOW.timestamp() + float(stamp):.1f}"
    assert reason(stamped(at)) == why if why else admitted(stamped(at))


def test_a_signature_of_a_change_is_for_one_use_and_one_of_a_look_for_any_number() -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        request = timed(POST._replace(method=method))
        assert authenticate(request, STRICT, NOW).use is not None
    for method in ("GET", "HEAD", "OPTIONS"):
        assert authenticate(timed(GET._replace(method=method)), STRICT, NOW).use is None
    assert authenticate(signed(digest(BODY).hex()), ACCEPTED, NOW).use is None


def test_a_use_is_the_same_in_every_spelling_and_of_no_other_signature() -> None:
    request = timed()
    made = bytes.fromhex(request.signature or "")
    spellings = [made.hex(), made.hex().upper(), base64.b64encode(made).decode()]
    uses = {
        authenticate(request._replace(signature=f"{prefix}{spelt}"), STRICT, NOW).use
        for spelt in spellings
        for prefix in ("", "sha256=")
    }
    assert len(uses) == 1
    assert authenticate(timed(at=NOW + timedelta(seconds=1)), STRICT, NOW).use not in uses
    (use,) = uses
    assert use is not None
    assert use.until == NOW.timestamp() + 300
    assert len(use.mark) == 16


@pytest.mark.parametrize(
    ("sent", "forged"),
    [
        (
            GET._replace(path="/v1/jobs/job-1/artifacts/a.txt"),
            GET._replace(path="/v1/jobs/job-1/artifacts/a", body=b"txt."),
        ),
        (GET._replace(path="/result/job-1?wait=0.5"), GET._replace(path="/result/job-1?wait=0", body=b"5.")),
        (POST._replace(path="/analyze?wait=0.5"), POST._replace(path="/analyze?wait=0", body=b"5." + BODY)),
        (
            POST._replace(body=b'{"url":"https://example.com/?a=1&url=https://example.org"}'),
            POST._replace(path='/analyze?wait=5.{"url":"https://example', body=b'com/?a=1&url=https://example.org"}'),
        ),
        (
            POST._replace(body=b"engine=static&x=a.b&url=https%3A%2F%2Fexample"),
            POST._replace(path="/analyze?wait=5.engine=static&x=a", body=b"b&url=https%3A%2F%2Fexample"),
        ),
        (POST._replace(method="DELETE", body=b""), POST._replace(method="DELETE", path="/analyze?wait=5.", body=b"")),
    ],
)
def test_what_a_timestamped_signature_covers_cannot_be_divided_anew(sent: Signed, forged: Signed) -> None:
    right = timed(sent)
    assert admitted(right, STRICT)
    assert reason(forged._replace(timestamp=right.timestamp, signature=right.signature), STRICT) == "mismatch"


@settings(max_examples=500, deadline=None)
@given(st.text("./{a?=", max_size=8), st.text("./{a?=", max_size=8))
def test_every_text_is_read_as_one_path_and_one_body_at_most(path: str, body: str) -> None:
    text = f"/{path}.{body}"
    cuts = [number for number, letter in enumerate(text) if letter == "."]
    stamp = f"{NOW.timestamp():.0f}"
    signature = digest(f"{stamp}.POST.{text}".encode()).hex()
    ways = [Signed("POST", text[:cut], text[cut + 1 :].encode(), signature, stamp) for cut in cuts]
    assert sum(admitted(way, STRICT) for way in ways) <= 1


def test_a_fraction_is_no_part_of_the_method() -> None:
    right = stamped(f"{NOW.timestamp():.0f}.5")
    forged = right._replace(timestamp=f"{NOW.timestamp():.0f}", method="5.POST")
    assert reason(forged, STRICT) == "mismatch"


@pytest.mark.parametrize("signature", [SECRET, digest(BODY).hex()])
def test_a_request_with_a_timestamp_is_held_to_it(signature: str) -> None:
    stamp = str(int(NOW.timestamp()))
    assert reason(signed(signature)._replace(timestamp=stamp)) == "mismatch"


@pytest.mark.parametrize("signature", [SECRET, digest(BODY).hex(), base64.b64encode(digest(BODY)).decode()])
def test_strict_refuses_every_form_without_a_timestamp(signature: str) -> None:
    assert reason(signed(signature), STRICT) == "untimed"
    assert reason(signed(digest(b"{}").hex(), GET), STRICT) == "untimed"


@pytest.mark.parametrize("fraction", ["", ".5", ".123456789"])
def test_a_timestamped_signature_cannot_outlive_its_time_as_the_signature_of_a_body(fraction: str) -> None:
    stamp = f"{NOW.timestamp():.0f}{fraction}"
    form = stamped(stamp, Signed("POST", "/analyze", b"a=1&url=https://example.com"))
    message = f"{form.timestamp}.POST./analyze.".encode() + form.body
    replayed = Signed("POST", "/analyze", message, signature=form.signature)
    assert reason(replayed, now=NOW + timedelta(days=1)) == "mismatch"
