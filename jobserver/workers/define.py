"""`handler`: a function becomes a kind of job."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, Literal

from jobserver.jobs.policy import Backoff, Policy
from jobserver.workers.arguments import checked
from jobserver.workers.registry import Args, Context, Handler, Run
from jobserver.workers.shape import Shape
from jobserver.workers.telling import encode
from jobserver.workers.threads import in_thread

_KIND = re.compile(r"[!-~]{1,100}")
_QUEUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_BACKOFFS = {
    "exponential": Backoff(timedelta(seconds=2), factor=2, longest=timedelta(minutes=10), jitter=0.2),
    "fixed": Backoff(timedelta(seconds=5), factor=1),
}

Span = float | timedelta
"""A length of time; a number is in seconds."""


class JobFunction:
    """A function that is a kind of job as well. Calling it calls the function, as if it had not been decorated.

    ``handler``: the kind, for the registry. ``shape``: how the function is called with a job.
    """

    def __init__(self, shape: Shape, handler: Handler) -> None:
        self.shape = shape
        self.handler = handler
        self.__wrapped__ = shape.function
        self.__doc__ = shape.function.__doc__
        self.__name__: str = shape.function.__name__
        self.__qualname__: str = shape.function.__qualname__
        self.__module__: str = shape.function.__module__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.shape.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<handler of {self.handler.kind!r}: {self.__module__}.{self.__qualname__}>"


def handler(
    kind: str,
    *,
    queue: str = "default",
    concurrency: int | None = None,
    timeout: Span | None = 300.0,
    max_attempts: int = 1,
    backoff: Backoff | Literal["exponential", "fixed"] = "exponential",
    isolated: bool = False,
    validate: Callable[[Any], Any] | None = None,
    total_timeout: Span | None = None,
    per_key: int = 1,
) -> Callable[[Callable[..., Any]], JobFunction]:
    """Make a function the handler of jobs of ``kind``.

    An ``async def`` runs on the server's event loop, a plain function in a thread of its own; with ``isolated`` either
    runs in a child process that can be killed. It takes ``(context, args)``, ``(context)``, ``(args)`` or nothing. An
    ``args`` that is annotated with a dataclass is checked before a job is accepted, and given as one.

    ``queue``: where its jobs wait. ``concurrency``: jobs of that queue that run at a time, 0 for no limit; None leaves
    it to the server's settings. ``timeout``: of one attempt, in seconds or a timedelta; None is no limit.
    ``max_attempts``: how often it is tried in all. ``backoff``: the wait before another attempt: exponential is 2 s,
    4 s, 8 s … up to 10 minutes, of which chance takes up to a fifth; fixed is 5 s each time. ``validate``: called with
    the arguments (the dataclass, where there is one) before a job is accepted; its ValueError, TypeError or pydantic
    error refuses them, a dict it returns takes their place. ``total_timeout``: of all attempts and the waits between.
    ``per_key``: jobs with the same concurrency key that run at a time.

    Raises ValueError and TypeError for what cannot be meant.
    """
    _check(kind, queue, concurrency=concurrency, max_attempts=max_attempts, per_key=per_key)
    policy = Policy(
        max_attempts=max_attempts,
        timeout=_span(timeout, "timeout"),
        backoff=_backoff(backoff),
        total_timeout=_span(total_timeout, "total_timeout"),
        per_key=per_key,
    )

    def define(function: Callable[..., Any]) -> JobFunction:
        shape = Shape.of(function)
        made = Handler(
            kind,
            _runner(shape),
            queue=queue,
            policy=policy,
            validate=_validator(shape, validate),
            concurrency=concurrency,
            isolated=_importable(function) if isolated else None,
        )
        return JobFunction(shape, made)

    return define


def _runner(shape: Shape) -> Run:
    if inspect.iscoroutinefunction(shape.function):

        async def on_the_loop(context: Context, args: Args) -> Any:
            return await shape.call(context, args)

        return on_the_loop

    async def beside_it(context: Context, args: Args) -> Any:
        # Encoded over there as well: a large result does not hold up the loop.
        return await in_thread(lambda: encode(shape.call(context, args)), f"job {context.job_id}")

    return beside_it


def _validator(shape: Shape, validate: Callable[[Any], Any] | None) -> Callable[[Args], Args]:
    def check(args: Args) -> Args:
        converted = shape.convert(args)
        changed = None if validate is None else checked(validate, converted)
        return changed if isinstance(changed, dict) else args

    return check


def _check(kind: str, queue: str, **numbers: object) -> None:
    if not _KIND.fullmatch(kind):
        raise ValueError(f"kind {kind!r}: a kind is 1 to 100 visible ASCII characters")
    if not _QUEUE.fullmatch(queue):
        raise ValueError(f"queue {queue!r}: a queue's name is 1 to 100 letters, digits, dots, dashes and underscores")
    for name, number in numbers.items():
        least = 0 if name == "concurrency" else 1
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < least):
            raise ValueError(f"{name} is a whole number from {least}, not {number!r}")


def _span(value: Span | None, name: str) -> timedelta | None:
    if value is None:
        return None
    span = value if isinstance(value, timedelta) else timedelta(seconds=value)
    if span <= timedelta(0):
        raise ValueError(f"{name} is longer than nothing, or None for no limit")
    return span


def _backoff(value: Backoff | str) -> Backoff:
    if isinstance(value, Backoff):
        return value
    if value not in _BACKOFFS:
        raise ValueError(f"backoff is exponential, fixed or a Backoff, not {value!r}")
    return _BACKOFFS[value]


def _importable(function: Callable[..., Any]) -> str:
    """``module:name`` by which a child process finds the function; TypeError when it could not."""
    name, module = function.__qualname__, function.__module__
    if "<" in name:
        raise TypeError(f"{name} cannot be isolated: a child process imports it by name, so define it at module level")
    if module == "__main__":
        module = _name_of_main()
    return f"{module}:{name}"


def _name_of_main() -> str:
    """The name by which others can import the program that is running."""
    main = sys.modules["__main__"]
    spec: ModuleSpec | None = getattr(main, "__spec__", None)
    if spec is not None:
        return str(spec.name)
    if (file := getattr(main, "__file__", None)) is not None:
        return Path(file).stem
    raise TypeError("a function typed into a shell cannot be isolated: a child process imports it from a file")
