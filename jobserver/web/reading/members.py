"""What a client may say, member by member: everything that is wrong is gathered and told at once."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from jobserver.errors import InvalidRequest, NotSupported

YEAR = 365 * 86_400
"""Seconds; the longest duration that can be asked for."""

_MOST_NAMED = 20
"""Unknown members that are named: an object may hold tens of thousands."""

_MOST_GUESSED = 3
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)

T = TypeVar("T")
Check = Callable[[Any], T]
"""Makes of a member what it stands for; `ValueError` says what it must be, to be read after its name."""


class Members:
    """The members of an object, taken one by one.

    ``known``: the names it may have. ``at``: JSON pointer of the object. ``not_yet``: name → why it is refused for now.
    ``what``: they are called.
    """

    def __init__(
        self,
        members: Mapping[str, Any],
        known: Collection[str],
        *,
        at: str = "",
        not_yet: Mapping[str, str] | None = None,
        what: str = "member",
    ) -> None:
        self._members = members
        self._at = at
        self._what = what
        self._unsupported = [name for name in not_yet or {} if name in members]
        self.faults: list[tuple[str, str]] = [(f"{at}/{name}", (not_yet or {})[name]) for name in self._unsupported]
        unknown = [name for name in members if name not in known and name not in self._unsupported]
        for number, name in enumerate(unknown[:_MOST_NAMED]):
            self.fault(name, unknown_name(name, known if number < _MOST_GUESSED else (), what))

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def take(self, name: str, check: Check[T]) -> T | None:
        """The member as ``check`` makes it; None where there is none, or a wrong one."""
        if name not in self._members:
            return None
        try:
            return check(self._members[name])
        except ValueError as wrong:
            self.fault(name, f"{name} {wrong}.")
            return None

    def need(self, name: str, check: Check[T]) -> T | None:
        """The same for a member that must be there."""
        if name not in self._members:
            self.fault(name, f"{name} is missing.")
        return self.take(name, check)

    def within(self, name: str, known: Collection[str]) -> Members | None:
        """The members of an object inside; its faults are told with these."""
        inner = self.take(name, an_object)
        if inner is None:
            return None
        members = Members(inner, known, at=f"{self._at}/{name}")
        self.faults += members.faults
        members.faults = self.faults
        return members

    def fault(self, name: str, detail: str) -> None:
        """Something is wrong with a member."""
        self.faults.append((f"{self._at}/{name.replace('~', '~0').replace('/', '~1')}", detail))

    def check(self) -> None:
        """Raise InvalidRequest with all that is wrong; NotSupported when a member of the kind "not yet" is among it."""
        if not self.faults:
            return
        first = self.faults[0][1]
        message = first if len(self.faults) == 1 else f"{len(self.faults)} {self._what}s are wrong. The first: {first}"
        raise (NotSupported if self._unsupported else InvalidRequest)(message, errors=self.faults)


def unknown_name(name: str, known: Collection[str], what: str = "member") -> str:
    """A sentence about a name nobody knows, with the one that was probably meant."""
    shown = name if len(name) <= 40 else f"{name[:39]}…"
    meant = difflib.get_close_matches(name[:40], known, 1)
    return f"There is no {what} {shown!r}" + (f": did you mean {meant[0]!r}?" if meant else ".")


def text(longest: int) -> Check[str]:
    """A string of 1 to ``longest`` characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= longest:
            raise ValueError(f"must be a string of 1 to {longest} characters")
        return value

    return check


def whole(low: int, high: int) -> Check[int]:
    """A whole number; 5.0 is one, as in JSON Schema."""

    def check(value: Any) -> int:
        if not _is_number(value) or value != math.floor(value) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return check


def number(low: float, high: float) -> Check[float]:
    """A number."""

    def check(value: Any) -> float:
        if not _is_number(value) or not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return float(value)

    return check


def seconds(low: float = 0.001, high: float = YEAR) -> Check[timedelta]:
    """A duration, given as a number of seconds."""

    def check(value: Any) -> timedelta:
        if not _is_number(value) or not low <= value <= high:
            raise ValueError(f"must be a number of seconds from {low:g} to {high:.10g}")
        return timedelta(seconds=value)

    return check


def one_word_of(words: Collection[str]) -> Check[str]:
    """One of a few words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value

    return check


def texts(most: int, longest: int) -> Check[tuple[str, ...]]:
    """An array of strings, each once."""
    one = text(longest)

    def check(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise ValueError(f"must be an array of at most {most} strings")
        try:
            return tuple(dict.fromkeys(map(one, value)))
        except ValueError as wrong:
            raise ValueError(f"hold something else: each {wrong}") from None

    return check


def moment(value: Any) -> datetime:
    """A time in ISO 8601 with its offset from UTC, within the years 1970 to 2999."""
    wrong = ValueError("must be a time in ISO 8601 with an offset, like 2026-01-31T12:00:00Z, from 1970 to 2999")
    if not isinstance(value, str) or len(value) > 40 or not _MOMENT.fullmatch(value):
        raise wrong
    try:
        at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong from None
    if not 1970 <= at.year < 3000:
        raise wrong
    return at


def an_object(value: Any) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise ValueError("must be an object")  # noqa: TRY004 - what was sent is wrong, not what we were called with
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and (isinstance(value, int) or value == value)  # noqa: PLR0124 - NaN
