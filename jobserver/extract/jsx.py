"""Writes a component as React source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jobserver.extract.jsx_attributes import js_string, jsx_attribute, jsx_text, jsx_value
from jobserver.extract.model import Node

_NAMES = {"a": "Link", "img": "Image", "textarea": "TextArea"}
_NOT_TYPED_IN = frozenset({"checkbox", "radio", "submit", "button", "reset", "image", "hidden"})
_WIDTH = 100
"""Characters up to which an element stays on one line."""


def component_name(kind: str, index: int) -> str:
    """PascalCase, as a lower-case name would be an element of HTML to React: ``Button1``, ``Link2``."""
    return f"{_NAMES.get(kind) or kind[:1].upper() + kind[1:]}{index}"


def react_component(root: Node, name: str) -> str:
    """A function component without imports, ready to paste."""
    lines = "\n".join(f"    {line}" for line in _lines(root))
    return f"export function {name}() {{\n  return (\n{lines}\n  );\n}}"


def react_file(snippets: Iterable[tuple[str, str]]) -> str:
    """One module of all components, given as name and source; its default export renders them one after another."""
    names, sources = [], []
    for name, source in snippets:
        names.append(name)
        sources.append(source)
    uses = "".join(f"      <{name} />\n" for name in names)
    everything = (
        "export default function Components() {\n  return (\n"
        f"    <React.Fragment>\n{uses}    </React.Fragment>\n  );\n}}"
    )
    return "\n\n".join(['import React from "react";', *sources, everything]) + "\n"


def _lines(node: Node) -> Iterator[str]:
    """The element, short ones on one line, else each child on its own: JSX drops line breaks with their indent."""
    attributes, children = list(_attributes(node)), _children(node)
    opening = " ".join([f"<{node.tag}", *attributes])
    if not children:
        yield f"{opening} />"
        return
    inner = [line for child in children for line in ([jsx_text(child)] if isinstance(child, str) else _lines(child))]
    one_line = f"{opening}>{''.join(inner)}</{node.tag}>"
    if len(one_line) <= _WIDTH and len(inner) == len(children) and len(children) <= 2:
        yield one_line
        return
    yield f"{opening}>"
    yield from (f"  {line}" for line in inner)
    yield f"</{node.tag}>"


def _attributes(node: Node) -> Iterator[str]:
    for name, value in node.attrs.items():
        if (node.tag, name) == ("input", "value") and node.attrs.get("type", "").strip().lower() not in _NOT_TYPED_IN:
            yield f"defaultValue={jsx_value(value)}"
        elif (node.tag, name) == ("input", "checked"):
            yield "defaultChecked"
        elif (node.tag, name) != ("option", "selected"):
            yield jsx_attribute(name, value)
    yield from _initial(node)


def _initial(node: Node) -> Iterator[str]:
    """What React wants as an attribute and HTML has as content."""
    if node.tag == "textarea" and (text := "".join(map(str, node.children))):
        yield f"defaultValue={jsx_value(text)}"
    if node.tag == "select" and (values := [_option_value(option) for option in _selected(node)]):
        several = "multiple" in node.attrs
        yield (
            f"defaultValue={{[{', '.join(map(js_string, values))}]}}"
            if several
            else (f"defaultValue={jsx_value(values[-1])}")
        )


def _selected(node: Node) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Node):
            if child.tag == "option" and "selected" in child.attrs:
                yield child
            yield from _selected(child)


def _option_value(option: Node) -> str:
    return option.attrs.get("value", "".join(map(str, option.children)))


def _children(node: Node) -> list[Node | str]:
    return [] if node.tag == "textarea" else [child for child in node.children if child != ""]
