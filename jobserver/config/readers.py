"""A setting's value from its text: each reader says with a ValueError what it should have been."""

from __future__ import annotations

import re
from collections.abc import Callable


def switch(text: str) -> bool:
    """True, yes, on or 1, or the opposite of one; empty is no."""
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    try:
        return known[text.strip().lower() or "false"]
    except KeyError:
        raise ValueError("say true or false") from None


def number(
    low: float, high: float, kind: Callable[[str], float] = float, noun: str = "a number"
) -> Callable[[str], float]:
    """A reader of numbers from ``low`` to ``high``, both included."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ValueError(f"it must be {noun} from {low:g} to {high:g}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], float]:
    """The same of whole numbers."""
    return number(low, high, int, "a whole number")


def port(text: str) -> int:
    """A port to listen on."""
    return int(whole(0, 65535)(text))


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader of one of these words, in any case."""

    def read(text: str) -> str:
        if (word := text.strip().lower()) not in choices:
            raise ValueError(f"it must be one of {', '.join(choices)}")
        return word

    return read


def http_status(text: str) -> int:
    """A status that a failed job's poll may have."""
    return int(one_of("200", "400")(text))


def permissions(text: str) -> int:
    """Permissions of a file, in octal digits."""
    if not re.fullmatch("0?[0-7]{3}", text.strip()):
        raise ValueError("say it as chmod does: 600, 660, 666")
    return int(text, 8)


def words(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def text(value: str) -> str:
    """The text itself, without the space around it."""
    return value.strip()


def switch_or_auto(text: str) -> bool | None:
    """The same as `switch`, or None for ``auto``."""
    return None if text.strip().lower() == "auto" else switch(text)
