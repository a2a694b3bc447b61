"""What a browser keeps of the style sheets of components: every rule and every declaration."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import tinycss2

from tests.extract.golden import page
from tests.extract.tab import Tab

ASK = """(expected) => {
  const below = (rule) => rule instanceof CSSStyleRule ? [rule] : [rule, ...[...rule.cssRules ?? []].flatMap(below)];
  const rules = [...document.styleSheets[0].cssRules].flatMap(below);
  return {
    rules: rules.length,
    lost: rules.filter((rule) => rule instanceof CSSStyleRule)
      .flatMap((rule, place) => (expected[place] ?? []).filter((name) => !rule.style.getPropertyValue(name))),
  };
}"""


@pytest.mark.browser
async def test_a_browser_keeps_every_rule_and_every_declaration_of_the_file(tab: Tab):
    css = page.written("styles.css")
    rules = list(_below(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)))
    expected = [_names(rule) for rule in rules if rule.type == "qualified-rule" and not _is_frame(rule)]
    await tab.show(f"<style>{css}</style>")
    assert await tab.run(f"({ASK})({json.dumps(expected)})") == {"rules": len(rules), "lost": []}


def _below(rules: list[Any]) -> list[Any]:
    found: list[Any] = []
    for rule in rules:
        assert rule.type in {"qualified-rule", "at-rule"}, rule
        nested = rule.type == "at-rule" and rule.lower_at_keyword in {"media", "container", "supports", "keyframes"}
        inside = tinycss2.parse_blocks_contents(rule.content, skip_whitespace=True) if nested else []
        found += [rule, *_below(inside)]
    return found


def _is_frame(rule: Any) -> bool:
    return re.fullmatch(r"from|to|[\d.]+%", tinycss2.serialize(rule.prelude).strip()) is not None


def _names(rule: Any) -> list[str]:
    return [each.name for each in tinycss2.parse_blocks_contents(rule.content, skip_whitespace=True)]
