"""What a line of the log looks like, and whose doing it is about."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The request being answered; what is logged meanwhile carries it. Empty outside one."""

_JOB: ContextVar[Mapping[str, object]] = ContextVar("job", default={})  # noqa: B039 - nobody writes into it
_PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def tell_of_job(job_id: str, kind: str, attempt: int, traceparent: str | None = None) -> None:
    """What is logged from here on, in this task and those it starts, carries the job's id, kind, attempt and trace."""
    members: dict[str, object] = {"job_id": job_id, "kind": kind, "attempt": attempt}
    if traceparent is not None:
        members["trace_id"] = trace_id(traceparent)
    _JOB.set(members)


def trace_id(traceparent: str) -> str:
    """The trace that a ``traceparent`` header names (W3C Trace Context); empty when it names none.

    >>> trace_id("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    """
    parts = traceparent.split("-")
    return parts[1] if len(parts) >= 4 else ""


def log_to(stream: TextIO, level: str, style: str) -> None:
    """Send everything from ``level`` on to ``stream``; ``style`` is ``text`` or ``json``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if style == "json" else PlainLines())
    handler.addFilter(without_strangers_bytes)
    logging.basicConfig(level=level.upper(), handlers=[handler])


def without_strangers_bytes(record: logging.LogRecord) -> bool:
    """Of a request that is no HTTP only the kind of mistake is told: its bytes may hold a signature or a token.

    Anybody who finds the port can make such a request: it is no error of ours.
    """
    kind = record.exc_info[0] if record.exc_info else None
    if kind is None or kind.__module__ != "aiohttp.http_exceptions":
        return True
    record.msg, record.args, record.exc_info = "A request could not be read: %s", (kind.__name__,), None
    record.exc_text = None
    record.levelno, record.levelname = logging.INFO, "INFO"
    return logging.getLogger().isEnabledFor(logging.INFO)


class PlainLines(logging.Formatter):
    """Lines for people. What a stranger wrote cannot begin a line of its own: control characters are spelt out."""

    def __init__(self) -> None:
        super().__init__(_PLAIN)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The first line."""
        record.message = _CONTROL.sub(_spelt_out, record.message)
        request_id = REQUEST_ID.get()
        return super().formatMessage(record) + (f" (request {request_id})" if request_id else "")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        """A traceback, set in from the left so that no line of it looks like one of the log."""
        text = _CONTROL_BUT_LINES.sub(_spelt_out, super().formatException(ei))
        return "\n".join(f"  {line}" for line in text.split("\n"))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's own name
        """Where it was logged, set in likewise."""
        return "\n".join(f"  {line}" for line in stack_info.split("\n"))


class JsonLines(logging.Formatter):
    """One JSON object a line, for machines.

    ``time`` (ISO 8601), ``level``, ``logger``, ``message``; and where they are known ``request_id``, ``job_id``,
    ``kind``, ``attempt``, ``trace_id``, ``exception`` (the traceback), ``stack``, and what the record brings as
    ``members``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line. ASCII only, so that nothing in it can end it."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line |= _JOB.get()
        line |= getattr(record, "members", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps(line, separators=(",", ":"), default=str)


def _spelt_out(character: re.Match[str]) -> str:
    return character[0].encode("unicode_escape").decode()
