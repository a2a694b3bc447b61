from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobserver.auth.mac import Mac
from jobserver.auth.signing import Caller, Credentials, Signed, authenticate, bears, check_secrets, fingerprint
from jobserver.errors import Unauthorized, WeakSecret

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "correct horse battery staple"
ACCEPTED = Credentials((SECRET,))
STRICT = Credentials((SECRET,), strict=True)
BODY = b'{"url":"https://example.com"}'
POST = Signed("POST", "/analyze?wait=5", BODY)
GET = Signed("GET", "/result/job-1", b"")


def digest(message: bytes, secret: str = SECRET) -> bytes:
    return hmac.digest(secret.encode(), message, "sha256")


def signed(signature: str | None, request: Signed = POST) -> Signed:
    return request._replace(signature=signature)


def timed(request: Signed = POST, *, at: datetime = NOW, secret: str = SECRET) -> Signed:
    stamp = str(int(at.timestamp()))
    message = f"{stamp}.{request.method}.{request.path}.".encode() + request.body
    return request._replace(timestamp=stamp, signature=digest(message, secret).hex())


def reason(request: Signed, credentials: Credentials = ACCEPTED, now: datetime = NOW) -> str:
    with pytest.raises(Unauthorized) as refused:
        authenticate(request, credentials, now)
    assert refused.value.message == "Invalid x-cliq-signature."
    return refused.value.reason


def admitted(request: Signed, credentials: Credentials = ACCEPTED, now: datetime = NOW) -> bool:
    try:
        authenticate(request, credentials, now)
    except Unauthorized:
        return False
    return True


@pytest.mark.parametrize(
    ("secret", "data", "signature"),
    [
        (
            "sk_5Ow7B_4eC39H",
            b"{Order ID: 0932, Currency: USD, Amount: 2500}",
            "13721963e7ac439f5a2e63c261856393647f3f51b493beebf5919af4bc3de19c",
        ),
        (
            "Use me to generate hash",
            b"My#New#Password",
            "79d602cb1914e232f67448c40cef1a532f1666ba4a46f42ab8da60294a9ee6f0",
        ),
    ],
)
def test_what_deluge_signs_is_accepted(secret: str, data: bytes, signature: str) -> None:
    assert authenticate(Signed("POST", "/analyze", data, signature), Credentials((secret,)), NOW).owner == "default"


@pytest.mark.parametrize(
    "signature",
    [
        SECRET,
        digest(BODY).hex(),
        digest(BODY).hex().upper(),
        base64.b64encode(digest(BODY)).decode(),
        "sha256=" + digest(BODY).hex(),
        "sha256=" + digest(BODY).hex().upper(),
        "sha256=" + base64.b64encode(digest(BODY)).decode(),
    ],
)
def test_the_secret_and_each_spelling_of_the_hmac_are_accepted(signature: str) -> None:
    assert authenticate(signed(signature), ACCEPTED, NOW) == Caller(credential=fingerprint(signature))


