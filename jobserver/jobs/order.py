"""Who is next, and exactly where everyone stands."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict, deque
from collections.abc import Collection, Hashable, Iterable, Iterator

from jobserver.jobs.model import JobId

Place = int
Turn = Hashable
"""What jobs share that take turns with others: a concurrency key, or None for those without one."""


class _Lane:
    """Jobs in single file at consecutive places, some of them left empty.

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

    def extend(self, job_ids: Iterable[JobId]) -> Place:
        first = self.head + len(self.ids)
        self.ids.extend(job_ids)
        return first

    def put_back(self, job_id: JobId) -> Place:
        self.ids.appendleft(job_id)
        self.head -= 1
        return self.head

    def rank(self, place: Place) -> int:
        return place - self.head - bisect_left(self.holes, place)

    def remove(self, place: Place) -> None:
        if place == self.head:
            self._leave_from_head()
        elif place == self.head + len(self.ids) - 1:
            self._leave_from_tail()
        else:
            insort(self.holes, place)

    def _leave_from_head(self) -> None:
        self.ids.popleft()
        self.head += 1
        # Holes that have come to the head are nobody's: after this the head is a job, or the lane is empty.
        gone = 0
        while gone < len(self.holes) and self.holes[gone] == self.head:
            self.ids.popleft()
            self.head += 1
            gone += 1
        if gone:
            del self.holes[:gone]

    def _leave_from_tail(self) -> None:
        # Whoever cancels a whole queue begins with the newest: a hole for each would have to be moved for the next.
        self.ids.pop()
        while self.holes and self.holes[-1] == self.head + len(self.ids) - 1:
            self.holes.pop()
            self.ids.pop()


class _Level:
    """All jobs of one priority: a lane for each turn. ``ready``: whose turn it is, first to last; the rest are held."""

    __slots__ = ("count", "lanes", "ready")

    def __init__(self) -> None:
        self.lanes: dict[Turn, _Lane] = {}
        self.ready: OrderedDict[Turn, None] = OrderedDict()
        self.count = 0

    def lane(self, turn: Turn) -> _Lane:
        lane = self.lanes.get(turn)
        if lane is None:
            lane = self.lanes[turn] = _Lane()
            self.ready[turn] = None
        return lane

    def remove(self, turn: Turn, place: Place) -> None:
        lane = self.lanes[turn]
        lane.remove(place)
        self.count -= 1
        if not lane:
            del self.lanes[turn]
            self.ready.pop(turn, None)


class Order:
    """Jobs in the order they will run: higher priority first, then first come first served.

    Jobs that share a ``turn`` form one lane; the lanes of a priority are served in turn, one job each, and a lane can
    be held. Where there is one lane the order is simply that of arrival. `push` gives the job its place, which with its
    priority and turn is where it stands: whoever files the job keeps it. ``rank`` costs a binary search, ``push`` and
    leaving from the head a few steps, with a million jobs as with ten.
    """

    def __init__(self) -> None:
        self._levels: dict[int, _Level] = {}
        self._priorities: list[int] = []  # the highest last

    def __len__(self) -> int:
        return sum(level.count for level in self._levels.values())

    def __bool__(self) -> bool:
        return bool(self._levels)

    def push(self, job_id: JobId, priority: int = 0, turn: Turn = None) -> Place:
        """Let the job join at the back of its lane; its place."""
        level = self._level(priority)
        level.count += 1
        return level.lane(turn).append(job_id)

    def push_all(self, job_ids: Collection[JobId], priority: int = 0, turn: Turn = None) -> Place:
        """Let them join at the back of one lane, the first first; the place of the first, after which they stand."""
        level = self._level(priority)
        level.count += len(job_ids)
        return level.lane(turn).extend(job_ids)

    def put_back(self, job_id: JobId, priority: int = 0, turn: Turn = None) -> Place:
        """Let the job stand before all others of its priority: it had its turn already. Its place."""
        level = self._level(priority)
        level.count += 1
        place = level.lane(turn).put_back(job_id)
        if turn in level.ready:
            level.ready.move_to_end(turn, last=False)
        return place

    def first(self) -> tuple[JobId, int, Turn] | None:
        """(job, priority, turn) of who is next, or None when nobody waits but in lanes that are held."""
        for priority in reversed(self._priorities):
            level = self._levels[priority]
            for turn in level.ready:
                return level.lanes[turn].ids[0], priority, turn
        return None

    def pass_turn(self, priority: int, turn: Turn) -> None:
        """The lane's turn was taken: the others come first now."""
        level = self._levels.get(priority)
        if level is not None and turn in level.ready:
            level.ready.move_to_end(turn)

    def hold(self, priority: int, turn: Turn) -> None:
        """Serve the lane no more until `release`."""
        self._levels[priority].ready.pop(turn, None)

    def release(self, turn: Turn) -> None:
        """Serve the lanes of this turn again, after those that wait already."""
        for level in self._levels.values():
            if turn in level.lanes:
                level.ready.setdefault(turn, None)

    def remove(self, priority: int, turn: Turn, place: Place) -> None:
        """Let the job leave from wherever it stands."""
        level = self._levels[priority]
        level.remove(turn, place)
        if not level.count:
            del self._levels[priority]
            self._priorities.remove(priority)

    def rank(self, priority: int, turn: Turn, place: Place) -> tuple[int, bool]:
        """(How many jobs run before the one at this place, whether that is exact).

        Where lanes take turns it is about one job of each other lane for every one of its own lane.
        """
        before = sum(self._levels[higher].count for higher in self._priorities if higher > priority)
        level = self._levels[priority]
        rank = level.lanes[turn].rank(place)
        if len(level.lanes) == 1:
            return before + rank, True
        return before + min(rank * len(level.lanes), level.count - 1), False

    def heads(self) -> Iterator[JobId]:
        """The first job of every lane."""
        for level in self._levels.values():
            for lane in level.lanes.values():
                yield lane.ids[0]

    def _level(self, priority: int) -> _Level:
        level = self._levels.get(priority)
        if level is None:
            level = self._levels[priority] = _Level()
            insort(self._priorities, priority)
        return level
