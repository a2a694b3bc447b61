"""Selectors taken apart: compounds, combinators, specificity, nesting."""

from __future__ import annotations

from typing import Any, NamedTuple

import tinycss2

Specificity = tuple[int, int, int]

MATCHES_ANY = frozenset({"is", "where", "matches", "-webkit-any", "-moz-any"})
LISTS = MATCHES_ANY | {"not", "has"}
"""Pseudo-classes whose arguments are selectors and whose specificity is theirs."""
MAX_VARIANTS = 64
"""Selectors one selector may become when its alternatives are written out."""
_OLD_PSEUDO_ELEMENTS = frozenset({"before", "after", "first-line", "first-letter"})
_COMBINATORS = frozenset(">+~")


class Simple(NamedTuple):
    """A simple selector.

    ``kind``: any, tag, class, id, attribute, pseudo or element. ``name``: in lower case for tags and pseudos.
    """

    kind: str
    name: str
    text: str
    arguments: list[Any] | None = None


Compound = list[Simple]
Part = str | Compound
"""A combinator as it is written, or a compound."""


def split(tokens: list[Any]) -> list[list[Any]]:
    """A selector list's tokens, one list per selector."""
    groups: list[list[Any]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            groups.append([])
        elif token.type != "comment":
            groups[-1].append(token)
    return [group for each in groups if (group := _trim(each))]


def nest(tokens: list[Any], parents: list[str]) -> list[list[Any]]:
    """A nested rule's selector written out for each of its parent's selectors (CSS Nesting 1)."""
    text = str(tinycss2.serialize(tokens))
    text = text if "&" in text else f"& {text}"
    return [tinycss2.parse_component_value_list(_with_parent(text, parent)) for parent in parents[:MAX_VARIANTS]]


def _with_parent(text: str, parent: str) -> str:
    head, _, rest = text.partition("&")
    if head.strip() or rest[:1].isalnum():
        return text.replace("&", f":is({parent})")
    return f"{parent}{rest.replace('&', f':is({parent})')}"


def compound_of(tokens: list[Any]) -> Compound | None:
    """The compound, where the selector is no more than one."""
    parts = parts_of(tokens)
    return parts[0] if parts and len(parts) == 1 and isinstance(parts[0], list) else None


def _trim(tokens: list[Any]) -> list[Any]:
    start, end = 0, len(tokens)
    while start < end and tokens[start].type == "whitespace":
        start += 1
    while end > start and tokens[end - 1].type == "whitespace":
        end -= 1
    return tokens[start:end]


def parts_of(tokens: list[Any]) -> list[Part] | None:
    """Combinators and compounds in turn; None for what is not a selector."""
    parts: list[Part] = []
    queue = list(reversed(_trim(tokens)))
    while queue:
        if (combinator := _combinator(queue)) is not None:
            parts.append(combinator)
            continue
        simple = _simple(queue)
        if simple is None:
            return None
        if parts and isinstance(parts[-1], list):
            parts[-1].append(simple)
        else:
            parts.append([simple])
    return parts or None


def _combinator(queue: list[Any]) -> str | None:
    text, any_space = "", False
    while queue and (
        queue[-1].type == "whitespace" or (queue[-1].type == "literal" and queue[-1].value in _COMBINATORS)
    ):
        token = queue.pop()
        any_space = True
        text += token.value if token.type == "literal" else ""
    return f" {text} " if text else (" " if any_space else None)


_KINDS = {"ident": "tag", "hash": "id", "[] block": "attribute"}


def _simple(queue: list[Any]) -> Simple | None:
    token = queue.pop()
    text = tinycss2.serialize([token])
    if token.type in _KINDS:
        name = token.lower_value if token.type == "ident" else getattr(token, "value", text)
        return Simple(_KINDS[token.type], name, text)
    if token.type != "literal":
        return None
    if token.value == "." and queue and queue[-1].type == "ident":
        name = queue.pop()
        return Simple("class", name.value, text + tinycss2.serialize([name]))
    if token.value == ":" and queue:
        return _pseudo(queue)
    return Simple("any", "*", "*") if token.value == "*" else None


def _pseudo(queue: list[Any]) -> Simple | None:
    token = queue.pop()
    double = token.type == "literal" and token.value == ":"
    if double:
        if not queue:
            return None
        token = queue.pop()
    if token.type not in {"ident", "function"}:
        return None
    name = token.lower_value if token.type == "ident" else token.lower_name
    element = double or name in _OLD_PSEUDO_ELEMENTS
    arguments = token.arguments if token.type == "function" else None
    text = (":" * (1 + element)) + tinycss2.serialize([token])
    return Simple("element" if element else "pseudo", name, text, arguments)


def specificity_of(parts: list[Part]) -> Specificity:
    """The specificity of one selector (Selectors 4, section 17)."""
    each = [_specificity(simple) for part in parts if isinstance(part, list) for simple in part]
    return sum(a for a, _, _ in each), sum(b for _, b, _ in each), sum(c for _, _, c in each)


def _specificity(simple: Simple) -> Specificity:
    if simple.kind in {"tag", "element"}:
        return (0, 0, 1)
    if simple.kind == "id":
        return (1, 0, 0)
    if simple.kind == "any" or simple.name == "where":
        return (0, 0, 0)
    if simple.kind == "pseudo" and simple.name in LISTS:
        return max((specificity_of(parts_of(each) or []) for each in split(simple.arguments or [])), default=(0, 0, 0))
    return (0, 1, 0)
