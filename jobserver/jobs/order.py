"""Who is next, and exactly where everyone stands."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

from jobserver.jobs.model import JobId

Place = int


class _Level:
    """The queue of one priority: consecutive places, some of them left empty.

    A place's rank is its distance from the head less the holes between, so that nobody is counted one by one.
    """

    __slots__ = ("head", "holes", "ids")

    def __init__(self) -> None:
        self.ids: deque[JobId] = deque()
        self.head: Place = 0
        self.holes: list[Place] = []

    def __len__(self) -> int:
        return len(self.ids) - len(self.holes)

    def append(self, job_id: JobId) -> Place:
        self.ids.append(job_id)
        return self.head + len(self.ids) - 1

    def put_back(self, job_id: JobId) -> Place:
        self.ids.appendleft(job_id)
        self.head -= 1
        return self.head

    def rank(self, place: Place) -> int:
        return place - self.head - bisect_left(self.holes, place)

    def remove(self, place: Place) -> None:
        insort(self.holes, place)
        self._trim()

    def _trim(self) -> None:
        """Holes at the head are nobody's: after this the head is a job, or the level is empty."""
        gone = 0
        while gone < len(self.holes) and self.holes[gone] == self.head:
            self.ids.popleft()
            self.head += 1
            gone += 1
        del self.holes[:gone]


class Order:
    """Jobs in the order they will run: higher priority first, then first come first served.

    ``rank`` costs a binary search, ``push``, and leaving from the head, a few steps, with a million jobs as with ten.
    """

    def __init__(self) -> None:
        self._levels: dict[int, _Level] = {}
        self._places: dict[JobId, tuple[int, Place]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def push(self, job_id: JobId, priority: int = 0) -> None:
        """Let the job join at the back of its priority."""
        self._places[job_id] = (priority, self._level(priority).append(job_id))

    def put_back(self, job_id: JobId, priority: int = 0) -> None:
        """Let the job stand before all others of its priority: it had its turn already."""
        self._places[job_id] = (priority, self._level(priority).put_back(job_id))

    def first(self) -> JobId | None:
        """Who is next, or None when nobody waits."""
        return self._levels[max(self._levels)].ids[0] if self._levels else None

    def remove(self, job_id: JobId) -> None:
        """Let the job leave from wherever it stands; KeyError when it does not wait."""
        priority, place = self._places[job_id]
        self._levels[priority].remove(place)
        self._left(job_id, priority)

    def rank(self, job_id: JobId) -> int | None:
        """How many jobs run before this one, or None when it does not wait."""
        where = self._places.get(job_id)
        if where is None:
            return None
        priority, place = where
        before = sum(len(level) for higher, level in self._levels.items() if higher > priority)
        return before + self._levels[priority].rank(place)

    def _level(self, priority: int) -> _Level:
        return self._levels.setdefault(priority, _Level())

    def _left(self, job_id: JobId, priority: int) -> None:
        del self._places[job_id]
        if not self._levels[priority]:
            del self._levels[priority]
