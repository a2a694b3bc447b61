"""The text fields of a multipart form (RFC 7578) that is in memory already, read strictly and within bounds."""

from __future__ import annotations

import re

from jobserver.web.reading.encoding import decode
from jobserver.web.reading.parameters import split_parameters

MAX_PARTS = 1000
MAX_HEADERS = 8192
"""Bytes of the headers of one part."""

_FIRST_LINE = re.compile(rb"(?:\r?\n)*--([!-~](?:[ -~]{0,68}[!-~])?)[ \t]*(\r?\n)")
_PLAIN_TRANSFER = frozenset({"", "7bit", "8bit", "binary"})


def is_multipart(body: bytes) -> bool:
    """Whether ``body`` begins as a multipart one does, whatever its label says."""
    return _FIRST_LINE.match(body) is not None


def read_fields(body: bytes, boundary: str = "", charset: str = "") -> dict[str, str]:
    """The form's fields in the order sent; the last of a name counts, and files are left out.

    ``boundary``: as declared, "" where it was not. The body's first line says it too and must agree: no text before
    that line is taken, so a body reads the same under every label. ``charset``: of parts that declare none.

    `ValueError` for anything that is not such a form.
    """
    first = _FIRST_LINE.match(body)
    if first is None or boundary not in ("", first[1].decode("ascii")):
        raise ValueError("not a multipart form with that boundary")
    fields: dict[str, str] = {}
    for part in _parts(body[first.end() :], first[1], first[2]):
        name, value = _field(part, first[2], charset)
        if value is not None:
            fields[name] = value
    return fields


def _parts(rest: bytes, boundary: bytes, newline: bytes) -> list[bytes]:
    """What stands between the delimiters, headers and all. ``newline`` is the form's own: scripts send bare LFs."""
    *parts, end = (newline + rest).split(newline + b"--" + boundary, MAX_PARTS)
    if not end.startswith(b"--"):
        raise ValueError("the form does not end, or has too many parts")
    return [_after_line(part, newline) for part in parts]


def _after_line(part: bytes, newline: bytes) -> bytes:
    padding, found, rest = part.partition(newline)
    if not found or padding.strip(b" \t"):
        raise ValueError("a delimiter does not end its line")
    return rest


def _field(part: bytes, newline: bytes, charset: str) -> tuple[str, str | None]:
    """A part's name and text; None for the text of a file."""
    head, found, content = part.partition(newline * 2)
    if not found or len(head) > MAX_HEADERS:
        raise ValueError("a part has no end of its headers")
    headers = _headers(decode(head, charset))
    disposition, parameters = split_parameters(headers.get("content-disposition", ""))
    if disposition != "form-data" or "name" not in parameters:
        raise ValueError("a part is no field of a form")
    if "filename" in parameters:
        return parameters["name"], None
    if headers.get("content-transfer-encoding", "").lower() not in _PLAIN_TRANSFER:
        raise ValueError("a part has an encoding that forms do not use (RFC 7578, 4.7)")
    _, declared = split_parameters(headers.get("content-type", ""))
    return parameters["name"], decode(content, declared.get("charset", charset))


def _headers(head: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in head.split("\n"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
