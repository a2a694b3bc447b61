from __future__ import annotations

import base64
import hmac
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobserver.auth.links import sign, verify

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = int((NOW + timedelta(minutes=15)).timestamp())
SECRET = "correct horse battery staple"
TOKEN = sign(SECRET, "preview", "job-1", LATER)


def opens(
    *,
    purpose: str = "preview",
    job_id: str = "job-1",
    expires: int = LATER,
    token: str = TOKEN,
    now: datetime = NOW,
    secrets: tuple[str, ...] = (SECRET,),
) -> bool:
    return verify(secrets, purpose, job_id, expires, token, now)


def test_a_link_opens_what_it_was_signed_for_until_its_time_has_come() -> None:
    end = datetime.fromtimestamp(LATER, UTC)
    assert opens()
    assert opens(now=end - timedelta(seconds=1))
    assert not opens(now=end)
    assert not opens(now=end + timedelta(days=365))


def test_a_link_opens_nothing_else() -> None:
    assert not opens(purpose="cancel")
    assert not opens(job_id="job-2")
    assert not opens(expires=LATER + 1)
    assert not opens(secrets=("another secret entirely",))
    assert not opens(secrets=())


def test_a_link_survives_rotation_while_the_old_secret_is_kept() -> None:
    assert opens(secrets=("the new secret of ours", SECRET))


def test_a_link_is_safe_in_a_url() -> None:
    assert set(TOKEN) <= set(string.ascii_letters + string.digits + "-_")
    assert len(TOKEN) == 43


def test_no_request_signature_is_a_link() -> None:
    for message in ("job-1", f"{LATER}.job-1", f"preview.{LATER}.job-1", "preview"):
        digest = hmac.digest(SECRET.encode(), message.encode(), "sha256")
        assert not opens(token=base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
        assert not opens(token=digest.hex())


@pytest.mark.parametrize(
    "token", ["", " ", TOKEN + "=", TOKEN[:-1], TOKEN.swapcase(), "é" * 43, "\ud800", "x" * 100_000]
)
def test_a_token_that_is_not_exactly_ours_is_refused(token: str) -> None:
    assert not opens(token=token)


@pytest.mark.parametrize("expires", [-1, 0, 10**13, 10**5000], ids=["negative", "zero", "far", "absurd"])
def test_no_time_is_too_odd_to_be_refused(expires: int) -> None:
    assert not opens(expires=expires)


def test_a_blank_secret_opens_nothing() -> None:
    assert not opens(secrets=("",), token=sign("", "preview", "job-1", LATER))


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()), st.integers())
def test_guessing_opens_nothing_and_breaks_nothing(purpose: str, job_id: str, token: str, expires: int) -> None:
    assert not opens(purpose=purpose, job_id=job_id, expires=expires, token=token)
