"""A decorated function is a kind of job and a function still."""

from __future__ import annotations

import asyncio
import functools
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest

import jobserver
from jobserver import Backoff, Context, handler
from jobserver.errors import InvalidRequest
from jobserver.jobs.model import Result
from jobserver.jobs.policy import Policy
from jobserver.workers.define import JobFunction
from jobserver.workers.registry import Args


@dataclass
class Sum:
    a: int
    b: int = 1


NOBODY = cast("Context", None)


class Named:
    job_id = "job-1"


async def run(function: JobFunction, args: Args) -> Any:
    made = await function.handler.run(cast("Context", Named()), args)
    return json.loads(made.body) if isinstance(made, Result) else made


def test_calling_it_calls_the_function():
    @handler("sum")
    def add(args: Sum) -> int:
        """Add."""
        return args.a + args.b

    assert add(Sum(1, 2)) == 3
    assert (add.__name__, add.__doc__, add.handler.kind) == ("add", "Add.", "sum")
    assert repr(add).startswith("<handler of 'sum': ")


async def test_it_takes_what_its_parameters_say():
    @handler("a")
    async def both(context: Context, args: Sum) -> Any:
        return [context.job_id, args]

    @handler("b")
    async def other_way(args: Sum, context: Context) -> Any:
        return [context.job_id, args]

    @handler("c")
    async def context_only(ctx: Any) -> Any:
        return ctx.job_id

    @handler("d")
    async def args_only(numbers: Sum) -> Any:
        return numbers

    @handler("e")
    async def untyped(_: Any, given: Any, extra: int = 5) -> Any:
        return [given, extra]

    @handler("f")
    async def nothing() -> Any:
        return "nothing"

    assert await run(both, {"a": 2}) == ["job-1", Sum(2)]
    assert await run(other_way, {"a": 2}) == ["job-1", Sum(2)]
    assert await run(context_only, {}) == "job-1"
    assert await run(args_only, {"a": 2}) == Sum(2)
    assert await run(untyped, {"any": "thing"}) == [{"any": "thing"}, 5]
    assert await run(nothing, {}) == "nothing"


async def test_a_plain_function_runs_in_a_thread_of_its_own_that_sees_the_callers_variables():
    variable = ContextVar("variable", default="unset")

    @handler("where")
    def where(args: Args) -> Any:
        return [
            threading.current_thread() is threading.main_thread(),
            threading.current_thread().daemon,
            variable.get(),
        ]

    variable.set("set")
    assert await run(where, {}) == [False, True, "set"]


async def test_an_async_function_runs_on_the_loop():
    @handler("where")
    async def where() -> Any:
        return threading.current_thread() is threading.main_thread()

    assert await run(where, {}) is True


def test_arguments_are_checked_before_acceptance_and_kept_as_they_came():
    @handler("sum")
    async def add(args: Sum) -> int:
        return args.a + args.b

    assert add.handler.validate({"a": 1}) == {"a": 1}
    with pytest.raises(InvalidRequest) as refused:
        add.handler.validate({"a": "x", "c": 1})
    assert [pointer for pointer, _ in refused.value.errors] == ["/c", "/a"]


def test_a_function_without_arguments_refuses_them():
    @handler("ping")
    async def ping(context: Context) -> None:
        """Nothing."""

    with pytest.raises(InvalidRequest):
        ping.handler.validate({"a": 1})


def test_a_validator_gets_what_the_handler_gets():
    def check(args: Sum) -> None:
        if args.a == args.b:
            raise ValueError("a and b must differ")

    @handler("sum", validate=check)
    async def add(args: Sum) -> int:
        return args.a + args.b

    assert add.handler.validate({"a": 2}) == {"a": 2}
    with pytest.raises(InvalidRequest, match="must differ"):
        add.handler.validate({"a": 1})


def test_a_validator_may_put_arguments_into_their_final_form():
    @handler("echo", validate=lambda args: {"text": str(args.get("text", "")).strip()})
    async def echo(args: Args) -> Any:
        return args

    assert echo.handler.validate({"text": " x "}) == {"text": "x"}


def test_the_terms_are_those_that_were_said():
    @handler(
        "terms",
        queue="images",
        concurrency=2,
        timeout=timedelta(minutes=1),
        max_attempts=4,
        backoff="fixed",
        total_timeout=90,
        per_key=3,
    )
    async def terms() -> None:
        """Nothing."""

    made = terms.handler
    assert (made.queue, made.concurrency, made.isolated) == ("images", 2, None)
    assert made.policy == Policy(
        max_attempts=4,
        timeout=timedelta(minutes=1),
        backoff=Backoff(timedelta(seconds=5), factor=1),
        total_timeout=timedelta(seconds=90),
        per_key=3,
    )


def test_terms_that_are_not_said_are_sane():
    @handler("plain")
    async def plain() -> None:
        """Nothing."""

    policy = plain.handler.policy
    assert (policy.max_attempts, policy.timeout, policy.total_timeout) == (1, timedelta(minutes=5), None)
    assert [policy.backoff.wait(number).total_seconds() for number in (1, 2, 3, 99)] == [2, 4, 8, 600]


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": ""},
        {"kind": "two words"},
        {"queue": "a/b"},
        {"queue": ""},
        {"concurrency": -1},
        {"concurrency": True},
        {"max_attempts": 0},
        {"per_key": 0},
        {"timeout": 0},
        {"total_timeout": timedelta(0)},
        {"backoff": "sometimes"},
    ],
)
def test_terms_that_cannot_be_meant_are_refused(terms: dict[str, Any]):
    with pytest.raises(ValueError, match=next(iter(terms))):
        handler(**({"kind": "k"} | terms))


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


def three(a: Any, b: Any, c: Any) -> None:
    """Too many."""


def by_name(*, args: Any) -> None:
    """Not by position."""


def strange(args: complex) -> None:
    """Of a kind JSON has not."""


def unknown(args: NoSuchThing) -> None:  # type: ignore[name-defined] # noqa: F821 - the very question
    """Of a kind nobody knows."""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (generator, "is a generator"),
        (async_generator, "is a generator"),
        (three, "must take"),
        (by_name, "must take"),
        (strange, "strange: arguments of the type <class 'complex'> cannot be checked"),
        (unknown, "annotations of unknown cannot be read"),
        (functools.partial(three, 1), "is no function"),
        (Sum, "is no function"),
    ],
)
def test_what_cannot_be_a_handler_is_refused_with_a_reason(function: Callable[..., Any], said: str):
    with pytest.raises(TypeError, match=said):
        handler("k")(function)


def at_module_level() -> None:
    """Nothing."""


def test_what_is_isolated_must_be_found_by_name():
    assert handler("k", isolated=True)(at_module_level).handler.isolated == f"{__name__}:at_module_level"

    def local() -> None:
        """Nothing."""

    for function in (local, lambda: None):
        with pytest.raises(TypeError, match="define it at module level"):
            handler("k", isolated=True)(function)


async def test_an_isolated_function_runs_here_for_whoever_has_no_crew():
    assert await run(handler("k", isolated=True)(at_module_level), {}) is None


def test_every_public_name_is_there_and_no_other():
    assert {name: getattr(jobserver, name) for name in jobserver.__all__}
    assert set(jobserver.__all__) <= set(dir(jobserver))
    with pytest.raises(AttributeError, match="no attribute 'handlr'"):
        jobserver.handlr  # noqa: B018 - the very question


async def test_importing_the_package_imports_next_to_nothing():
    program = "import sys, jobserver; print('aiohttp' in sys.modules, 'asyncio' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0].split() == [b"False", b"False"]
