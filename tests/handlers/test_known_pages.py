"""Results that are given again: which are kept, and for how long."""

from __future__ import annotations

import asyncio

from jobserver.handlers.known_pages import File, KnownPages, Reading
from jobserver.jobs.model import Result
from tests.make import until


def a_reading(size: int, *, files: int = 0) -> Reading:
    return Reading("f", "2026-11-22T00:00:00.000Z", Result(b"x" * size), (File("a", b"x" * files, "image/webp"),))


async def test_the_last_reading_of_a_page_is_given_again():
    known = KnownPages(100, keep=60.0)
    first, second = a_reading(10), a_reading(20)
    for reading in (first, second):
        known.keep(("ann", "a"), reading)
    assert known.find(("ann", "a")) is second
    assert known.find(("bob", "a")) is None


async def test_those_not_asked_for_longest_make_room():
    known = KnownPages(100, keep=60.0)
    for name in ("a", "b"):
        known.keep(("ann", name), a_reading(30, files=20))
    assert known.find(("ann", "a"))
    known.keep(("ann", "c"), a_reading(50))
    assert [name for name in "abc" if known.find(("ann", name))] == ["a", "c"]


async def test_one_that_is_too_large_leaves_nothing_and_takes_nobody_s_place():
    known = KnownPages(100, keep=60.0)
    for name in ("a", "b"):
        known.keep(("ann", name), a_reading(40))
    known.keep(("ann", "a"), a_reading(101))
    assert [name for name in "ab" if known.find(("ann", name))] == ["b"]


async def test_no_room_keeps_nothing():
    known = KnownPages(0, keep=60.0)
    known.keep(("ann", "a"), a_reading(1))
    assert known.find(("ann", "a")) is None


async def test_a_reading_is_forgotten_in_time_however_often_it_is_asked_for():
    known = KnownPages(100, keep=0.05)
    known.keep(("ann", "a"), a_reading(100))
    await until(lambda: known.find(("ann", "a")) is None)
    known.keep(("ann", "b"), a_reading(100))
    assert known.find(("ann", "b"))


async def test_what_took_the_place_of_another_has_its_own_time():
    known = KnownPages(100, keep=0.2)
    known.keep(("ann", "a"), a_reading(1))
    await asyncio.sleep(0.12)  # more than half of the time of the first
    known.keep(("ann", "a"), a_reading(2))
    await asyncio.sleep(0.12)  # the first's time is over
    assert known.find(("ann", "a"))
