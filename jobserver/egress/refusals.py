"""What a visit was refused: a short list for the job's log, however often a page tries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jobserver.logs import visible

_MOST = 50
"""Refusals that are told apart."""
_URL_CHARACTERS = 200


class Refusals:
    """The refusals of one visit, each stage and URL once with how often.

    ``count``: all of them. Fifty different ones are kept; of what comes after only the number is known.
    """

    def __init__(self) -> None:
        self.count = 0
        self._times: Counter[str] = Counter()

    def note(self, url: str, stage: str) -> None:
        """``stage`` of the policy (see `policy`) refused ``url``."""
        self.count += 1
        what = f"{stage}: {_shown(url)}"
        if what in self._times or len(self._times) < _MOST:
            self._times[what] += 1

    def lines(self) -> list[str]:
        """One line each in the order they came first, and one for all the others; none without a refusal."""
        return list(self._lines())

    def _lines(self) -> Iterator[str]:
        for what, times in self._times.items():
            yield f"Refused, {what}" + (f" ({times} times)" if times > 1 else "")
        if others := self.count - self._times.total():
            yield f"Refused, {others} more requests"


def _shown(url: str) -> str:
    """At most 200 characters that do nothing to whoever reads them."""
    shown = visible(url[:_URL_CHARACTERS])
    cut = len(url) > _URL_CHARACTERS or len(shown) > _URL_CHARACTERS
    return f"{shown[:_URL_CHARACTERS]}…" if cut else shown
