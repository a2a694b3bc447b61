"""Header values of the shape ``value; name=value; name="value"``, taken apart (RFC 9110, 5.6.6)."""

from __future__ import annotations

import re

_PARAMETER = re.compile(
    r"""[ \t]*;[ \t]*
        (?: ([^\s;="]+) = (?: "((?:[^"\\]|\\.)*)" | ([^\s;"]*) ) )?""",
    re.VERBOSE | re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)


def split_parameters(header: str) -> tuple[str, dict[str, str]]:
    """The value, and its parameters by name; value and names in lower case, the first of a name counts.

    What cannot be read ends the list: nothing is guessed from the text behind it.

    >>> split_parameters('form-data; name="a; b"; size=3')
    ('form-data', {'name': 'a; b', 'size': '3'})
    """
    value, separator, _ = header.partition(";")
    parameters: dict[str, str] = {}
    position = len(value) if separator else len(header)
    while match := _PARAMETER.match(header, position):
        name, quoted, plain = match.groups()
        if name is not None:
            parameters.setdefault(name.lower(), plain if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted))
        position = match.end()
    return value.strip().lower(), parameters
