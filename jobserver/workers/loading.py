"""Where handlers come from: modules that are named, and packages that say they have some."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from jobserver.errors import StartupError
from jobserver.workers.define import JobFunction
from jobserver.workers.registry import Handler

GROUP = "jobserver.handlers"
"""The group of entry points in which a package names its handlers, as ``module`` or ``module:attribute``."""


def load(names: Iterable[str]) -> list[Handler]:
    """The handlers of each ``module`` or ``module:attribute``, each once.

    An attribute is a handler, a list of them or a module. Modules are looked for in the current directory as well.
    Raises StartupError that names what is wrong.
    """
    found: list[Handler] = []
    for name in names:
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))  # as `python -m` has it
        module, _, attribute = name.partition(":")
        found += _handlers_of(_imported(module, name), attribute, name)
    return _once(found)


def discover() -> list[Handler]:
    """The handlers of every installed package that has some. Raises StartupError."""
    found: list[Handler] = []
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        found += _handlers_of(_imported(point.module, _told(point)), point.attr, _told(point))
    return _once(found)


def _told(point: EntryPoint) -> str:
    package = f" of {point.dist.name}" if point.dist is not None else ""
    return f"{point.value} (entry point {point.name}{package})"


def _imported(module: str, name: str) -> ModuleType:
    if not module or module.startswith(".") or not all(part.isidentifier() for part in module.split(".")):
        raise StartupError(f"Handlers {name}: say module or module:attribute.")
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
            raise StartupError(f"Handlers {name}: there is no module {error.name}.") from error
        raise StartupError(f"Handlers {name}: {_where(error)}") from error
    except Exception as error:
        raise StartupError(f"Handlers {name}: {_where(error)}") from error


def _where(error: Exception) -> str:
    """The error in one line, and the line of whose making it is."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error}"
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({frame.filename}, line {frame.lineno})"


def _handlers_of(module: ModuleType, attribute: str, name: str) -> list[Handler]:
    if not attribute:
        found = _in_module(module)
        if not found:
            raise StartupError(f"Handlers {name}: the module has none. Decorate a function with @handler.")
        return found
    try:
        value = attrgetter(attribute)(module)
    except AttributeError:
        raise StartupError(f"Handlers {name}: the module {module.__name__} has no {attribute}.") from None
    if isinstance(value, ModuleType):
        return _handlers_of(value, "", name)
    values = value if isinstance(value, list | tuple | set | frozenset) else [value]
    handlers = [_handler(each) for each in values]
    if not handlers or None in handlers:
        raise StartupError(f"Handlers {name}: {attribute} is neither a handler nor a list of handlers.")
    return [each for each in handlers if each is not None]


def _in_module(module: ModuleType) -> list[Handler]:
    return [found for value in vars(module).values() if (found := _handler(value)) is not None]


def _handler(value: Any) -> Handler | None:
    if isinstance(value, JobFunction):
        return value.handler
    return value if isinstance(value, Handler) else None


def _once(handlers: list[Handler]) -> list[Handler]:
    """Without those that are there already: a module may import another's."""
    return list({id(each): each for each in handlers}.values())
