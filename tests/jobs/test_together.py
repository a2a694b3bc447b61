from __future__ import annotations

import asyncio

import pytest

from jobserver.jobs.engine import Caps
from jobserver.jobs.together import all_of, some_at_a_time

DURABLE = Caps("sqlite", durable=True, shared=False, exact_position=True)


def test_verbs_of_a_durable_engine_come_in_lots_and_none_is_left_out():
    lots = list(some_at_a_time(range(120), DURABLE))
    assert [each for lot in lots for each in lot] == list(range(120))
    assert 1 < len(lots) < 10


async def test_they_wait_together_and_answer_in_their_order():
    turn = asyncio.Barrier(3)

    async def verb(number: int) -> int:
        await turn.wait()
        return number

    assert await all_of([verb(1), verb(2), verb(3)]) == [1, 2, 3]


async def test_what_one_of_them_raises_is_raised():
    async def refused() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await all_of([refused()])
    with pytest.raises(ExceptionGroup):
        await all_of([refused(), refused()])
