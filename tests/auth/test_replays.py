"""What has been used is not used again, and what has expired is forgotten."""

from __future__ import annotations

import random

from jobserver.auth.replays import Replays, Use

NOW = 1_767_225_600.0


def use(number: int, until: float = NOW + 300) -> Use:
    return Use(number.to_bytes(16), until)


def test_a_signature_is_used_once():
    replays = Replays()
    assert replays.take(use(1), NOW)
    assert replays.take(use(2), NOW)
    assert not replays.take(use(1), NOW)
    assert not replays.take(use(1), NOW + 299)


def test_what_was_given_back_may_be_used_and_then_not_again():
    replays = Replays()
    replays.take(use(1), NOW)
    replays.give_back(use(1))
    replays.give_back(use(1))
    assert len(replays) == 0
    assert replays.take(use(1), NOW)
    assert not replays.take(use(1), NOW)


def test_to_give_back_what_was_never_taken_is_harmless():
    replays = Replays()
    replays.give_back(use(1))
    replays.take(use(2), NOW)
    replays.give_back(use(1))
    assert len(replays) == 1


def test_no_signature_is_forgotten_while_it_is_good_and_none_is_kept_for_long():
    replays, chance = Replays(), random.Random(7)  # noqa: S311 - the same every time
    now = NOW
    known: list[Use] = []
    for number in range(20_000):
        now += chance.random()
        known.append(use(number, now + chance.uniform(0, 600)))
        assert replays.take(known[-1], now)
        older = chance.choice(known[-900:])
        if now <= older.until:
            assert not replays.take(older, now), (older, now)
    good = sum(each.until >= now for each in known)
    assert good <= len(replays) < good + 300


def test_a_full_table_forgets_what_ends_first_and_grows_no_further():
    replays = Replays(most=100)
    for number in range(1_000):
        assert replays.take(use(number, NOW + number), NOW)
        assert len(replays) <= 100
    assert not replays.take(use(999, NOW + 999), NOW)
    assert replays.take(use(0, NOW), NOW)


def test_a_table_that_is_full_of_one_minute_starts_anew():
    replays = Replays(most=10)
    assert all(replays.take(use(number, NOW), NOW) for number in range(95))
    assert len(replays) == 5
    assert not replays.take(use(94, NOW), NOW)
