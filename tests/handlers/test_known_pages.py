"""Results that are given again: which are kept, and for how long."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from jobserver.handlers.known_pages import File, KnownPages, Reading
from jobserver.jobs.model import Result
from tests.make import until

ROOM = 100_000


def a_reading(share: float, *, files: float = 0) -> Reading:
    """One that takes these shares of the room, with all that goes with it."""
    empty = Reading("f", "2026-11-22T00:00:00.000Z", Result(b""))
    result = Result(b"x" * (int(ROOM * share) - empty.size))
    return replace(empty, result=result, files=(File("a", b"x" * int(ROOM * files), "image/webp"),))


async def test_the_last_reading_of_a_page_is_given_again():
    known = KnownPages(ROOM, lifetime=60.0)
    first, second = a_reading(0.1), a_reading(0.2)
    for reading in (first, second):
        known.keep(("ann", "a"), reading)
    assert known.find(("ann", "a")) is second
    assert known.find(("bob", "a")) is None


async def test_those_not_asked_for_longest_make_room():
    known = KnownPages(ROOM, lifetime=60.0)
    for name in ("a", "b"):
        known.keep(("ann", name), a_reading(0.3, files=0.2))
    assert known.find(("ann", "a"))
    known.keep(("ann", "c"), a_reading(0.5))
    assert [name for name in "abc" if known.find(("ann", name))] == ["a", "c"]


async def test_one_that_is_too_large_leaves_nothing_and_takes_nobody_s_place():
    known = KnownPages(ROOM, lifetime=60.0)
    for name in ("a", "b"):
        known.keep(("ann", name), a_reading(0.4))
    known.keep(("ann", "a"), a_reading(1.01))
    assert [name for name in "ab" if known.find(("ann", name))] == ["b"]


async def test_no_room_keeps_nothing():
    known = KnownPages(0, lifetime=60.0)
    known.keep(("ann", "a"), a_reading(1.0))
    assert known.find(("ann", "a")) is None


async def test_a_reading_is_forgotten_in_time_however_often_it_is_asked_for():
    known = KnownPages(ROOM, lifetime=0.05)
    known.keep(("ann", "a"), a_reading(1.0))
    await until(lambda: known.find(("ann", "a")) is None)
    known.keep(("ann", "b"), a_reading(1.0))
    assert known.find(("ann", "b"))


async def test_what_took_the_place_of_another_has_its_own_time():
    known = KnownPages(ROOM, lifetime=0.2)
    known.keep(("ann", "a"), a_reading(1.0))
    await asyncio.sleep(0.12)  # more than half of the time of the first
    known.keep(("ann", "a"), a_reading(0.9))
    await asyncio.sleep(0.12)  # the first's time is over
    assert known.find(("ann", "a"))
