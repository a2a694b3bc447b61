"""PowerShell scripts read as far as their requests go: what Invoke-RestMethod is called with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

Value = str | dict[str, str]
Variables = dict[str, Value]

_PARSER = Parser(Language(tree_sitter_powershell.language()))
_LITERALS = ("hash_literal_expression", "expandable_string_literal", "variable", "generic_token")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")


def parse(script: str) -> Node:
    return _PARSER.parse(script.encode()).root_node


def requests(script: str) -> Iterator[dict[str, Any]]:
    """The parameters of each Invoke-RestMethod, by lower-case name.

    ``jobid`` stands for `$jobId`, which only an answer gives.
    """
    variables: Variables = {"jobid": "{jobId}"}
    for node in _all(parse(script)):
        if node.type == "assignment_expression" and _is_plain(node.children[-1]):
            variables[_text(node.children[0]).lstrip("$").lower()] = _value(node.children[-1], variables)
        if node.type == "command" and _text(node.children[0]) == "Invoke-RestMethod":
            yield dict(_parameters(node.children[1], variables))


def _parameters(elements: Node, variables: Variables) -> Iterator[tuple[str, Value]]:
    name = ""
    for element in elements.children:
        if element.type == "command_parameter":
            name = _text(element).lstrip("-").lower()
        elif element.type != "command_argument_sep":
            yield name, _value(element, variables)


def _value(node: Node, variables: Variables) -> Value:
    """A string, a bare word, a variable or a hash table; of `@{…} | ConvertTo-Json`, the hash table."""
    literal = next(_all(node, *_LITERALS))
    if literal.type == "variable":
        return variables[_text(literal).lstrip("$").lower()]
    if literal.type == "hash_literal_expression":
        entries = (tuple(_all(entry, "expandable_string_literal")) for entry in _all(literal, "hash_entry"))
        return {_expand(key, variables): _expand(value, variables) for key, value in entries}
    return _expand(literal, variables)


def _expand(node: Node, variables: Variables) -> str:
    return _VARIABLE.sub(lambda name: str(variables[name[1].lower()]), _text(node).strip('"'))


def _all(node: Node, *types: str) -> Iterator[Node]:
    """The node and all below it, in reading order."""
    if not types or node.type in types:
        yield node
    for child in node.children:
        yield from _all(child, *types)


def _is_plain(node: Node) -> bool:
    """Whether it is known without running anything."""
    computed = next(_all(node, "command", "member_access", "invokation_expression"), None)
    return computed is None and any(_all(node, *_LITERALS))


def _text(node: Node) -> str:
    return (node.text or b"").decode()
