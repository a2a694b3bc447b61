"""Visits to one host take turns."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from jobserver.egress.politeness import Politeness
from tests.make import until


class Visits:
    """Visits that last until they are told to end."""

    def __init__(self, politeness: Politeness) -> None:
        self.politeness = politeness
        self.begun: list[str] = []
        self.waiting: list[str] = []
        self.began_at: dict[str, float] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, *names: str) -> None:
        """Visits named ``host`` or ``host/page``, in this order."""
        for name in names:
            self._ends[name] = asyncio.Event()
            self._tasks[name] = asyncio.ensure_future(self._visit(name))
        await self.settle()

    async def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
            await self._tasks[name]
        await self.settle()

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        with suppress(asyncio.CancelledError):
            await self._tasks[name]
        await self.settle()

    async def begins(self, name: str) -> None:
        await until(lambda: name in self.begun)

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def _visit(self, name: str) -> None:
        async with self.politeness.turn(name.partition("/")[0], lambda: self.waiting.append(name)):
            self.begun.append(name)
            self.began_at[name] = asyncio.get_running_loop().time()
            await self._ends[name].wait()


async def test_no_more_visits_of_a_host_than_allowed_and_the_others_in_order() -> None:
    visits = Visits(Politeness(2, 0))
    await visits.start("a/1", "a/2", "a/3", "a/4", "a/5")
    assert (visits.begun, visits.waiting) == (["a/1", "a/2"], ["a/3", "a/4", "a/5"])
    await visits.end("a/2")
    assert visits.begun[2:] == ["a/3"]
    await visits.end("a/1", "a/3")
    assert visits.begun[3:] == ["a/4", "a/5"]
    await visits.end("a/4", "a/5")


async def test_hosts_do_not_wait_for_each_other() -> None:
    visits = Visits(Politeness(1, 60))
    await visits.start("a", "b", "c")
    assert (visits.begun, visits.waiting) == (["a", "b", "c"], [])
    await visits.end("a", "b", "c")


async def test_without_a_limit_nobody_waits() -> None:
    visits = Visits(Politeness(0, 0))
    names = [f"a/{number}" for number in range(50)]
    await visits.start(*names)
    assert visits.begun == names
    await visits.end(*names)
    assert not visits.politeness._hosts


async def test_two_beginnings_are_apart_even_if_the_first_visit_is_long_over() -> None:
    visits = Visits(Politeness(0, 0.05))
    await visits.start("a/1", "a/2", "a/3")
    assert (visits.begun, visits.waiting) == (["a/1"], ["a/2", "a/3"])
    await visits.end("a/1")
    await visits.begins("a/3")
    at = visits.began_at
    assert at["a/2"] - at["a/1"] >= 0.049
    assert at["a/3"] - at["a/2"] >= 0.049
    await visits.end("a/2", "a/3")


async def test_a_newcomer_does_not_overtake() -> None:
    visits = Visits(Politeness(1, 0))
    await visits.start("a/1", "a/2")
    visits._ends["a/1"].set()
    await visits.start("a/3")
    assert visits.begun == ["a/1", "a/2"]
    await visits.end("a/2", "a/3")


async def test_one_who_gives_up_waiting_is_passed_over() -> None:
    visits = Visits(Politeness(1, 0))
    await visits.start("a/1", "a/2", "a/3")
    await visits.give_up("a/2")
    await visits.end("a/1")
    assert visits.begun == ["a/1", "a/3"]
    await visits.end("a/3")
    assert not visits.politeness._hosts


async def test_a_turn_that_comes_to_one_who_gives_up_in_that_moment_is_not_lost() -> None:
    visits = Visits(Politeness(1, 0))
    async with visits.politeness.turn("a"):
        await visits.start("a/1", "a/2")
    await visits.give_up("a/1")  # it has the turn by now, and has not heard of it yet
    assert visits.begun == ["a/2"]
    await visits.end("a/2")
    assert not visits.politeness._hosts


async def test_a_visit_that_fails_gives_its_turn_back() -> None:
    politeness = Politeness(1, 0)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            async with politeness.turn("a"):
                raise ValueError("broken")
    assert not politeness._hosts


async def test_a_host_is_forgotten_when_its_delay_is_over() -> None:
    politeness = Politeness(1, 0.02)
    async with politeness.turn("a"):
        pass
    assert politeness._hosts
    await until(lambda: not politeness._hosts)


async def test_everybody_giving_up_leaves_nothing_behind() -> None:
    visits = Visits(Politeness(1, 60))
    await visits.start("a/1", "a/2", "a/3")
    for name in ("a/3", "a/1", "a/2"):
        await visits.give_up(name)
    [place] = visits.politeness._hosts.values()
    assert (place.visits, list(place.waiting)) == (0, [])
    assert place.timer is not None, "it is forgotten when the delay of the one visit is over"
    place.timer.cancel()
