from __future__ import annotations

import base64
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jobserver.auth.cliq import read_public_key
from jobserver.auth.mac import Mac
from jobserver.auth.signing import Caller, Credentials, Signed, authenticate, bears, check_secrets, fingerprint
from jobserver.errors import WeakSecret
from jobserver.jobs.access import EVERYTHING, Scope
from tests.auth.deluge import VECTORS
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
    timed,
)


@pytest.mark.parametrize(("secret", "data", "signature"), VECTORS)
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


CLIQ_KEY = rsa.generate_private_key(65537, 2048)
CLIQ = read_public_key(CLIQ_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def of_cliq(body: bytes) -> str:
    return base64.b64encode(CLIQ_KEY.sign(body, PKCS1v15(), SHA256())).decode()


@pytest.mark.parametrize("strict", [False, True])
def test_a_post_that_cliq_signed_is_accepted_and_does_not_manage(strict: bool) -> None:
    credentials = Credentials((SECRET,), strict=strict, cliq=CLIQ)
    caller = authenticate(signed(of_cliq(BODY)), credentials, NOW)
    assert caller == Caller(credential=fingerprint(of_cliq(BODY)), scopes=EVERYTHING - {Scope.MANAGE})


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "request_",
    [
        GET._replace(signature=of_cliq(b"")),
        GET._replace(body=BODY, signature=of_cliq(BODY)),
        POST._replace(body=b"", signature=of_cliq(b"")),
        POST._replace(body=BODY + b" .", signature=of_cliq(BODY)),
        POST._replace(method="DELETE", signature=of_cliq(BODY)),
        POST._replace(signature=of_cliq(BODY), timestamp=f"{NOW.timestamp():.0f}"),
    ],
)
def test_what_cliq_would_not_send_is_refused(request_: Signed, strict: bool) -> None:
    assert not admitted(request_, Credentials((SECRET,), strict=strict, cliq=CLIQ))


def test_without_its_key_cliqs_signature_is_nothing() -> None:
    assert reason(signed(of_cliq(BODY))) == "mismatch"


def test_the_other_ways_to_sign_go_on_beside_cliqs() -> None:
    credentials = Credentials((SECRET,), cliq=CLIQ)
    for request in (signed(SECRET), signed(digest(BODY).hex()), timed(), signed(digest(b"{}").hex(), GET)):
        assert admitted(request, credentials)
    secret = "A" * 344
    assert admitted(signed(secret), Credentials((secret,), cliq=CLIQ))
