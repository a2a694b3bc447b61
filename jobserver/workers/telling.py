"""What a handler may say of its job, within bounds: how far it has come, lines for the log, files, its result."""

from __future__ import annotations

import json
import re
from typing import Any

from jobserver.errors import DoNotRetry
from jobserver.jobs.model import Artifact, Progress, Result
from jobserver.workers.arguments import plain

_STEP_CHARACTERS = 200
_LINE_CHARACTERS = 2_000
_NAME_CHARACTERS = 255
_NOT_IN_NAMES = re.compile(r"[/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTENT_TYPE = re.compile(r"[!-.0-~]+/[!-.0-~][ -~]{0,200}")


def a_progress(fraction: float, step: str) -> Progress:
    """A share from 0 to 1, whatever number was said, and a step of at most 200 characters."""
    said = float(fraction)  # it may be another library's number, which JSON cannot carry
    share = min(said, 1.0) if said > 0 else 0.0  # what is no number is no progress
    return Progress(share, readable(step)[:_STEP_CHARACTERS])


def lines_of(text: str) -> list[str]:
    """``text`` by its lines, each of at most 2,000 characters."""
    return [readable(line)[:_LINE_CHARACTERS] for line in text.splitlines() or [""]]


def an_artifact(name: str, body: bytes | str, content_type: str) -> Artifact:
    """A file to keep; text is kept as UTF-8.

    Raises ValueError for a name that is empty, has more than 255 characters, a ``/`` or a control character, is ``.``
    or ``..``, and for a content type that is none.
    """
    if not 0 < len(name) <= _NAME_CHARACTERS or name in {".", ".."} or _NOT_IN_NAMES.search(name):
        raise ValueError(f"{name!r} cannot be a file's name: 1 to 255 characters, no / and no control characters")
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise ValueError(f"{content_type!r} is no content type")
    return Artifact(name, content_type, body.encode() if isinstance(body, str) else bytes(body))


def encode(value: Any) -> Result:
    """What a handler returned, as it is kept: compact JSON. DoNotRetry for what JSON cannot say."""
    if isinstance(value, Result):
        return value
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=plain)
        return Result(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise DoNotRetry(f"The handler returned what JSON cannot express: {error}") from error


def readable(text: str) -> str:
    """``text`` as UTF-8 can carry it: a file name may hold bytes that no encoding knows."""
    return text.encode("utf-8", "backslashreplace").decode()
