"""What a line of the log looks like, and whose doing it is about."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The request being answered; what is logged meanwhile carries it. Empty outside one."""

_JOB: ContextVar[Mapping[str, object]] = ContextVar("job", default={})  # noqa: B039 - nobody writes into it
_TOKEN = re.compile(r"(jsk_[A-Za-z0-9-]{1,32}_)[A-Za-z0-9_-]{16,}")
_PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# Beside controls what has no width or changes the order of what is around it (Unicode's Default_Ignorable_Code_Point
# and its bidirectional controls, UAX 9): text can be hidden by it, or seem to say something else. The selectors of
# emoji (U+FE0F and its like) stay.
_HIDING = (
    r"\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
_HIDDEN = re.compile(rf"[\x00-\x1f{_HIDING}]")
_HIDDEN_BUT_LINES = re.compile(rf"[\x00-\x09\x0b-\x1f{_HIDING}]")
_HIDDEN_IN_JSON = re.compile(rf"[{_HIDING}]")


def visible(text: str, *, lines: bool = False) -> str:
    r"""A stranger's text for a terminal or a line of a log: what would act on either, or hide, is spelt out.

    ``lines``: line feeds stay.

    >>> visible("a" + chr(27) + "[2J" + chr(0x202E) + "b")
    'a\\x1b[2J\\u202eb'
    """
    return (_HIDDEN_BUT_LINES if lines else _HIDDEN).sub(_spelt_out, text)


def visible_json(text: str) -> str:
    """JSON for a terminal: the same value, with escapes (RFC 8259, 7) for what would act on it, or hide."""
    return _HIDDEN_IN_JSON.sub(lambda match: json.dumps(match[0])[1:-1], text)


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


def log_to(stream: TextIO, level: str, style: str, secrets: Iterable[str] = ()) -> None:
    """Send everything from ``level`` on to ``stream``; ``style`` is ``text`` or ``json``.

    ``secrets``: written as ``***``, wherever a caller has put them: in a path, in a request's id.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Masked(JsonLines() if style == "json" else PlainLines(), secrets))
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


class Masked(logging.Formatter):
    """Lines of another formatter, without ``secrets`` and the tokens of API keys."""

    def __init__(self, lines: logging.Formatter, secrets: Iterable[str]) -> None:
        super().__init__()
        self._lines = lines
        spelt = {form for secret in secrets if secret for form in (secret, json.dumps(secret)[1:-1], visible(secret))}
        self._secrets = sorted(spelt, key=len, reverse=True)  # one may be the beginning of another

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = self._lines.format(record)
        for secret in self._secrets:
            if secret in line:
                line = line.replace(secret, "***")
        return _TOKEN.sub(r"\1***", line) if "jsk_" in line else line


class PlainLines(logging.Formatter):
    """Lines for people. What a stranger wrote cannot begin a line of its own, nor hide one: see `visible`."""

    def __init__(self) -> None:
        super().__init__(_PLAIN)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """The first line."""
        record.message = visible(record.message)
        request_id = REQUEST_ID.get()
        return super().formatMessage(record) + (f" (request {request_id})" if request_id else "")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's own name
        """A traceback, set in from the left so that no line of it looks like one of the log."""
        text = visible(super().formatException(ei), lines=True)
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
