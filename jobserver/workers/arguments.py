"""Arguments as a handler's annotations want them: checked, made into dataclasses, and every fault told at once.

What is understood: ``Any object None bool int float str datetime``, enumerations, ``Literal``, ``Optional`` and unions,
``list tuple dict`` and their abstract kinds (``Sequence Mapping``), and dataclasses of all these, one inside another.
A member has its field's name, or the ``name`` of the field's metadata. Members that no field asks for are refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from jobserver.errors import InvalidRequest, JobserverError
from jobserver.workers.reading import Faults, escaped, member, reader_of


def reader(annotation: Any) -> Callable[[Any], Any]:
    """What reads arguments of such an annotation; it raises InvalidRequest with every fault there is.

    Raises TypeError for an annotation that JSON cannot be checked against.
    """
    read = reader_of(annotation, {}).read

    def convert(value: Any) -> Any:
        faults = Faults()
        made = read(value, "", faults)
        if faults:
            raise refusal(faults)
        return made

    return convert


def refusal(faults: Sequence[tuple[str, str]]) -> InvalidRequest:
    """The error that tells of all ``faults``; its sentence tells of the first.

    >>> refusal([("/width", "must be a whole number"), ("/url", "is missing")]).message
    'The arguments cannot be used: width must be a whole number (and 1 more).'
    """
    pointer, detail = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    where = pointer.lstrip("/") + " " if pointer else ""
    return InvalidRequest(f"The arguments cannot be used: {where}{detail.rstrip('.')}{more}.", errors=faults)


def refusal_of(error: Exception) -> InvalidRequest:
    """What a validator of the user's raised, as an error of ours.

    One that knows where things are wrong keeps that, as pydantic's do: ``errors()``, mappings with ``loc`` and ``msg``.
    """
    errors = getattr(error, "errors", None)
    found = errors() if callable(errors) else ()
    faults = Faults()
    for each in found:
        faults.add("".join(f"/{escaped(part)}" for part in each["loc"]), str(each["msg"]))
    return refusal(faults or [("", str(error) or type(error).__name__)])


def checked(validator: Callable[[Any], Any], value: Any) -> Any:
    """What ``validator`` returns for ``value``; InvalidRequest for its ValueError, TypeError or list of faults."""
    try:
        return validator(value)
    except JobserverError:
        raise
    except Exception as error:
        if isinstance(error, ValueError | TypeError) or callable(getattr(error, "errors", None)):
            raise refusal_of(error) from error
        raise


def plain(value: Any) -> Any:
    """What `json.dumps` cannot write, in words it can: dataclasses, enumerations, times. TypeError for the rest."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {member(field): getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} is no JSON value")
