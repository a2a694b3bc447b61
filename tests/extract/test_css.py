from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import tinycss2
from hypothesis import given, settings
from hypothesis import strategies as st

from jobserver.extract.css import Styled, style_sheet, styled, with_classes
from jobserver.extract.css_merge import variables_in, without_unused_variables
from jobserver.extract.css_rules import split_declarations
from jobserver.extract.html import to_html
from jobserver.extract.model import Node
from tests.extract.make_nodes import a_node, a_rule, descendants


def css_of(root: Node) -> str:
    return style_sheet(styled(root, "gen-card-1"))


def test_only_elements_with_rules_have_a_class_and_the_root_always_has():
    root = a_node("<div><b>x</b><i>y</i></div>")
    descendants(root)[2].rules.append(a_rule(color="red"))
    assert to_html(with_classes(root, styled(root, "gen-card-1"))) == (
        '<div class="gen-card-1"><b>x</b><i class="gen-card-1-1">y</i></div>'
    )
    assert css_of(root) == ".gen-card-1-1 {\n  color: red;\n}"


def test_states_conditions_and_pseudo_elements_are_written_in_order():
    root = a_node("<div>x</div>", color="red")
    root.rules += [
        a_rule(":where(:hover)", color="blue"),
        a_rule("::before", "@media (min-width: 1px)", "@supports (gap: 1px)", content='"x"'),
        a_rule(color="green"),
    ]
    assert css_of(root) == (
        ".gen-card-1 {\n  color: red;\n}\n"
        ".gen-card-1:where(:hover) {\n  color: blue;\n}\n"
        "@media (min-width: 1px) {\n  @supports (gap: 1px) {\n"
        '    .gen-card-1::before {\n      content: "x";\n    }\n  }\n}\n'
        ".gen-card-1 {\n  color: green;\n}"
    )


def test_equal_blocks_are_shared_and_equal_conditions_gathered():
    root = a_node("<ul><li>a</li><li>b</li></ul>")
    for item in descendants(root)[1:]:
        item.rules += [a_rule(color="red"), a_rule("", "@media print", color="blue")]
    assert css_of(root) == (
        ".gen-card-1-1,\n.gen-card-1-2 {\n  color: red;\n}\n"
        "@media print {\n  .gen-card-1-1,\n  .gen-card-1-2 {\n    color: blue;\n  }\n}"
    )


