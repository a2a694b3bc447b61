"""Writes a component as HTML."""

from __future__ import annotations

import re

from jobserver.extract.allowed import BOOLEAN, VOID
from jobserver.extract.model import Node

_IN_TEXT = {"&": "&amp;", "\u00a0": "&nbsp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_IN_ATTRIBUTE = _IN_TEXT | {'"': "&quot;", "\n": "&#10;"}
_TEXT = re.compile("[&\u00a0<>\r]")
_ATTRIBUTE = re.compile('[&\u00a0<>\r"\n]')
_EATS_NEWLINE = frozenset({"pre", "textarea", "listing"})


def to_html(root: Node) -> str:
    """One line of HTML that a parser reads back as the same tree (HTML, 13.3 "serializing HTML fragments")."""
    pieces: list[str] = []
    _write(root, pieces)
    return "".join(pieces)


def _write(node: Node, pieces: list[str]) -> None:
    pieces.append(f"<{node.tag}{''.join(map(_attribute, node.attrs.items()))}>")
    if node.tag in VOID:
        return
    if node.tag in _EATS_NEWLINE and node.children and str(node.children[0]).startswith("\n"):
        pieces.append("\n")
    for child in node.children:
        if isinstance(child, str):
            pieces.append(_TEXT.sub(lambda match: _IN_TEXT[match[0]], child))
        else:
            _write(child, pieces)
    pieces.append(f"</{node.tag}>")


def _attribute(attribute: tuple[str, str]) -> str:
    name, value = attribute
    if name in BOOLEAN and not value:
        return f" {name}"
    escaped = _ATTRIBUTE.sub(lambda match: _IN_ATTRIBUTE[match[0]], value)
    return f' {name}="{escaped}"'
