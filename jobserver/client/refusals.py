"""What a server refused, as the error it was there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jobserver.errors import InvalidRequest, JobFailed, JobserverError, RetryAfter, Unavailable


def _all(kind: type[JobserverError]) -> Iterator[type[JobserverError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _all(child)


_BY_CODE = {kind.code: kind for kind in _all(JobserverError)}


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> JobserverError:
    """The error that an answer tells of: of the class that has its code, with its sentence.

    An answer that is none of ours, as a proxy's, is Unavailable where its status says so, else a plain JobserverError.
    """
    return error_from(_members(body), status, _seconds(headers.get("Retry-After")))


def error_from(members: Mapping[str, Any], status: int, retry_after: float | None = None) -> JobserverError:
    """The same of a refusal's ``members`` alone."""
    message = str(members.get("error") or f"The server answered with status {status}.")
    kind = _BY_CODE.get(str(members.get("code")), Unavailable if status in {429, 502, 503, 504} else JobserverError)
    if issubclass(kind, InvalidRequest):
        return kind(message, errors=list(_faults(members)))
    error = _plain(kind, message)
    if isinstance(error, Unavailable):
        error.retry_after = retry_after or float(members.get("retryAfter", error.retry_after))
    return error


def failure_of(code: str, message: str) -> JobFailed:
    """The error that ended a job; a JobFailed for what its handler raised itself."""
    kind = _BY_CODE.get(code, JobFailed)
    error = _plain(kind if issubclass(kind, JobFailed) else JobFailed, message)
    assert isinstance(error, JobFailed)  # noqa: S101 - by the line above
    return error


def _plain(kind: type[JobserverError], message: str) -> JobserverError:
    return RetryAfter(0, message) if kind is RetryAfter else kind(message)


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _faults(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    faults = members.get("errors")
    for fault in faults if isinstance(faults, list) else ():
        if isinstance(fault, dict):
            yield str(fault.get("pointer", "")), str(fault.get("detail", ""))


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() and len(text) < 10 else None
