"""What time it is: the only module that may ask."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> datetime:
        """The time as an aware UTC datetime; it never goes backwards."""


class SteadyClock:
    """The wall clock as it stood at start, carried on by the monotonic one.

    A host whose clock is set forward or back by a day moves no deadline and forgets no job: inside one process
    time only ever passes at one second a second. A restart reads the wall clock anew.
    """

    def __init__(self) -> None:
        self._started = datetime.now(UTC)  # noqa: TID251 - this is the clock
        self._zero = time.monotonic()

    def now(self) -> datetime:
        """The time, as `Clock.now` promises."""
        return self._started + timedelta(seconds=time.monotonic() - self._zero)


class WallClock:
    """The wall clock as it is, whatever somebody sets it to: for what is said to others, who look at theirs."""

    def now(self) -> datetime:
        """The time. Unlike `Clock.now` promises, it may go backwards."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock


class ManualClock:
    """A clock that stands still until it is told otherwise, for tests."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time it was last set to."""
        return self._now

    def advance(self, by: timedelta | float) -> datetime:
        """Let ``by`` (a timedelta, or seconds) pass and return the new time."""
        self._now += by if isinstance(by, timedelta) else timedelta(seconds=by)
        return self._now


def to_wire(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and ``Z``.

    >>> to_wire(datetime(2024, 11, 30, 12, 34, 56, 789_000, tzinfo=UTC))
    '2024-11-30T12:34:56.789Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970: a time that takes no object of its own kind to keep."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The time `to_micros` was made of, in UTC.

    >>> from_micros(to_micros(datetime(2024, 11, 30, 12, 34, 56, 789_123, tzinfo=UTC))).isoformat()
    '2024-11-30T12:34:56.789123+00:00'
    """
    return _EPOCH + timedelta(microseconds=micros)
