"""Lists whose nesting the component does not show: what browsers do with them by depth is said to them."""

from __future__ import annotations

from jobserver.extract.static.page import Element
from jobserver.extract.static.values import words

_MARKED = words("ul ol menu dir")
_LISTS = _MARKED | {"dl"}
_MARKERS = ("disc", "circle", "square")


def by_depth(element: Element, root: Element) -> dict[str, str]:
    """What a list has of the lists around it, where some of them are outside of ``root`` (HTML, 15.3.7)."""
    inside, outside = _around(element, root) if element.tag in _LISTS else ([], [])
    if not outside:
        return {}
    found = {} if inside else {"margin-block": "0"}
    shown, meant = _marker(inside), _marker([*inside, *outside])
    if element.tag in _MARKED - {"ol"} and shown != meant:
        found["list-style-type"] = meant
    return found


def _around(element: Element, root: Element) -> tuple[list[str], list[str]]:
    """The lists around an element, inside of ``root`` or as it, and outside."""
    inside, outside = list[str](), list[str]()
    here = outside if element is root else inside
    for above in element.ancestors():
        if above.tag in _LISTS:
            here.append(above.tag)
        here = outside if above is root else here
    return inside, outside


def _marker(around: list[str]) -> str:
    return _MARKERS[min(sum(tag in _MARKED for tag in around), 2)]
