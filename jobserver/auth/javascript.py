"""JSON text as JavaScript would write it again: ``JSON.stringify(JSON.parse(text))``.

For signatures over what a server in JavaScript made of a body, and for nothing else: numbers become doubles, and names
that look like the indices of an array come first (ECMA-262, 25.5.2 and 10.1.11.1).
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any, NoReturn

_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_LAST_INDEX = 2**32 - 2
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def stringify(text: str) -> str:
    """The text that JavaScript makes of ``text``. ValueError for what is no JSON (RFC 8259) or too deep for us."""
    try:
        spelt = _spelt(json.loads(text, parse_int=float, parse_constant=_refuse))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return _HALF_PAIR.sub(lambda half: f"\\u{ord(half[0]):x}", spelt)


def _spelt(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return f"[{','.join(map(_spelt, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_quoted(name)}:{_spelt(value[name])}' for name in _in_order(value))}}}"
    return "null" if value is None else "true" if value else "false"


def _in_order(members: dict[str, Any]) -> list[str]:
    names = list(members)
    indices = [name for name in names if _is_index(name)]
    if not indices:
        return names
    return [*sorted(indices, key=int), *(name for name in names if not _is_index(name))]


def _is_index(name: str) -> bool:
    return name[:1].isdecimal() and _INDEX.fullmatch(name) is not None and int(name) <= _LAST_INDEX


def _number(value: float) -> str:
    """Number::toString (ECMA-262, 6.1.6.1.20), but that what is infinite is null."""
    if math.isinf(value):
        return "null"
    text = repr(value or 0.0)  # there is no -0
    if "e" not in text:  # both find the shortest digits of a double, and differ in where the point is put
        return text.removesuffix(".0")
    sign, numbers, exponent = Decimal(text).normalize().as_tuple()
    digits = "".join(map(str, numbers))
    return ("-" if sign else "") + _placed(digits, len(digits) + int(exponent))


def _placed(digits: str, point: int) -> str:
    """``digits`` with the point after so many of them."""
    if not -6 < point <= 21:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{fraction}e{point - 1:+d}"
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits.ljust(point, "0")
    return f"{digits[:point]}.{digits[point:]}"


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
