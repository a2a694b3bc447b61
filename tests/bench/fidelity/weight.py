"""How much css a component takes."""

from __future__ import annotations

from typing import Any

import tinycss2

_NOT_COUNTED = {"font-face", "keyframes", "property"}


def declarations(css: str) -> int:
    """Declarations in rules that style elements, conditional ones included.

    >>> declarations("@font-face { font-family: x } .a { color: red; top: 0 } @media print { .a { color: blue } }")
    3
    """
    return _in_rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))


def _in_rules(rules: list[Any]) -> int:
    count = 0
    for rule in rules:
        if rule.type == "qualified-rule":
            parsed = tinycss2.parse_blocks_contents(rule.content)
            count += sum(each.type == "declaration" for each in parsed)
        elif rule.type == "at-rule" and rule.content is not None and rule.lower_at_keyword not in _NOT_COUNTED:
            count += _in_rules(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))
    return count
