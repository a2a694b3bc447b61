"""API keys: what is kept of one, and what opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jobserver.auth.keys import entry_of, key_id, new_key, opens, read_entries, read_scopes
from jobserver.jobs.access import Scope

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY, TOKEN = new_key("acme", {Scope.SUBMIT, Scope.READ}, NOW)


def test_a_token_opens_its_key_and_no_other():
    other, _ = new_key("acme", {Scope.READ}, NOW)
    assert opens(KEY, TOKEN, NOW)
    assert not opens(other, TOKEN, NOW)
    assert not opens(replace(other, id=KEY.id), TOKEN, NOW)
    assert not opens(None, TOKEN, NOW)


@pytest.mark.parametrize("token", [TOKEN.upper(), TOKEN[:-1], TOKEN + "0", f" {TOKEN}", f"{TOKEN}\n", ""])
def test_a_token_that_is_not_quite_it_opens_nothing(token: str):
    assert not opens(KEY, token, NOW)


def test_an_expired_key_opens_nothing_from_that_moment_on():
    key = replace(KEY, expires_at=NOW + timedelta(seconds=10))
    assert opens(key, TOKEN, NOW + timedelta(seconds=9.999))
    assert not opens(key, TOKEN, NOW + timedelta(seconds=10))


def test_of_a_secret_only_its_hash_is_kept():
    secret = TOKEN.rpartition("_")[2]
    assert len(bytes.fromhex(secret)) == 32
    assert secret not in repr(KEY) + entry_of(KEY)
    assert secret.encode() not in KEY.digest
    assert KEY.digest.hex() not in repr(KEY)


def test_a_token_names_its_key():
    assert key_id(TOKEN) == KEY.id
    for text in ("", "jsk_", "jsk_a", "jsk__" + "0" * 64, "Jsk_abc_" + "0" * 64, TOKEN + "\n", "jsk_é_" + "0" * 64):
        assert key_id(text) is None


@pytest.mark.parametrize(("rate", "quota"), [(None, None), (60, None), (None, 0), (1_000_000, 5)])
def test_an_entry_of_the_setting_is_the_key_again(rate: int | None, quota: int | None):
    key, token = new_key("acme", {Scope.SUBMIT, Scope.CANCEL}, NOW, rate=rate, quota=quota)
    (read,) = read_entries(entry_of(key), NOW)
    assert read == replace(key, configured=True)
    assert opens(read, token, NOW)


def test_the_setting_holds_any_number_of_keys():
    assert read_entries("", NOW) == ()
    assert [key.id for key in read_entries(f" {entry_of(KEY)} ,, b:{'0' * 64}:beta:read", NOW)] == [KEY.id, "b"]


GOOD = f"a:{'0' * 64}:acme:read"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a:b", "entry 1: an entry is"),
        (f"{GOOD}, a:{'0' * 63}:acme:read", "entry 2: an entry is"),
        (f"a:{'0' * 64}:ac me:read", "entry 1: an entry is"),
        (f"a_b:{'0' * 64}:acme:read", "entry 1: an entry is"),
        (f"a:{'0' * 64}:acme:reed", "the scopes are submit, read, cancel, manage"),
        (f"{GOOD}:0", "whole number from 1"),
        (f"{GOOD}:1.5", "whole number from 1"),
        (f"{GOOD}:1:-1", "whole number from 0"),
        (f"{GOOD}:1:1:1", "entry 1: an entry is"),
        (f"{GOOD},{GOOD}", "two entries have the same id"),
    ],
)
def test_a_wrong_entry_is_named_by_its_number_and_never_repeated(text: str, complaint: str):
    with pytest.raises(ValueError, match=complaint) as wrong:
        read_entries(text, NOW)
    assert "0" * 63 not in str(wrong.value)


def test_scopes_are_words_of_which_there_is_at_least_one():
    assert read_scopes(["read", " submit"]) == {Scope.READ, Scope.SUBMIT}
    for words in ([], ["everything"], [""]):
        with pytest.raises(ValueError, match="submit, read, cancel, manage"):
            read_scopes(words)
