"""Arguments become what a handler's annotations say, or are refused with every fault at its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Literal, NewType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobserver.errors import InvalidRequest, UrlRefused
from jobserver.workers.arguments import checked, plain, reader

Pixels = NewType("Pixels", int)


class Shape(Enum):
    ROUND = "round"
    SQUARE = 4


@dataclass
class Size:
    width: int
    height: Pixels = Pixels(10)


@dataclass(frozen=True, kw_only=True)
class Order:
    name: str
    items: list[Size] = field(default_factory=list)
    shape: Shape = Shape.ROUND
    mode: Literal["fast", "good"] = "good"
    share: float = 0.5
    when: datetime | None = None
    corner: tuple[int, int] = (0, 0)
    more: tuple[str, ...] = ()
    prices: dict[str, float] = field(default_factory=dict)
    loud: bool = False
    size: Size | str | None = None
    anything: Any = None
    retry_after: Annotated[int, "seconds"] = field(default=0, metadata={"name": "retryAfter"})
    secret: int = field(default=7, init=False)


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)


@dataclass
class Checked:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low must not be above high")


@dataclass
class Pair:
    first: Checked
    second: Checked | None = None


def faults(annotation: Any, value: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        reader(annotation)(value)
    return dict(refused.value.errors)


def test_what_is_asked_for_is_made():
    order = reader(Order)(
        {
            "name": "n",
            "items": [{"width": 1}, {"width": 2, "height": 3}],
            "shape": 4,
            "mode": "fast",
            "share": 1,
            "when": "2026-01-31T12:00:00Z",
            "corner": [1, 2],
            "more": ["a", "b"],
            "prices": {"x": 1.5},
            "loud": True,
            "size": {"width": 9},
            "anything": [None, {}],
            "retryAfter": 5,
        }
    )
    assert order == Order(
        name="n",
        items=[Size(1), Size(2, Pixels(3))],
        shape=Shape.SQUARE,
        mode="fast",
        share=1.0,
        when=datetime(2026, 1, 31, 12, tzinfo=UTC),
        corner=(1, 2),
        more=("a", "b"),
        prices={"x": 1.5},
        loud=True,
        size=Size(9),
        anything=[None, {}],
        retry_after=5,
    )
    assert type(order.share) is float


def test_what_is_left_out_has_its_default():
    assert reader(Order)({"name": "n"}) == Order(name="n")


def test_every_fault_is_told_at_its_place():
    assert faults(
        Order,
        {
            "items": [{"width": "wide"}, {"height": 1, "depth": 2}],
            "shape": "oval",
            "mode": "slow",
            "corner": [1],
            "prices": {"a/b": "dear", "~": None},
            "secret": 1,
        },
    ) == {
        "/secret": "is not known; known are name, items, shape, mode, share, when, corner, more, prices, loud, size, "
        "anything, retryAfter",
        "/name": "is missing",
        "/items/0/width": "must be a whole number",
        "/items/1/depth": "is not known; known are width, height",
        "/items/1/width": "is missing",
        "/shape": 'must be one of "round", 4',
        "/mode": 'must be one of "fast", "good"',
        "/corner": "must be a list of 2",
        "/prices/a~1b": "must be a number",
        "/prices/~0": "must be a number",
    }


@pytest.mark.parametrize(
    ("annotation", "value", "detail"),
    [
        (int, True, "must be a whole number"),
        (int, 1.0, "must be a whole number"),
        (int, "1", "must be a whole number"),
        (float, True, "must be a number"),
        (float, 10**400, "must be a number"),
        (bool, 1, "must be true or false"),
        (str, None, "must be text"),
        (None, 0, "must be null"),
        (datetime, "2026-01-31T12:00:00", "must be a time with its offset, like 2026-01-31T12:00:00Z"),
        (datetime, "soon", "must be a time with its offset, like 2026-01-31T12:00:00Z"),
        (Literal[1], True, "must be 1"),
        (Shape, "4", 'must be one of "round", 4'),
        (list[int], "abc", "must be a list"),
        (Sequence[int], {}, "must be a list"),
        (dict[str, int], [], "must be an object"),
        (Mapping[str, int], None, "must be an object"),
        (Size, [], "must be an object"),
        (int | str | None, [], "must be a whole number, text or null"),
        (Size | int, {}, "is missing"),
        (Size | Checked, {}, "must be an object"),
    ],
)
def test_a_value_of_another_kind_is_refused_in_words(annotation: Any, value: Any, detail: str):
    assert list(faults(annotation, value).values()) == [detail]


def test_a_union_makes_the_first_that_fits():
    assert reader(int | float)(3) == 3
    assert reader(Size | Checked)({"low": 1, "high": 2}) == Checked(1, 2)
    assert reader(datetime | str)("soon") == "soon"


def test_a_kind_may_hold_its_own_kind():
    tree = reader(Tree)({"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}]})
    assert tree == Tree("a", [Tree("b", [Tree("c")])])
    assert faults(Tree, {"name": "a", "children": [{"name": "b", "children": [{}]}]}) == {
        "/children/0/children/0/name": "is missing"
    }


def test_a_dataclass_may_check_itself():
    assert faults(Pair, {"first": {"low": 2, "high": 1}}) == {"/first": "low must not be above high"}


def test_of_very_many_faults_the_first_hundred_are_told():
    found = faults(list[int], ["x"] * 10_000)
    assert (len(found), "/99" in found) == (100, True)


@pytest.mark.parametrize("annotation", [complex, set[int], dict[int, str], list[bytes], object.__class__])
def test_an_annotation_that_json_cannot_be_checked_against_is_refused_at_once(annotation: Any):
    with pytest.raises(TypeError, match="cannot be checked"):
        reader(annotation)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "items", "size", "x"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_no_value_does_more_than_be_refused(value: Any):
    for annotation in (Order, Tree, Pair, int | Size | None, dict[str, list[Size]]):
        with suppress(InvalidRequest):
            reader(annotation)(value)


@given(st.builds(Size, st.integers(), st.integers()), st.text(), st.sampled_from(Shape))
def test_what_was_made_can_be_written_and_made_again(size: Size, name: str, shape: Shape):
    order = Order(name=name, size=size, items=[size], shape=shape, when=datetime(2026, 1, 1, tzinfo=UTC), retry_after=1)
    written = json.loads(json.dumps(order, default=plain))
    assert written.pop("secret") == 7
    assert reader(Order)(written) == order


def test_what_has_no_words_in_json_is_refused():
    with pytest.raises(TypeError, match="a set is no JSON value"):
        json.dumps({1}, default=plain)


class LikePydantic(Exception):
    def errors(self) -> list[dict[str, Any]]:
        return [
            {"loc": ("items", 0, "a/b"), "msg": "Input should be a valid integer", "type": "int_type"},
            {"loc": (), "msg": "Value error", "type": "value_error"},
        ]


def raising(error: Exception) -> Any:
    def validator(_: Any) -> Any:
        raise error

    return validator


def test_a_validator_of_the_users_may_say_where_it_is_wrong():
    with pytest.raises(InvalidRequest) as refused:
        checked(raising(LikePydantic()), {})
    assert refused.value.errors == (("/items/0/a~1b", "Input should be a valid integer"), ("", "Value error"))


@pytest.mark.parametrize("error", [ValueError("too odd"), TypeError("too odd")])
def test_a_validator_of_the_users_may_just_refuse(error: Exception):
    with pytest.raises(InvalidRequest) as refused:
        checked(raising(error), {})
    assert refused.value.errors == (("", "too odd"),)
    assert refused.value.message == "The arguments cannot be used: too odd."


def test_an_error_of_ours_stays_as_it_is_and_a_mistake_stays_a_mistake():
    with pytest.raises(UrlRefused):
        checked(raising(UrlRefused()), {})
    with pytest.raises(KeyError):
        checked(raising(KeyError("x")), {})
