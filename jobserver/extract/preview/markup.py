"""Text, numbers and addresses as they stand in the preview's HTML."""

from __future__ import annotations

import html
from typing import Final

_TITLES: Final = {
    "a": "Links",
    "img": "Images",
    "nav": "Navigation",
    "textarea": "Text areas",
    "hero": "Heroes",
    "details": "Details",
    "tabs": "Tabs",
    "pagination": "Pagination",
    "input": "Inputs",
}


def text(value: object) -> str:
    """Escaped for text and quoted attributes."""
    return html.escape(str(value))


def plural(kind: str) -> str:
    """A kind as a heading over several.

    >>> plural("nav"), plural("card")
    ('Navigation', 'Cards')
    """
    return _TITLES.get(kind) or f"{kind[:1].upper()}{kind[1:]}{'s' if not kind.endswith('s') else ''}"


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "warning"), counted(2, "warning")
    ('1 warning', '2 warnings')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """A share as people read it, never rounded up to all of it.

    >>> percent(1.0), percent(0.99987), percent(0.94321), percent(0.0)
    ('100', '99.98', '94.3', '0')
    """
    per_cent = share * 100
    if per_cent <= 0 or per_cent >= 100:
        return f"{per_cent:.0f}"
    steps = 100 if per_cent > 99 else 10
    return f"{int(per_cent * steps) / steps:g}"


def similarity(ssim: float) -> str:
    """Structural similarity in three places, never rounded up to equality.

    >>> similarity(0.99961), similarity(1.0)
    ('0.999', '1.000')
    """
    return f"{int(ssim * 1000) / 1000:.3f}"


def in_bytes(of_bytes: int) -> str:
    """Bytes, in the unit that suits them.

    >>> in_bytes(980), in_bytes(1500), in_bytes(2_340_000)
    ('980 B', '1.5 kB', '2.3 MB')
    """
    if of_bytes < 1000:
        return f"{of_bytes} B"
    return f"{of_bytes / 1000:.1f} kB" if of_bytes < 1_000_000 else f"{of_bytes / 1e6:.1f} MB"
