"""JSON from strangers: what cannot be kept and written again unharmed is refused at the door."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

MAX_DEPTH = 100
"""Arrays and objects inside one another; far from where recursion in any encoder ends."""

_CONTAINERS = (dict, list)


def parse_object(text: str) -> dict[str, Any]:
    """The JSON object (RFC 8259) in ``text``; `ValueError` for anything else.

    Of a name given twice the last counts, as in JavaScript. Refused beyond the grammar: NaN and infinities, fractions
    no double holds, integers longer than Python converts (4,300 digits), lone surrogates (no UTF-8 can carry them)
    and nesting deeper than `MAX_DEPTH`.
    """
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what was sent is wrong, not what we were called with
    if text.count("[") + text.count("{") > MAX_DEPTH and not _is_shallow(value):
        raise ValueError("nested too deeply")
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()
    return value


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
        raise ValueError("a number no double can hold")
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=_fraction, parse_constant=_constant)
