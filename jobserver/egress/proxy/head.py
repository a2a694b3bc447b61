"""The head of a message, read strictly: what two readers could understand differently is not passed on.

Rules: RFC 9112 (messages), RFC 9110, 7.6.1 (fields that belong to one connection only).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jobserver.egress.proxy.answers import BadHead, bad_request, not_implemented

REQUEST_END = re.compile(rb"\r\n\r\n")
ANSWER_END = re.compile(rb"\r?\n\r?\n")  # browsers take bare line feeds of servers, so we must

Fields = list[tuple[bytes, bytes]]

_REQUEST_LINE = re.compile(rb"([A-Z]{3,7}) ([\x21-\x7e]+) HTTP/1\.1")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_AUTHORITY = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+):[0-9]{1,5}")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MOST_FIELDS = 200
_OF_ONE_CONNECTION = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"upgrade",
    }
)
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Request:
    """What the browser asks the proxy for.

    ``url``: to put through the policy: ``https://host:port/`` for a tunnel. ``fields``: those to pass on, without
    ``Host`` and ``Content-Length``. ``length``: bytes of the body, None without one.
    """

    method: str
    url: str
    fields: Fields
    length: int | None

    @property
    def is_tunnel(self) -> bool:
        """Whether it is a CONNECT."""
        return self.method == "CONNECT"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. ``fields``: those to pass on; they still frame the body as the server did."""

    status: int
    fields: Fields


def parse_request(head: bytes) -> Request:
    """A request in absolute form (``http`` only) or a CONNECT. Raises Declined for everything else."""
    try:
        line, fields = _split(head.split(b"\r\n"))
    except BadHead:
        raise bad_request() from None
    match = _REQUEST_LINE.fullmatch(line)
    names = [name for name, _ in fields]
    if match is None or names.count(b"host") != 1 or b"expect" in names:
        raise bad_request()
    if b"transfer-encoding" in names:
        raise not_implemented()
    method, target = match[1].decode("ascii"), match[2]
    length = _length([value for name, value in fields if name == b"content-length"])
    kept = [field for field in _end_to_end(fields) if field[0] not in {b"host", b"content-length"}]
    return Request(method, _url(method, target, length), kept, length)


def parse_answer(head: bytes) -> Answer:
    """The head of an answer; its reason phrase is dropped. Raises BadHead."""
    line, fields = _split(head.replace(b"\r\n", b"\n").split(b"\n"))
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise BadHead
    return Answer(int(match[1]), list(_end_to_end(fields)))


def encode(first_line: str, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A head for the next connection, which ends with this message."""
    lines = (first_line.encode("ascii"), *(b"%s: %s" % field for field in fields), b"Connection: close", b"", b"")
    return b"\r\n".join(lines)


def _url(method: str, target: bytes, length: int | None) -> str:
    text = target.decode("ascii")
    if method == "CONNECT" and length is None and _AUTHORITY.fullmatch(target):
        return f"https://{text}/"
    if method in _METHODS and text.startswith("http://") and "#" not in text:
        return text
    raise bad_request()


def _length(values: list[bytes]) -> int | None:
    if not values:
        return None
    if len(values) > 1 or not values[0].isdigit() or len(values[0]) > 15:
        raise bad_request()
    return int(values[0])


def _split(lines: list[bytes]) -> tuple[bytes, Fields]:
    if len(lines) > 1 + _MOST_FIELDS:
        raise BadHead
    return lines[0], [_field(line) for line in lines[1:]]


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    value = value.strip(b" \t")
    # A name with white space, a line that goes on (obs-fold), a bare CR or a NUL: all read differently by someone.
    if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise BadHead
    return name.lower(), value


def _end_to_end(fields: Fields) -> Iterator[tuple[bytes, bytes]]:
    named = {option.strip().lower() for name, value in fields if name == b"connection" for option in value.split(b",")}
    # Whoever names the framing there wants us and the next reader to disagree on where the message ends.
    gone = (_OF_ONE_CONNECTION | named) - _FRAMING
    return (field for field in fields if field[0] not in gone)
