"""How a handler's function wants to be called, read off its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, get_type_hints

from jobserver.workers.arguments import reader
from jobserver.workers.registry import Args, Context

_CONTEXT_NAMES = frozenset({"context", "ctx"})
_AS_THEY_CAME = (Any, dict, Args)


@dataclass(frozen=True, slots=True)
class _Nothing:
    """The arguments of a function that takes none."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A function and how to call it. ``order``: which of ``context`` and ``args`` it takes, in its own order.

    ``convert``: makes what it is given of the arguments as they came; raises InvalidRequest.
    """

    function: Callable[..., Any]
    order: tuple[str, ...]
    convert: Callable[[Any], Any]

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Shape:
        """The shape of a function. Raises TypeError for one that cannot be a handler, saying why."""
        name = getattr(function, "__qualname__", repr(function))
        if not (inspect.isfunction(function) or inspect.ismethod(function)):
            raise TypeError(f"{name} is no function")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{name} is a generator: a handler returns its result")
        parameters, hints = _parameters(function), _hints(function)
        order = _order(parameters, hints)
        if order is None:
            raise TypeError(f"{name} must take (context, args), (context), (args) or nothing")
        annotation = hints.get(parameters[order.index("args")].name, Any) if "args" in order else _Nothing
        if annotation in _AS_THEY_CAME:
            return cls(function, order, lambda args: args)
        try:
            return cls(function, order, reader(annotation))
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from None

    def call(self, context: Context, args: Args) -> Any:
        """Call it; a coroutine where it is async."""
        given = {"context": context}
        if "args" in self.order:
            given["args"] = self.convert(args)
        return self.function(*(given[each] for each in self.order))


def _parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Those it must be given, by position; what has a default is its own affair."""
    every = inspect.signature(function).parameters.values()
    by_position = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    needed = [each for each in every if each.default is Parameter.empty and each.kind is not Parameter.VAR_KEYWORD]
    return [each for each in needed if each.kind in by_position or each.kind is Parameter.KEYWORD_ONLY]


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(
            f"the annotations of {function.__qualname__} cannot be read: {error}. "
            "What they name must be known where its module is: not inside a function, not under TYPE_CHECKING."
        ) from None


def _order(parameters: list[Parameter], hints: dict[str, Any]) -> tuple[str, ...] | None:
    """Context is what is annotated or named so; of two of which none is, the first."""
    if len(parameters) > 2 or any(each.kind is Parameter.KEYWORD_ONLY for each in parameters):
        return None
    contexts = [hints.get(each.name) is Context or _is_named_so(each, hints) for each in parameters]
    if contexts == [False, False]:
        contexts = [True, False]
    return None if contexts == [True, True] else tuple("context" if each else "args" for each in contexts)


def _is_named_so(parameter: Parameter, hints: dict[str, Any]) -> bool:
    return parameter.name in _CONTEXT_NAMES and hints.get(parameter.name, Any) is Any
