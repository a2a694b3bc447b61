from __future__ import annotations

from jobserver.extract.once import Once


def test_work_is_done_once_for_each_object_and_again_for_one_that_is_only_equal():
    asked: list[list[int]] = []

    def total(numbers: list[int]) -> int:
        asked.append(numbers)
        return sum(numbers)

    once = Once(total)
    one, other = [1, 2], [1, 2]
    assert [once(one), once(other), once(one)] == [3, 3, 3]
    assert len(asked) == 2


def test_no_object_is_taken_for_one_that_is_gone():
    first = Once[list[int], int](lambda numbers: numbers[0])
    assert [first([number]) for number in range(1_000)] == list(range(1_000))
