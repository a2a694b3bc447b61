"""Writes a component as React source, JavaScript or TypeScript."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jobserver.extract.jsx_attributes import js_string, jsx_attribute, jsx_text, jsx_value
from jobserver.extract.model import Format, Node
from jobserver.extract.tsx import typed_attribute

_NAMES = {"a": "Link", "img": "Image", "textarea": "TextArea"}
_NOT_TYPED_IN = frozenset({"checkbox", "radio", "submit", "button", "reset", "image", "hidden"})
_WIDTH = 100
"""Characters up to which an element stays on one line."""

_Write = Callable[[str, str, str, bool], str]
"""Tag, attribute, value and whether it is in SVG → the attribute's source."""


@dataclass(frozen=True, slots=True)
class _Flavour:
    """``imports`` and ``returns`` as they are written; ``attribute``: how one is."""

    imports: str
    returns: str
    attribute: _Write


_FLAVOURS: dict[Format, _Flavour] = {
    "jsx": _Flavour('import React from "react";', "", lambda _tag, name, value, _in_svg: jsx_attribute(name, value)),
    # A namespace import needs no option of the compiler; React.JSX is in the types of React 18 and 19.
    "tsx": _Flavour('import * as React from "react";', ": React.JSX.Element", typed_attribute),
}


def component_name(kind: str, index: int) -> str:
    """PascalCase, as a lower-case name would be an element of HTML to React: ``Button1``, ``Link2``."""
    return f"{_NAMES.get(kind) or kind[:1].upper() + kind[1:]}{index}"


def react_component(root: Node, name: str, flavour: Format = "jsx") -> str:
    """A function component without imports, ready to paste."""
    chosen = _FLAVOURS[flavour]
    lines = "\n".join(_lines(root, chosen.attribute, " " * 4, in_svg=False))
    return f"export function {name}(){chosen.returns} {{\n  return (\n{lines}\n  );\n}}"


def react_file(snippets: Iterable[tuple[str, str]], flavour: Format = "jsx") -> str:
    """One module of all components, given as name and source; its default export renders them one after another."""
    chosen = _FLAVOURS[flavour]
    names, sources = [], []
    for name, source in snippets:
        names.append(name)
        sources.append(source)
    uses = "".join(f"      <{name} />\n" for name in names)
    everything = (
        f"export default function Components(){chosen.returns} {{\n  return (\n"
        f"    <React.Fragment>\n{uses}    </React.Fragment>\n  );\n}}"
    )
    return "\n\n".join([chosen.imports, *sources, everything]) + "\n"


def _lines(node: Node, write: _Write, indent: str, *, in_svg: bool) -> list[str]:
    """The element, short ones on one line, else each child on its own: JSX drops line breaks with their indent."""
    in_svg = in_svg or node.tag == "svg"
    attributes = list(_attributes(node, write, in_svg=in_svg))
    opening = " ".join([f"<{node.tag}", *attributes])
    children = _children(node)
    is_long = len(opening) > _WIDTH and len(attributes) > 1
    if not children:
        return _spread_out(node.tag, attributes, "/>", indent) if is_long else [f"{indent}{opening} />"]
    further = f"{indent}  "
    inner: list[str] = []
    for child in children:
        if isinstance(child, str):
            inner.append(f"{further}{jsx_text(child)}")
        else:
            inner += _lines(child, write, further, in_svg=in_svg)
    if len(inner) == len(children) <= 2:
        one_line = f"{opening}>{''.join(line.removeprefix(further) for line in inner)}</{node.tag}>"
        if len(one_line) <= _WIDTH:
            return [f"{indent}{one_line}"]
    first = _spread_out(node.tag, attributes, ">", indent) if is_long else [f"{indent}{opening}>"]
    return [*first, *inner, f"{indent}</{node.tag}>"]


def _spread_out(tag: str, attributes: Iterable[str], end: str, indent: str) -> list[str]:
    return [f"{indent}<{tag}", *(f"{indent}  {attribute}" for attribute in attributes), f"{indent}{end}"]


def _attributes(node: Node, write: _Write, *, in_svg: bool) -> Iterator[str]:
    for name, value in node.attrs.items():
        if (node.tag, name) == ("input", "value") and node.attrs.get("type", "").strip().lower() not in _NOT_TYPED_IN:
            yield f"defaultValue={jsx_value(value)}"
        elif (node.tag, name) == ("input", "checked"):
            yield "defaultChecked"
        else:
            yield write(node.tag, name, value, in_svg)
    if node.tag == "textarea" and (text := _text(node)):
        yield f"defaultValue={jsx_value(text)}"
    if node.tag == "select" and (values := _default(node)):
        several = f"{{[{', '.join(map(js_string, values))}]}}"
        yield f"defaultValue={several if 'multiple' in node.attrs else jsx_value(values[0])}"


def _children(node: Node) -> list[Node | str]:
    """What stands between its tags; options give the select's initial value up to it."""
    if node.tag == "textarea":
        return []
    children = [child for child in node.children if child != ""]
    return list(map(_unselected, children)) if node.tag == "select" and _default(node) else children


def _default(select: Node) -> list[str]:
    """The values of its selected options; none where React, which goes by value, would select others."""
    options = [node for node in _below(select) if node.tag == "option"]
    values = [_option_value(option) for option in options]
    selected = [value for option, value in zip(options, values, strict=True) if "selected" in option.attrs]
    is_plain = len(selected) == 1 or "multiple" in select.attrs
    return selected if is_plain and all(values.count(value) == 1 for value in selected) else []


def _below(node: Node) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Node):
            yield child
            yield from _below(child)


def _unselected(child: Node | str) -> Node | str:
    if isinstance(child, str):
        return child
    attrs = {name: value for name, value in child.attrs.items() if (child.tag, name) != ("option", "selected")}
    return Node(child.tag, attrs, child.rules, list(map(_unselected, child.children)))


def _option_value(option: Node) -> str:
    return option.attrs.get("value", _text(option))


def _text(node: Node) -> str:
    return "".join(map(str, node.children))