@pytest.mark.parametrize(
    "signature",
    [
        "",
        " ",
        "testsecret",
        SECRET.upper(),
        SECRET[:-1],
        SECRET + "\0",
        f"{SECRET}, {SECRET}",
        f"{digest(BODY).hex()}, {digest(BODY).hex()}",
        "sha256=",
        "sha256=" + SECRET,
        "sha256=sha256=" + digest(BODY).hex(),
        "SHA1=" + digest(BODY).hex(),
        digest(BODY).hex()[:-1],
        digest(BODY + b"\n").hex(),
        digest(BODY, "another secret entirely").hex(),
        base64.b64encode(digest(BODY)).decode().rstrip("="),
        base64.b64encode(digest(BODY)).decode()[:-2] + "==",
        "é" * 32,
        "\ud800",
        "\udcff" * 64,
        "\u017f" * 64,
        "0" * 64,
        "A" * 44,
        "x" * 1_000_000,
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_anything_else_is_refused_and_never_explodes(signature: str) -> None:
    assert reason(signed(signature)) == "mismatch"


def test_a_signature_is_for_one_body_only() -> None:
    assert reason(signed(digest(BODY).hex())._replace(body=BODY + b" ")) == "mismatch"


def test_a_request_without_a_signature_is_refused_unless_unsigned_ones_are_allowed() -> None:
    assert reason(POST) == "missing"
    assert authenticate(POST, Credentials((SECRET,), allow_unsigned=True), NOW) == Caller(credential=None)


@pytest.mark.parametrize("signature", ["", "wrong", "0" * 64])
def test_a_wrong_signature_is_refused_even_where_unsigned_requests_are_allowed(signature: str) -> None:
    assert reason(signed(signature), Credentials((SECRET,), allow_unsigned=True)) == "mismatch"


def test_while_secrets_rotate_the_new_and_the_old_one_are_accepted() -> None:
    rotating = Credentials(("the new secret of ours", SECRET))
    for secret in rotating.secrets:
        assert admitted(signed(secret), rotating)
        assert admitted(signed(digest(BODY, secret).hex()), rotating)
        assert admitted(timed(secret=secret), rotating)
    assert not admitted(signed(SECRET), Credentials(("the new secret of ours",)))


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_secret_lets_nobody_in(blank: str) -> None:
    credentials = Credentials((blank,))
    assert not admitted(signed(blank), credentials)
    assert not admitted(signed(digest(BODY, blank).hex()), credentials)
    assert not admitted(timed(secret=blank), credentials)


def test_a_get_may_be_signed_over_an_empty_object_or_over_nothing() -> None:
    assert admitted(signed(digest(b"{}").hex(), GET))
    assert admitted(signed(digest(b"").hex(), GET))


@pytest.mark.parametrize("request_", [Signed("POST", "/analyze", b""), Signed("GET", "/result/job-1", b"x"), POST])
def test_the_signature_of_an_empty_object_is_for_gets_without_a_body(request_: Signed) -> None:
    assert not admitted(signed(digest(b"{}").hex(), request_))


def test_another_form_of_the_body_may_be_signed_instead_with_and_without_a_timestamp() -> None:
    multipart = Signed("POST", "/analyze", b"--b\r\n...", alternatives=(b"no", BODY))
    assert admitted(signed(digest(BODY).hex(), multipart))
    stamp = int(NOW.timestamp())
    request = signed(digest(f"{stamp}.POST./analyze.".encode() + BODY).hex(), multipart)
    assert admitted(request._replace(timestamp=str(stamp)), STRICT)


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
    "stamp", ["", " ", "soon", "1.7e9", "-1", "+1767225600", "1767225600.0", "1767225600 ", "٣" * 10]
)
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(stamp: str) -> None:
    assert reason(timed()._replace(timestamp=stamp)) == "timestamp"


@pytest.mark.parametrize("stamp", ["9" * 13, "9" * 5000])
def test_a_timestamp_of_absurd_length_is_refused(stamp: str) -> None:
    assert reason(timed()._replace(timestamp=stamp)) == "timestamp"


@pytest.mark.parametrize("signature", [SECRET, digest(BODY).hex()])
def test_a_request_with_a_timestamp_is_held_to_it(signature: str) -> None:
    stamp = str(int(NOW.timestamp()))
    assert reason(signed(signature)._replace(timestamp=stamp)) == "mismatch"


@pytest.mark.parametrize("signature", [SECRET, digest(BODY).hex(), base64.b64encode(digest(BODY)).decode()])
def test_strict_refuses_every_form_without_a_timestamp(signature: str) -> None:
    assert reason(signed(signature), STRICT) == "untimed"
    assert reason(signed(digest(b"{}").hex(), GET), STRICT) == "untimed"


def test_a_timestamped_signature_cannot_outlive_its_time_as_the_signature_of_a_body() -> None:
    form = timed(Signed("POST", "/analyze", b"a=1&url=https://example.com"))
    message = f"{form.timestamp}.POST./analyze.".encode() + form.body
    replayed = Signed("POST", "/analyze", message, signature=form.signature)
    assert reason(replayed, now=NOW + timedelta(days=1)) == "mismatch"


def test_the_signature_that_queued_a_job_is_known_again_and_no_other_is() -> None:
    queued = authenticate(signed(digest(BODY).hex()), ACCEPTED, NOW).credential
    assert bears(digest(BODY).hex(), queued)
    assert not bears(digest(BODY).hex().upper(), queued)
    assert not bears("", queued)
    assert not bears("é\ud800", queued)
    assert not bears(None, queued)


def test_nobody_bears_the_signature_of_an_unsigned_job() -> None:
    assert not bears("", None)
    assert not bears(None, None)


def test_a_body_of_megabytes_is_signed_like_any_other() -> None:
    request = Signed("POST", "/analyze", bytes(5_000_000))
    assert admitted(signed(digest(request.body).hex(), request))
    assert admitted(timed(request), STRICT)


def test_secrets_do_not_show_where_credentials_are_printed() -> None:
    assert SECRET not in repr(ACCEPTED)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 200])