TIMES = (":hover", "@media print", "@media screen")
a_style = st.lists(
    st.tuples(
        st.sampled_from(["", ":hover", "::before", ":hover::before"]),
        st.sampled_from([(), ("@media print",), ("@media screen",), ("@media print", "@media screen")]),
        st.sampled_from(["color", "margin", "margin-top", "--x"]),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(st.lists(a_style, min_size=1, max_size=3))
def test_sharing_and_joining_rules_changes_no_element_at_any_time(styles: list[list[Any]]):
    root = a_node(f"<div>{'<b>x</b>' * len(styles)}</div>")
    for node, style in zip(descendants(root)[1:], styles, strict=True):
        node.rules += [
            a_rule(suffix, *conditions, **{name: f"{place}px"})
            for place, (suffix, conditions, name) in enumerate(style)
        ]
    before = [[(rule.suffix, rule.conditions, rule.declarations) for rule in node.rules] for node in descendants(root)]
    elements = styled(root, "gen-card-1")
    after = list(_written(style_sheet(elements)))
    for element, rules in zip(elements, before, strict=True):
        own = [(suffix, *rest) for name, suffix, *rest in after if name == element.class_name]
        for now in (set(times) for size in range(4) for times in combinations(TIMES, size)):
            assert _shown(own, now) == _shown(rules, now)


def _shown(rules: list[Any], now: set[str]) -> dict[tuple[str, str], str]:
    """Property, longhands only, and where → the value that wins while these states and conditions hold."""
    shown: dict[tuple[str, str], str] = {}
    for suffix, conditions, declarations in rules:
        if set(conditions) <= now and (":hover" not in suffix.replace("::", "") or ":hover" in now):
            for name, value in declarations.items():
                for longhand in ["margin-top", "margin-left"] if name == "margin" else [name]:
                    shown["::before" if "::before" in suffix else "", longhand] = value
    return shown


def _written(css: str, around: tuple[str, ...] = ()) -> Iterator[tuple[str, str, tuple[str, ...], dict[str, str]]]:
    """Class, what follows it, conditions and declarations of each selector, in order."""
    for rule in tinycss2.parse_stylesheet(css, skip_whitespace=True):
        if rule.type == "at-rule":
            condition = f"@{rule.at_keyword} {tinycss2.serialize(rule.prelude).strip()}"
            yield from _written(tinycss2.serialize(rule.content), (*around, condition))
            continue
        declarations = dict(split_declarations(tinycss2.serialize(rule.content)))
        for selector in tinycss2.serialize(rule.prelude).split(","):
            name, colon, suffix = selector.strip().removeprefix(".").partition(":")
            yield name, colon + suffix, around, declarations


def test_media_queries_are_gathered_though_elements_use_different_ones():
    root = a_node("<ul><li>a</li><li>b</li></ul>")
    small, large = ("@media (min-width: 600px)", "@media (min-width: 900px)")
    descendants(root)[1].rules += [a_rule("", large, color="red")]
    descendants(root)[2].rules += [a_rule("", small, color="red"), a_rule("", large, color="blue")]
    css = css_of(root)
    assert css.index(small) < css.index(large)
    assert css.count("@media") == 2


def test_rules_that_hold_at_the_same_times_are_one_where_nobody_can_tell():
    root = a_node("<div>x</div>", color="red")
    root.rules += [a_rule(":hover", width="1px"), a_rule(margin_top="1px", color="blue"), a_rule(":hover", color="red")]
    assert css_of(root) == (
        ".gen-card-1 {\n  margin-top: 1px;\n  color: blue;\n}\n.gen-card-1:hover {\n  width: 1px;\n  color: red;\n}"
    )


def test_variables_that_nothing_asks_for_are_dropped():
    root = a_node("<div fill='var(--in-attribute)'>x</div>", color="var(--a, var(--fallback))")
    names = {"--a": "var(--b)", "--b": "1", "--c": "var(--d)", "--d": "2", "--in-attribute": "3", "--framed": "4"}
    root.rules[0].declarations.update(names)
    without_unused_variables(root, variables_in(["@keyframes x { to { color: var(--framed) } }"]))
    assert set(root.rules[0].declarations) == {"color", "--a", "--b", "--in-attribute", "--framed"}


def test_a_state_of_another_element_names_its_class():
    root = a_node("<div><b>x</b><i>y</i></div>")
    descendants(root)[2].rules.append(a_rule(":where({1}:hover + *)", color="red"))
    assert css_of(root) == ".gen-card-1-2:where(.gen-card-1-1:hover + *) {\n  color: red;\n}"


def test_rules_of_thousands_of_elements_with_conditions_of_their_own_are_written_in_no_time():
    elements = [
        Styled(f"x-{number}", [a_rule("", f"@media (width > {number + more}px)", color="red") for more in (0, 1)])
        for number in range(3_000)
    ]
    began = time.process_time()
    written = style_sheet(elements)
    assert time.process_time() - began < 3.0
    assert written.count("@media") == 3_001, "those of one element in order, and equal ones together"


def test_elements_of_one_style_stand_in_a_shared_block_where_they_stand_in_the_document():
    shared, own = [a_rule(color="red"), a_rule(":hover", color="blue")], [a_rule(color="red")]
    elements = [Styled("a", shared), Styled("b", own), Styled("c", shared)]
    assert style_sheet(elements) == (".a,\n.b,\n.c {\n  color: red;\n}\n.a:hover,\n.c:hover {\n  color: blue;\n}")
