"""Rates and holdings: how many requests pass, and what is remembered of whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobserver.auth.limits import WINDOW, Holdings, RateLimiter


def passed(limiter: RateLimiter, rate: float, moments: list[float], who: str = "a") -> list[float]:
    return [moment for moment in moments if not limiter.take(who, rate, moment).wait]


def test_a_minutes_requests_may_come_at_once_and_the_next_when_it_is_told():
    limiter = RateLimiter()
    assert [limiter.take("a", 3, 0.0).left for _ in range(3)] == [2, 1, 0]
    refused = limiter.take("a", 3, 0.0)
    assert refused.wait == pytest.approx(20)
    assert limiter.take("a", 3, 19.9).wait
    assert not limiter.take("a", 3, 20.0).wait
    assert limiter.take("a", 3, 20.0).wait


def test_what_is_refused_is_not_counted():
    limiter = RateLimiter()
    limiter.take("a", 1, 0.0)
    assert not passed(limiter, 1, [second / 10 for second in range(1, 600)])
    assert passed(limiter, 1, [60.0]) == [60.0]


def test_what_is_left_comes_back_evenly():
    limiter = RateLimiter()
    for _ in range(60):
        limiter.take("a", 60, 0.0)
    half = limiter.take("a", 60, 30.0)
    assert half.left == 29
    assert half.full_in == pytest.approx(31)


def test_callers_do_not_share():
    limiter = RateLimiter()
    assert passed(limiter, 1, [0.0, 0.0], "a") == [0.0]
    assert passed(limiter, 1, [0.0, 0.0], "b") == [0.0]


@given(
    rate=st.integers(1, 600),
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_no_pattern_gets_more_than_a_minutes_burst_and_its_rate(rate: int, gaps: list[float]):
    limiter, moments, now = RateLimiter(), [], 1_000.0
    for gap in gaps:
        now += gap
        moments.append(now)
    allowed = passed(limiter, rate, moments)
    for first, moment in enumerate(allowed):
        span = allowed[-1] - moment
        assert len(allowed) - first <= rate + rate * span / WINDOW + 1e-6


@given(st.integers(1, 100), st.lists(st.floats(0, 30), min_size=1, max_size=100))
def test_whoever_keeps_to_its_rate_is_never_refused(rate: int, late: list[float]):
    limiter, now = RateLimiter(), 0.0
    for each in late:
        now += WINDOW / rate + each
        assert not limiter.take("a", rate, now).wait


def test_memory_is_bounded_however_many_come():
    limiter = RateLimiter(callers=100)
    for number in range(10_000):
        limiter.take(f"{number}", 10, number / 1_000)
    assert len(limiter) <= 200


def test_the_quiet_are_forgotten_and_the_busy_are_not():
    limiter = RateLimiter()
    limiter.take("quiet", 10, 0.0)
    for second in range(1, 200):
        limiter.take("busy", 1, float(second))
    assert len(limiter) <= 2
    assert limiter.take("busy", 1, 200.0).wait


def test_nobody_is_forgotten_before_it_has_paid():
    limiter = RateLimiter()
    for second in range(59):
        limiter.take(f"{second}", 1, float(second))
    limiter.take("a", 1, 59.0)
    for second in range(60, 119):
        limiter.take("b", 1, float(second))
        assert limiter.take("a", 1, float(second)).wait


def test_a_holder_has_its_share_and_all_have_the_whole():
    room = Holdings(total=10, share=6)
    assert room.take("a", 6)
    assert not room.take("a", 1)
    assert not room.take("b", 5)
    assert room.take("b", 4)
    assert not room.take("c", 1)
    room.give("a", 6)
    assert (room.of("a"), room.of("b")) == (0, 4)
    assert room.take("c", 6)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5)), max_size=60))
def test_what_is_given_back_is_there_again(steps: list[tuple[str, int]]):
    room, held = Holdings(total=20, share=8), []
    for holder, amount in steps:
        if room.take(holder, amount):
            held.append((holder, amount))
        assert sum(room.of(holder) for holder in "abc") == sum(amount for _, amount in held) <= 20
        assert all(room.of(holder) <= 8 for holder in "abc")
    for holder, amount in held:
        room.give(holder, amount)
    assert all(room.take(holder, 6) for holder in "abc")