def test_our_hmac_is_the_standard_one_for_keys_of_every_length(length: int) -> None:
    key = bytes(range(length))
    assert Mac(key).digest(b"a", b"", b"bc") == hmac.digest(key, b"abc", "sha256")


FORMS = {
    "secret": (signed(SECRET), ACCEPTED),
    "hex": (signed(digest(BODY).hex()), ACCEPTED),
    "base64": (signed(base64.b64encode(digest(BODY)).decode()), ACCEPTED),
    "prefixed": (signed("sha256=" + digest(BODY).hex()), ACCEPTED),
    "get": (signed(digest(b"{}").hex(), GET), ACCEPTED),
    "timed": (timed(), STRICT),
}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_no_altered_signature_is_accepted(form: str, data: st.DataObject) -> None:
    request, credentials = FORMS[form]
    assert admitted(request, credentials)
    genuine = request.signature or ""
    start = data.draw(st.integers(0, len(genuine)))
    end = data.draw(st.integers(start, len(genuine)))
    altered = genuine[:start] + data.draw(st.text(max_size=4)) + genuine[end:]
    assume(altered.removeprefix("sha256=").lower() != genuine.removeprefix("sha256=").lower())
    assert not admitted(request._replace(signature=altered), credentials)


@pytest.mark.parametrize("form", sorted(FORMS.keys() - {"secret"}))
@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_no_altered_body_is_accepted(form: str, data: st.DataObject) -> None:
    request, credentials = FORMS[form]
    start = data.draw(st.integers(0, len(request.body)))
    end = data.draw(st.integers(start, len(request.body)))
    altered = request.body[:start] + data.draw(st.binary(max_size=4)) + request.body[end:]
    assume(altered not in (request.body, b"{}" if request.method == "GET" else request.body))
    assert not admitted(request._replace(body=altered), credentials)


@settings(max_examples=500, deadline=None)
@given(
    st.builds(
        Signed,
        method=st.sampled_from(["GET", "POST", "get", ""]),
        path=st.text(),
        body=st.binary(),
        signature=st.none() | st.text(st.characters()),
        timestamp=st.none() | st.text(st.characters()) | st.just(str(int(NOW.timestamp()))),
        alternatives=st.lists(st.binary(), max_size=2).map(tuple),
    ),
    st.booleans(),
)
def test_a_stranger_gets_in_with_nothing_and_breaks_nothing(request_: Signed, strict: bool) -> None:
    assert reason(request_, Credentials((SECRET,), strict=strict)) in {"missing", "untimed", "timestamp", "mismatch"}


@pytest.mark.parametrize(
    "secrets", [(), ("",), (" " * 20,), ("testsecret",), ("fifteen bytes..",), (SECRET, "short"), (SECRET, "")]
)
def test_a_server_others_can_reach_does_not_start_with_a_weak_secret(secrets: tuple[str, ...]) -> None:
    with pytest.raises(WeakSecret) as refused:
        check_secrets(secrets, loopback=False)
    assert "CLIQ_SECRET" in refused.value.message
    assert SECRET not in refused.value.message


@pytest.mark.parametrize("secrets", [(SECRET,), ("sixteen bytes...",), ("éééééééé",), (SECRET, "another good secret")])
def test_good_secrets_start_anywhere_without_a_word(secrets: tuple[str, ...]) -> None:
    assert check_secrets(secrets, loopback=False) == []
    assert check_secrets(secrets, loopback=True) == []


@pytest.mark.parametrize("secrets", [(), ("",), ("testsecret",), ("short",)])
def test_on_loopback_a_weak_secret_is_only_warned_of(secrets: tuple[str, ...]) -> None:
    (warning,) = check_secrets(secrets, loopback=True)
    assert "CLIQ_SECRET" in warning
    assert "'short'" not in warning
