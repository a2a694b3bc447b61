"""The setting QUEUES: queues by name, each with its terms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jobserver.config.readers import number, whole, words


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue of QUEUES; None is what the server's other settings and its handlers say.

    ``concurrency``: jobs that run at a time, 0 for no limit. ``keep``: seconds an ended job stays. ``keep_count``:
    ended jobs kept at most, 0 for any number.
    """

    name: str
    concurrency: int | None = None
    keep: float | None = None
    keep_count: int | None = None

    def __str__(self) -> str:
        """As it is written in the setting."""
        said = (("concurrency", self.concurrency), ("keep", self.keep), ("keepCount", self.keep_count))
        terms = ",".join(f"{name}={value:g}" for name, value in said if value is not None)
        return f"{self.name}:{terms}" if terms else self.name


def queues(text: str) -> tuple[QueueRow, ...]:
    """The rows of the setting; raises ValueError."""
    rows = [_queue(part.strip()) for part in text.split(";") if part.strip()]
    if len({row.name for row in rows}) < len(rows):
        raise ValueError("it names a queue twice")
    return tuple(rows)


def _queue(text: str) -> QueueRow:
    name, _, terms = text.partition(":")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name.strip()):
        raise ValueError("a queue's name is 1 to 100 letters, digits, dots, dashes and underscores")
    values: dict[str, Any] = {}
    for term in words(terms):
        word, _, value = term.partition("=")
        if word.strip() not in _QUEUE_TERMS:
            raise ValueError(f"a queue has {', '.join(_QUEUE_TERMS)}; write name:concurrency=2,keep=600; other:…")
        field, read = _QUEUE_TERMS[word.strip()]
        values[field] = read(value.strip())
    return QueueRow(name.strip(), **values)


_QUEUE_TERMS: dict[str, tuple[str, Callable[[str], float]]] = {
    "concurrency": ("concurrency", whole(0, 1_000)),
    "keep": ("keep", number(1, 31_536_000)),
    "keepCount": ("keep_count", whole(0, 10_000_000)),
}
