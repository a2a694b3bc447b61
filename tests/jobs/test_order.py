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
    for number, (step, priority, which) in enumerate(steps):
        waiting = [name for level in sorted(model, reverse=True) for name in model[level]]
        if step in {"push", "put_back"}:
            name = f"job-{number}"
            getattr(order, step)(name, priority)
            model.setdefault(priority, []).insert(0 if step == "put_back" else len(model[priority]), name)
        elif waiting:
            name = waiting[0] if step == "first" else waiting[which % len(waiting)]
            order.remove(name)
            next(level for level in model.values() if name in level).remove(name)
        expected = [name for level in sorted(model, reverse=True) for name in model[level]]
        assert [order.rank(name) for name in expected] == list(range(len(expected)))
        assert len(order) == len(expected)
        assert order.first() == (expected[0] if expected else None)


def test_who_does_not_wait_has_no_rank_and_cannot_leave():
    order = Order()
    assert order.rank("job-x") is None
    with pytest.raises(KeyError):
        order.remove("job-x")
