"""Every job in order of arrival, so that a list can begin anywhere without looking for the place."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from jobserver.jobs.model import JobId

_CHUNK = 512


class _Chunk:
    """Up to 512 arrivals. Those that left stay until all have: ``left`` counts them."""

    __slots__ = ("ids", "left", "numbers")

    def __init__(self) -> None:
        self.numbers = array("q")
        self.ids: list[JobId | None] = []
        self.left = 0


class Arrivals:
    """Numbers and ids of jobs, newest first from any number on. Adding, leaving and finding a place are a few steps."""

    def __init__(self) -> None:
        self._chunks: list[_Chunk] = []
        self._firsts: list[int] = []  # each chunk's first number

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def add(self, number: int, job_id: JobId) -> None:
        """A job arrives; its number is higher than any before."""
        if not self._chunks or len(self._chunks[-1].ids) == _CHUNK:
            self._chunks.append(_Chunk())
            self._firsts.append(number)
        chunk = self._chunks[-1]
        chunk.numbers.append(number)
        chunk.ids.append(job_id)

    def restore(self, numbers: list[int], ids: list[JobId]) -> None:
        """Know many at once, in order; there are no others yet."""
        for start in range(0, len(ids), _CHUNK):
            chunk = _Chunk()
            chunk.numbers.extend(numbers[start : start + _CHUNK])
            chunk.ids.extend(ids[start : start + _CHUNK])
            self._chunks.append(chunk)
            self._firsts.append(numbers[start])

    def remove(self, number: int) -> None:
        """A job is forgotten."""
        where = bisect_right(self._firsts, number) - 1
        chunk = self._chunks[where]
        chunk.ids[bisect_left(chunk.numbers, number)] = None
        chunk.left += 1
        if chunk.left == len(chunk.ids):
            del self._chunks[where], self._firsts[where]

    def oldest_first(self) -> Iterator[JobId]:
        """Every id. Not to be used across changes."""
        for chunk in self._chunks:
            yield from (job_id for job_id in chunk.ids if job_id is not None)

    def newest_first(self, below: int | None = None) -> Iterator[tuple[int, JobId]]:
        """(number, id) of all whose number is under ``below``, or of all. Not to be used across changes."""
        chunks = len(self._chunks) if below is None else bisect_left(self._firsts, below)
        for chunk in reversed(self._chunks[:chunks]):
            end = len(chunk.ids) if below is None else bisect_left(chunk.numbers, below)
            for place in range(end - 1, -1, -1):
                job_id = chunk.ids[place]
                if job_id is not None:
                    yield chunk.numbers[place], job_id
