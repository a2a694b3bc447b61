"""What rows of the store are made of: plain values, and a checksum of them all."""

from __future__ import annotations

import json
from typing import Any
from zlib import crc32

Values = tuple[Any, ...]
"""A row of a table, its checksum last."""

to_json = json.JSONEncoder(separators=(",", ":")).encode
"""JSON as short as can be, in ASCII."""

CHANGED = "it is not what was written"
FORMATS = [" ".join(["%s"] * columns) for columns in range(20)]


class Damaged(Exception):
    """Something is not what was written."""


def signed(values: Values) -> Values:
    """A row with its checksum."""
    return (*values, checksum(values))


def checked(row: Values) -> Values:
    """A row without its checksum; Damaged when that is not right."""
    values = row[:-1]
    if checksum(values) != row[-1]:
        raise Damaged(CHANGED)
    return values


def checksum(values: Values) -> int:
    """CRC-32 of all the values as text, a space between."""
    return crc32((FORMATS[len(values)] % values).encode("utf-8", "surrogatepass"))


def bindable(text: str) -> str | bytes:
    """A text as SQLite takes it. Handlers write what they like: half a surrogate pair, which is no UTF-8, is a BLOB."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def text_of(kept: str | bytes) -> str:
    """The text that `bindable` was given."""
    return kept if isinstance(kept, str) else kept.decode("utf-8", "surrogatepass")
