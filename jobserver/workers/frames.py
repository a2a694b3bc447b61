"""What the server and its child processes say to each other, and how an error crosses from one to the other.

A frame is a kind (1 byte), a length (4 bytes, big endian) and that many bytes::

    server                                   child
    SETUP  [module to import, …]        →
                                        ←    RESULT  (empty: it is ready) | ERROR
    JOB    {target, payload}            →
                                        ←    PROGRESS  [fraction, step]     any number
                                        ←    LOG       [line, …]            any number
                                        ←    ARTIFACT  [name, type], newline, raw bytes; any number
                                        ←    SPENT     (empty: kill me now) where a job left processes
                                        ←    BRIEF     raw bytes            where the result has one
                                        ←    RESULT    raw bytes | ERROR {code, message, retryable, details, traceback}

SETUP comes once; after that the two take turns, one job at a time. All but what is raw is JSON.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Iterator
from enum import IntEnum
from struct import Struct
from typing import BinaryIO

from jobserver.errors import ArtifactTooLarge, JobFailed, JobserverError, ResultTooLarge

CHUNK = 256 * 1024
"""Bytes read at a time: enough to be quick, too little to hold up a loop (0.1 ms)."""

_HEADER = Struct("!BI")
_SMALL = 16 * 1024 * 1024
_MESSAGE_CHARACTERS = 2_000
_TRACEBACK_CHARACTERS = 20_000


class Kind(IntEnum):
    """What a frame holds."""

    SETUP = 1
    JOB = 2
    PROGRESS = 3
    BRIEF = 4
    RESULT = 5
    ERROR = 6
    LOG = 7
    ARTIFACT = 8
    SPENT = 9


_LARGE = {Kind.BRIEF: ResultTooLarge, Kind.RESULT: ResultTooLarge, Kind.ARTIFACT: ArtifactTooLarge}


def header(kind: Kind, body: bytes) -> bytes:
    """What goes before ``body``; apart from it, so that a large body is not copied."""
    return _HEADER.pack(kind, len(body))


def read(stream: BinaryIO) -> tuple[Kind, bytes] | None:
    """The next frame of a blocking stream, or None at its end."""
    start = stream.read(_HEADER.size)
    if len(start) < _HEADER.size:
        return None
    kind, size = _HEADER.unpack(start)
    return Kind(kind), stream.read(size)


async def receive(reader: asyncio.StreamReader, limit: int) -> tuple[Kind, bytes]:
    """The next frame, without ever holding up the loop for long.

    ``limit``: bytes a BRIEF, RESULT or ARTIFACT may have; the other kinds may have 16 MiB. Raises ResultTooLarge or
    ArtifactTooLarge for a longer one, before it is read; asyncio.IncompleteReadError or OSError when the other side is
    gone.
    """
    kind, size = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    too_large = _LARGE.get(kind)
    if size > (limit if too_large else _SMALL):
        raise (too_large or ResultTooLarge)(f"It takes {size} bytes; {limit} are allowed at most.")
    return Kind(kind), await _body(reader, size)


def artifact(name: str, content_type: str, body: bytes, *, required: bool) -> bytes:
    """The body of an ARTIFACT frame."""
    return json.dumps([name, content_type, required]).encode() + b"\n" + body


def artifact_of(frame: bytes) -> tuple[str, bytes, str, bool]:
    """(name, body, content type, required) of an ARTIFACT frame."""
    head, _, body = frame.partition(b"\n")
    name, content_type, required = json.loads(head)
    return name, body, content_type, required


async def _body(reader: asyncio.StreamReader, size: int) -> bytes:
    chunks = []
    while size:
        chunks.append(await reader.readexactly(min(size, CHUNK)))
        size -= len(chunks[-1])
    if len(chunks) <= 4:
        return b"".join(chunks)
    # On a thread, because join lets go of the GIL from 1 MiB on: 60 MB take 40 ms that the loop need not spend.
    return await asyncio.to_thread(b"".join, chunks)


def told(error: BaseException) -> bytes:
    """``error`` as the body of an ERROR frame: all that `retold` needs to make it again."""
    if isinstance(error, JobserverError):
        code, message = error.code, error.message
        details = {name: value for name, value in vars(error).items() if isinstance(value, str | int | float | None)}
    else:
        code, message, details = "exception", f"{type(error).__name__}: {error}", {}
    news = {
        "code": code,
        "message": message[:_MESSAGE_CHARACTERS],
        "retryable": getattr(error, "retryable", True),
        "details": details,
        "traceback": "".join(traceback.format_exception(error))[-_TRACEBACK_CHARACTERS:],
    }
    return json.dumps(news).encode()


def retold(frame: bytes) -> JobFailed:
    """The error of an ERROR frame: of the same class where it is a JobFailed, else a JobFailed with the same code.

    What its constructor kept (``seconds``, ``url``, …) is there again; the child's traceback is its note (PEP 678).
    """
    news = json.loads(frame)
    family = (kind for kind in _family(JobFailed) if kind.code == news["code"])
    kind = next(family, JobFailed)
    error = kind.__new__(kind)
    # Past the class's own constructor: what that would work out from its arguments has come along in the details.
    JobserverError.__init__(error, news["message"])
    vars(error).update(news["details"], code=news["code"], retryable=news["retryable"])
    error.add_note("In the child process:\n" + news["traceback"])
    return error


def _family(kind: type[JobFailed]) -> Iterator[type[JobFailed]]:
    yield kind
    for younger in kind.__subclasses__():
        yield from _family(younger)
