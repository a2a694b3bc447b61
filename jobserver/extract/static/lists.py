"""Lists whose nesting the component does not show: what browsers do with them by depth is said to them."""

from __future__ import annotations

from jobserver.extract.static.page import Element
from jobserver.extract.static.values import words

_LISTS = words("ul ol menu dir")
_MARKERS = ("disc", "circle", "square")


def by_depth(element: Element, root: Element) -> dict[str, str]:
    """What a list has of the lists around it, where some of them are outside of ``root`` (HTML, 15.3.7)."""
    if element.tag not in _LISTS:
        return {}
    inside = outside = 0
    within = element is not root
    for above in element.ancestors():
        if above.tag in _LISTS:
            inside, outside = inside + within, outside + (not within)
        within = within and above is not root
    if not outside:
        return {}
    found = {} if inside else {"margin-block": "0"}
    marker = _MARKERS[min(inside + outside, 2)]
    if element.tag != "ol" and marker != _MARKERS[min(inside, 2)]:
        found["list-style-type"] = marker
    return found
