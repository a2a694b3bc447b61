"""Which part of a file a client wants (RFC 9110, 14)."""

from __future__ import annotations

import re

from aiohttp import web

from jobserver.errors import RangeNotSatisfiable

_ONE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


def wanted(request: web.Request, size: int, tag: str) -> slice | None:
    """The part that is asked for, or None for the whole: without a ``Range``, or with one we need not understand.

    Several ranges at once, other units and what is no range are ignored, as the RFC allows. So is the range of a file
    that has changed since (``If-Range``, compared strongly with ``tag``). RangeNotSatisfiable when it begins behind
    the end.
    """
    asked = _ONE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or asked is None or request.headers.get("If-Range", tag) != tag:
        return None
    return _part(asked[1], asked[2], size)


def _part(first: str, last: str, size: int) -> slice | None:
    """The bytes from ``first`` to ``last``, both included; either may be empty.

    >>> _part("0", "4", 10), _part("8", "", 10), _part("", "3", 10)
    (slice(0, 5, None), slice(8, 10, None), slice(7, 10, None))
    """
    if not first:
        return _suffix(last, size)
    if last and int(last) < int(first):
        return None  # no range at all: to be ignored
    if int(first) >= size:
        raise RangeNotSatisfiable(size=size)
    return slice(int(first), min(int(last) + 1, size) if last else size)


def _suffix(length: str, size: int) -> slice | None:
    if not length:
        return None
    if int(length) == 0 or size == 0:
        raise RangeNotSatisfiable(size=size)
    return slice(max(size - int(length), 0), size)
