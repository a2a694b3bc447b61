"""Parts of a table as roots: alone a parser drops their tags, so they stand as ``div`` with their layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jobserver.extract.model import Node, Rule
from jobserver.extract.static.page import Element
from jobserver.extract.static.values import words

_DISPLAYS = {
    "caption": "table-caption",
    "colgroup": "table-column-group",
    "col": "table-column",
    "thead": "table-header-group",
    "tbody": "table-row-group",
    "tfoot": "table-footer-group",
    "tr": "table-row",
    "td": "table-cell",
    "th": "table-cell",
}
_CELLS = words("td th")
_BLOCK = {"display": "flow-root"}
_TABLE = {"display": "table", "width": "100%"}
_OF_HEAD = {"font-weight": "bold", "text-align": "center"}

Said = Callable[[Element, str], str]
"""What the style sheets of the page say of a property."""


def without_table(root: Element, inside: Iterable[Element], nodes: dict[int, Node], said: Said) -> None:
    """Let the parts of a table that is not in the component be ``div``; what browsers say of such parts goes along.

    ``nodes``: of the elements ``inside``, by index. A cell alone is a block; a row or a group of rows is a table.
    """
    if root.tag not in _DISPLAYS:
        return
    for element in inside:
        if element.tag in _DISPLAYS and not _has_table(element, root):
            node = nodes[element.index]
            node.tag = "div"
            node.rules.insert(0, Rule(_layout(element, said, alone=element is root)))
            node.rules[:2] = _joined(node.rules[:2])


def _has_table(element: Element, root: Element) -> bool:
    """Whether its table is in the component, too."""
    at = element
    while at is not root and at.parent is not None:
        at = at.parent
        if at.tag == "table":
            return True
    return False


def _layout(element: Element, said: Said, *, alone: bool) -> dict[str, str]:
    layout = {"display": _DISPLAYS[element.tag]}
    if alone:
        layout = _BLOCK if element.tag in {*_CELLS, "caption"} else _TABLE
    if element.tag in _CELLS:
        layout = layout | {"padding": _padding(element), "vertical-align": said(element, "vertical-align") or "middle"}
        layout |= _OF_HEAD if element.tag == "th" else {}
    return layout


def _padding(cell: Element) -> str:
    table = next((each for each in cell.ancestors() if each.tag == "table"), None)
    given = (table.get("cellpadding") or "").strip() if table is not None else ""
    return f"{given}px" if given.isdecimal() and len(given) < 4 else "1px"


def _joined(rules: list[Rule]) -> list[Rule]:
    """The layout with the element's own base rule, where that comes next."""
    first, *rest = rules
    if rest and not rest[0].suffix and not rest[0].conditions:
        return [Rule({**first.declarations, **rest[0].declarations})]
    return rules
