"""Order against a plain sorted list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobserver.jobs.order import Order

STEPS = st.lists(
    st.tuples(st.sampled_from(["push", "put_back", "leave", "first"]), st.integers(-2, 2), st.integers(0, 30)),
    max_size=120,
)


@given(STEPS)
def test_every_rank_is_exact_after_any_history(steps: list[tuple[str, int, int]]):
    order = Order()
    model: dict[int, list[str]] = {}
    where: dict[str, tuple[int, int]] = {}
    for number, (step, priority, which) in enumerate(steps):
        waiting = [name for level in sorted(model, reverse=True) for name in model[level]]
        if step in {"push", "put_back"}:
            name = f"job-{number}"
            where[name] = (priority, getattr(order, step)(name, priority))
            model.setdefault(priority, []).insert(0 if step == "put_back" else len(model[priority]), name)
        elif waiting:
            name = waiting[0] if step == "first" else waiting[which % len(waiting)]
            order.remove(where[name][0], None, where[name][1])
            next(level for level in model.values() if name in level).remove(name)
        expected = [name for level in sorted(model, reverse=True) for name in model[level]]
        ranks = [order.rank(where[name][0], None, where[name][1]) for name in expected]
        assert ranks == [(rank, True) for rank in range(len(expected))]
        assert (len(order), bool(order)) == (len(expected), bool(expected))
        first = order.first()
        assert (first and first[0]) == (expected[0] if expected else None)


def test_whoever_leaves_from_the_back_leaves_no_hole():
    order = Order()
    places = [order.push(f"job-{number}") for number in range(100)]
    order.remove(0, None, places[50])
    for place in reversed(places[51:]):
        order.remove(0, None, place)
    lane = order._levels[0].lanes[None]
    assert (len(lane.ids), lane.holes) == (50, [])
    assert order.rank(0, None, order.push("new")) == (50, True)


def take(order: Order, places: dict[str, tuple[int, str | None, int]]) -> str | None:
    """Serve who is next, as an engine does."""
    head = order.first()
    if head is None:
        return None
    name, priority, turn = head
    order.pass_turn(priority, turn)
    order.remove(*places.pop(name))
    return name


def filled(*names: str, priority: int = 0) -> tuple[Order, dict[str, tuple[int, str | None, int]]]:
    """An order of jobs named for their turn: ``a1`` is of turn ``a``, ``-1`` of none."""
    order, places = Order(), {}
    for name in names:
        turn = None if name[0] == "-" else name[0]
        places[name] = (priority, turn, order.push(name, priority, turn))
    return order, places


def test_lanes_are_served_in_turn_whoever_came_first():
    order, places = filled("a1", "a2", "a3", "b1", "-1", "b2", "c1")
    assert [take(order, places) for _ in range(8)] == ["a1", "b1", "-1", "c1", "a2", "b2", "a3", None]


def test_a_lane_that_is_held_waits_and_the_others_go_on():
    order, places = filled("a1", "a2", "b1", "b2")
    order.hold(0, "a")
    assert [take(order, places) for _ in range(3)] == ["b1", "b2", None]
    order.release("a")
    assert [take(order, places) for _ in range(2)] == ["a1", "a2"]


def test_a_lower_priority_is_served_while_all_lanes_above_are_held():
    order, places = filled("a1", priority=5)
    places["b1"] = (0, "b", order.push("b1", 0, "b"))
    order.hold(5, "a")
    assert take(order, places) == "b1"


def test_a_job_put_back_is_next_though_its_lane_had_its_turn():
    order, places = filled("a1", "a2", "b1")
    assert take(order, places) == "a1"
    places["a1"] = (0, "a", order.put_back("a1", 0, "a"))
    assert take(order, places) == "a1"


def test_a_job_put_back_in_a_lane_that_is_held_waits_with_it():
    order, places = filled("a1", "a2", "b1")
    assert take(order, places) == "a1"
    order.hold(0, "a")
    places["a1"] = (0, "a", order.put_back("a1", 0, "a"))
    assert take(order, places) == "b1"
    order.release("a")
    assert [take(order, places) for _ in range(2)] == ["a1", "a2"]


def test_a_turn_that_was_the_last_of_all_is_passed_to_nobody():
    order, places = filled("a1")
    order.remove(*places["a1"])
    order.pass_turn(0, "a")
    assert order.first() is None


def test_a_position_among_lanes_is_an_estimate_and_says_so():
    order, places = filled("a1", "a2", "a3", "b1")
    assert order.rank(*places["a3"]) == (3, False)
    assert order.rank(*places["b1"]) == (0, False)


@given(st.lists(st.sampled_from("abc-"), max_size=60))
def test_however_lanes_are_mixed_each_is_served_in_order_and_nobody_is_lost(turns: list[str]):
    names = [f"{turn}{number}" for number, turn in enumerate(turns)]
    order, places = filled(*names)
    served = [take(order, places) for _ in names]
    assert sorted(map(str, served)) == sorted(names)
    for turn in "abc-":
        assert [name for name in served if str(name)[0] == turn] == [name for name in names if name[0] == turn]
    longest_wait = max((served.index(name) for name in served if turns.count(str(name)[0]) == 1), default=0)
    assert longest_wait <= max(len(set(turns)) - 1, 0)


def test_who_does_not_wait_cannot_leave():
    with pytest.raises(KeyError):
        Order().remove(0, None, 0)
