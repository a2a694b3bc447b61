"""JSON from strangers: what cannot be kept and written again unharmed is refused at the door."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

MAX_DEPTH = 100
"""Arrays and objects inside one another; far from where recursion in any encoder ends."""

_CONTAINERS = (dict, list)


class _Refused(ValueError):
    """What the grammar allows and we do not; it says why."""


def parse_object(text: str, *, unique: bool = False) -> dict[str, Any]:
    """The JSON object (RFC 8259) in ``text``; `ValueError` for anything else.

    Of a name given twice the last counts, as in JavaScript; it is refused where names must be ``unique``. Refused
    beyond the grammar: NaN and infinities, fractions no double holds, integers longer than Python converts (4,300
    digits), lone surrogates (no UTF-8 can carry them) and nesting deeper than `MAX_DEPTH`.
    """
    value = _decoded(text, _UNIQUE if unique else _DECODER)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what was sent is wrong, not what we were called with
    if text.count("[") + text.count("{") > MAX_DEPTH and not _is_shallow(value):
        raise ValueError("nested too deeply")
    if "\\u" in text:
        _check_surrogates(value)
    return value


def _decoded(text: str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (json.JSONDecodeError, _Refused):
        raise
    except ValueError:
        raise ValueError("a number has too many digits") from None


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair, which is no character") from None


def _is_shallow(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent) if isinstance(child, _CONTAINERS)]
        if not level:
            return True
    return False


def _children(parent: dict[str, Any] | list[Any]) -> Any:
    return parent.values() if isinstance(parent, dict) else parent


def _fraction(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _Refused("a number no double can hold")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in members if names.count(name) > 1)
        raise _Refused(f"{twice[:40]!r} is given twice")
    return members


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=_fraction, parse_constant=_constant)
_UNIQUE = json.JSONDecoder(parse_float=_fraction, parse_constant=_constant, object_pairs_hook=_unique)
