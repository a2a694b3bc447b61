"""Results of pages that were read before, to be given again while the pages have not changed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from jobserver.jobs.model import Result

Key = tuple[str, str]
"""Whose page it is, and what was asked for: nobody is given what was read for somebody else."""

_OVERHEAD = 4_000
"""Bytes of a reading besides: its key, with an address of 2,048 characters, and its timer."""


@dataclass(frozen=True, slots=True)
class File:
    """An artifact of the job that read the page."""

    name: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a job made of a page that had this ``fingerprint``. ``read_at``: as the result says it."""

    fingerprint: str
    read_at: str
    result: Result
    files: tuple[File, ...] = ()

    @property
    def size(self) -> int:
        """Bytes it takes to keep, with what goes with it."""
        return _OVERHEAD + self.result.size + sum(len(each.body) for each in self.files)


class KnownPages:
    """The last reading of each page, ``max_bytes`` of them together; those not asked for longest make room.

    ``lifetime``: seconds after which a reading is forgotten.
    """

    def __init__(self, max_bytes: int, lifetime: float) -> None:
        self._room = max_bytes
        self._max_bytes = max_bytes
        self._lifetime = lifetime
        self._readings: OrderedDict[Key, tuple[Reading, asyncio.TimerHandle]] = OrderedDict()

    def find(self, key: Key) -> Reading | None:
        """The last reading, if it is still there."""
        if key not in self._readings:
            return None
        self._readings.move_to_end(key)
        return self._readings[key][0]

    def keep(self, key: Key, reading: Reading) -> None:
        """Have ``reading`` in place of an earlier one; one that is too large is not kept, nor is the earlier one."""
        self._forget(key)
        if reading.size > self._max_bytes:
            return
        self._room -= reading.size
        while self._room < 0:
            self._forget(next(iter(self._readings)))
        timer = asyncio.get_running_loop().call_later(self._lifetime, self._forget, key)
        self._readings[key] = reading, timer

    def _forget(self, key: Key) -> None:
        if kept := self._readings.pop(key, None):
            reading, timer = kept
            timer.cancel()
            self._room += reading.size
