"""Every job in order of arrival: all together, and each owner's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from jobserver.engines.arrivals import Arrivals
from jobserver.engines.packed import NUMBER, Restored
from jobserver.jobs.model import JobId


class Listing:
    """Numbers and ids. ``last``: number of the job that came last, be it forgotten by now."""

    def __init__(self) -> None:
        self.last = 0
        self.owners: dict[str, Arrivals] = {}
        self._all = Arrivals()

    def add(self, number: int, job_id: JobId, owner: str) -> None:
        """A job arrives; its number is higher than any before."""
        self.last = number
        self._all.add(number, job_id)
        mine = self.owners.get(owner)
        if mine is None:
            mine = self.owners[owner] = Arrivals()
        mine.add(number, job_id)

    def remove(self, number: int, owner: str) -> None:
        """A job is forgotten, and its owner with the last of their jobs."""
        self._all.remove(number)
        mine = self.owners[owner]
        mine.remove(number)
        if not mine:
            del self.owners[owner]

    def newest_first(self, owner: str | None = None, below: int | None = None) -> Iterator[tuple[int, JobId]]:
        """(number, id) of an owner's jobs or of all, whose number is under ``below``; not to be used across changes."""
        mine = self._all if owner is None else self.owners.get(owner)
        return iter(()) if mine is None else mine.newest_first(below)

    def oldest_first(self, owner: str) -> Iterator[JobId]:
        """The owner's jobs. Not to be used across changes."""
        mine = self.owners.get(owner)
        return iter(()) if mine is None else mine.oldest_first()

    def restore(self, jobs: Sequence[Restored], by_owner: Iterable[tuple[str, Sequence[Restored]]]) -> None:
        """Know many at once, in order; there are no others yet. ``by_owner``: the same, an owner's perhaps in parts."""
        self._all = _arrivals(jobs)
        parts: dict[str, list[Sequence[Restored]]] = {}
        for owner, some in by_owner:
            parts.setdefault(owner, []).append(some)
        for owner, mine in parts.items():
            self.owners[owner] = _arrivals(mine[0] if len(mine) == 1 else sorted(chain(*mine), key=_number))


def _arrivals(jobs: Sequence[Restored]) -> Arrivals:
    arrivals = Arrivals()
    arrivals.restore([job[1][NUMBER] for job in jobs], [job[0] for job in jobs])
    return arrivals


def _number(job: Restored) -> int:
    number: int = job[1][NUMBER]
    return number
