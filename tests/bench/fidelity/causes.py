"""Says why a component does not look like its original: the first thing in its tree that is computed otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_SIZES = re.compile(
    r"^((min-|max-)?(width|height|inline-size|block-size)|(transform|perspective)-origin|inset.*|top|right|bottom|left)$"
)
_PLACES = re.compile(r"^(margin|position|float|clear|order|z-index|(align|justify)-self|flex|grid-(row|column)|place)")
_ALIASES = re.compile(r"^(border|padding|margin|scroll|overflow|contain-intrinsic|overscroll-behavior)-(inline|block)")
_UNSEEN = re.compile(
    r"^(transition|animation|cursor|pointer-events|touch-action|user-select|will-change|scroll|overscroll|speak)"
    r"|text-size-adjust|tap-highlight|interactivity|user-drag|font-optical|-webkit-locale"
)
_SHOWN = 4


def cause(names: list[str], original: Any, rebuilt: Any) -> str:
    """A line like ``span 3: font-family, color``; ``tree`` where elements are missing, ``paint`` where nothing is."""
    if len(original) != len(rebuilt):
        return f"tree: {len(original)} elements, {len(rebuilt)} rebuilt"
    sizes = ""
    for place, (first, second) in enumerate(zip(original, rebuilt, strict=True)):
        if first[1] != second[1]:
            return f"{first[0]} {place}: text"
        apart = list(_apart(names, first, second, is_root=place == 0))
        real = [name for name in apart if not _SIZES.match(name.rpartition(" ")[2])]
        if real:
            return f"{first[0]} {place}: {', '.join(real[:_SHOWN])}"
        sizes = sizes or (f"{first[0]} {place}: size only" if apart else "")
    return sizes or "paint"


def _apart(names: list[str], first: Any, second: Any, *, is_root: bool) -> Iterator[str]:
    for part, mine, other in zip(("", "::before ", "::after "), first[2:], second[2:], strict=True):
        if (mine is None) != (other is None):
            yield f"{part}content"
        elif mine is not None:
            pairs = zip(names, mine, other, strict=True)
            different = [name for name, one, two in pairs if one != two and not _hidden(name)]
            yield from (f"{part}{name}" for name in different if not (is_root and not part and _PLACES.match(name)))


def _hidden(name: str) -> bool:
    return bool(_ALIASES.match(name) or _UNSEEN.search(name))
