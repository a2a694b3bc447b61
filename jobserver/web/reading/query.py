"""The parameters and headers that several routes understand."""

from __future__ import annotations

import hashlib
import re

from aiohttp import web

from jobserver.errors import InvalidRequest
from jobserver.jobs.model import IdempotencyKey
from jobserver.web.reading.members import Check, Members, whole

_PREFER_WAIT = re.compile(r"(?:^|[,;]\s*)wait\s*=\s*\"?(\d{1,6})\"?\s*(?:$|[,;])", re.IGNORECASE)
_LONGEST_KEY = 255


def parameters(request: web.Request, *known: str) -> Members:
    """The query's parameters. Those that mean nothing here, or are given twice, are faults: one overlooked misleads."""
    members = Members(request.query, known, what="parameter")
    for name in known:
        if len(request.query.getall(name, ())) > 1:
            members.fault(name, f"{name} is given twice.")
    return members


def only(request: web.Request, *known: str) -> None:
    """Refuse all parameters but these."""
    parameters(request, *known).check()


def whole_text(low: int, high: int) -> Check[int]:
    """A whole number, written in digits."""
    is_whole = whole(low, high)

    def check(text: str) -> int:
        return is_whole(int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else None)

    return check


def wait_seconds(request: web.Request, longest: float) -> float:
    """How long the client is willing to wait: ``?wait=N``, or ``Prefer: wait=N`` (RFC 7240), up to ``longest``.

    A preference that cannot be understood is ignored, as that RFC has it; a parameter that cannot be is a 400.
    """
    text = request.query.get("wait")
    if text is None:
        if "Prefer" not in request.headers:
            return 0.0
        preferred = _PREFER_WAIT.search(", ".join(request.headers.getall("Prefer", [])))
        return min(float(preferred[1]), longest) if preferred else 0.0
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text, re.ASCII):
        raise InvalidRequest(f"wait must be a number of seconds, 0 to {longest:g}.", pointer="/wait")
    return min(float(text), longest)


def whole_number(request: web.Request, name: str, default: int, low: int, high: int) -> int:
    """A whole number in the query, or ``default`` without one."""
    text = request.query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or not low <= int(text) <= high:
        raise InvalidRequest(f"{name} must be a whole number from {low} to {high}.", pointer=f"/{name}")
    return int(text)


def one_of(request: web.Request, name: str, words: list[str]) -> str | None:
    """One of ``words`` in the query, or None without one."""
    text = request.query.get(name)
    if text is not None and text not in words:
        raise InvalidRequest(f"{name} must be one of {', '.join(words)}.", pointer=f"/{name}")
    return text


def idempotency_key(request: web.Request, body: bytes) -> IdempotencyKey | None:
    """The ``Idempotency-Key`` header with a fingerprint of what it came with, or None without one."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise InvalidRequest(f"Idempotency-Key must have 1 to {_LONGEST_KEY} characters.")
    fingerprint = hashlib.sha256(b"\0".join((request.path.encode(), body))).digest()
    return IdempotencyKey(key, fingerprint)
