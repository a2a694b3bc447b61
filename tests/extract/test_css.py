from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import combinations
from typing import Any, Literal

import pytest
import tinycss2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobserver.extract.clean import clean
from jobserver.extract.css import Styled, style_sheet, styled, with_classes
from jobserver.extract.css_merge import without_unused_variables
from jobserver.extract.css_rules import is_safe_suffix, safe_condition, split_declarations
from jobserver.extract.css_values import css_string, safe_value
from jobserver.extract.head_css import HeadRule, joined, needed, once, read_head, used
from jobserver.extract.html import to_html
from jobserver.extract.model import Node
from jobserver.extract.shorthands import FONT, collapse
from tests.extract import hostile
from tests.extract.make_nodes import a_node, a_rule, descendants

ALLOWED_AT_RULES = {"media", "supports", "container", "starting-style", "font-face", "keyframes", "property"}


def at_rules_of(css: str) -> set[str]:
    """The names of all at-rules; fails on anything a strict parser does not accept."""
    names: set[str] = set()
    for rule in tinycss2.parse_stylesheet(css, skip_whitespace=True, skip_comments=True):
        assert rule.type in {"at-rule", "qualified-rule"}, rule
        if rule.type == "at-rule":
            names.add(rule.lower_at_keyword)
            if rule.lower_at_keyword in {"media", "supports", "container", "starting-style"}:
                names |= at_rules_of(tinycss2.serialize(rule.content))
        else:
            _check_rule(rule)
    return names


def _check_rule(rule: Any) -> None:
    assert all(selector.strip().startswith(".gen-card-1") for selector in tinycss2.serialize(rule.prelude).split(",\n"))
    for declaration in tinycss2.parse_blocks_contents(rule.content, skip_whitespace=True):
        assert declaration.type == "declaration", declaration
        assert declaration.lower_name not in {"behavior", "-moz-binding"}
        _check_addresses(declaration.value)


def _check_addresses(tokens: list[Any]) -> None:
    for token in tokens:
        if token.type == "url":
            assert token.value.lower().startswith(("https://", "http://", "data:", "#")), token
        assert token.type not in {"error", "bad-url", "bad-string"}
        _check_addresses(getattr(token, "arguments", None) or getattr(token, "content", None) or [])
        assert getattr(token, "lower_name", "") != "expression"


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(hostile.nodes, st.lists(st.sampled_from(hostile.HEAD), max_size=3))
def test_no_style_of_a_page_can_leave_its_rule(root: Node, head: list[str]):
    css = joined(
        [rule for text in head if (rule := read_head(text))],
        style_sheet(styled(clean(root, prefix="gen-card-1").root, "gen-card-1")),
    )
    assert at_rules_of(css) <= ALLOWED_AT_RULES
    assert "</" not in css
    assert "<!" not in css
    assert "javascript:" not in css.lower()


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(hostile.CSS_VALUES) | st.text(max_size=6), min_size=1, max_size=4).map("".join))
def test_any_value_that_passes_is_one_declaration(value: str):
    safe = safe_value(value)
    if safe:
        (declaration,) = tinycss2.parse_blocks_contents(f"--x: {safe};", skip_whitespace=True)
        assert declaration.type == "declaration"
        _check_addresses(declaration.value)
        assert safe_value(safe) == safe


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1px solid rgb(0, 0, 0)", "1px solid rgb(0, 0, 0)"),
        ("calc(100% - (2px * 3)) !important", "calc(100% - (2px * 3)) !important"),
        ("url(https://a/b.png) no-repeat", 'url("https://a/b.png") no-repeat'),
        ("url(#clip)", "url(#clip)"),
        ("url(data:font/woff2;base64,AA==)", 'url("data:font/woff2;base64,AA==")'),
        ('url("data:image/svg+xml,<svg></svg>")', 'url("data:image/svg+xml,\\3c svg>\\3c /svg>")'),
        ('"\\201C"', '"\u201c"'),
        ('"\uf101"', '"\\f101 "'),
        ("'it''s'", '"it""s"'),
        ("/*!*/ /*!*/", ""),
        ("var(--a, )", "var(--a, )"),
        ("minmax(0, 1fr) / auto", "minmax(0, 1fr) / auto"),
        ("translate(-50%,-50%)", "translate(-50%,-50%)"),
        ("a,url(https://a/b)", 'a,url("https://a/b")'),
        ("url(relative.png)", None),
        ("url(https://a/b(c).png)", None),
        ("url(javascript:x)", None),
        ("red}", None),
        ("min(1px", None),
        ("'open", None),
        ("a\\b", None),
    ],
)
def test_values_are_written_in_one_safe_spelling_or_refused(value: str, expected: str | None):
    assert safe_value(value) == expected


@pytest.mark.parametrize(
    "suffix",
    [
        "",
        ":hover",
        "::before",
        ":where(:hover)::after",
        ":not([open])",
        ":nth-child(2n + 1)",
        ":where({0}:hover *)",
        ":where({2}:checked ~ *)",
        ":where({0}:has(> {3}:focus-visible) *)::-webkit-slider-thumb",
        ':where({0}[aria-expanded="true"]:not(:disabled, {4}) > *)',
        "::file-selector-button:where(:hover)",
    ],
)
def test_suffixes_that_narrow_are_allowed(suffix: str):
    assert is_safe_suffix(suffix)


@pytest.mark.parametrize("suffix", [" > a", ":hover, b", ":is(:hover", ":is(a))", "{}", "x", ":hover b", ':is("a")'])
def test_suffixes_that_reach_elsewhere_are_refused(suffix: str):
    assert not is_safe_suffix(suffix)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("@media (min-width: 600px)", "@media (min-width: 600px)"),
        ("@MEDIA screen and (400px <= width < 40rem)", "@media screen and (400px <= width < 40rem)"),
        ("@supports (display: grid) and (not (gap: 1px))", "@supports (display: grid) and (not (gap: 1px))"),
        ("@container side (width > 9em)", "@container side (width > 9em)"),
        ("@container card style(--dense: 1) and (inline-size >= 20em)",) * 2,
        ("@container (min-width: 400px) and (not (max-height: 10rem))",) * 2,
        ("@supports selector(:has(> a))", "@supports selector(:has(> a))"),
        ("@media not all and (hover: hover), print", "@media not all and (hover: hover), print"),
        ("@starting-style", "@starting-style"),
        ("@media screen { } body {", None),
        ("@layer base", None),
        ("@import url(x)", None),
        ("@media", None),
    ],
)
def test_conditions_are_checked_like_values(condition: str, expected: str | None):
    assert safe_condition(condition) == expected


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
    without_unused_variables(root, ["@keyframes x { to { color: var(--framed) } }"])
    assert set(root.rules[0].declarations) == {"color", "--a", "--b", "--in-attribute", "--framed"}


def test_of_keyframes_of_one_name_the_last_counts():
    read = [read_head(f"@keyframes spin {{ to {{ rotate: {turn}turn }} }}") for turn in (1, 2, 1)]
    assert [rule.text for rule in once(rule for rule in read if rule)] == [read[2].text if read[2] else ""]


def test_a_state_of_another_element_names_its_class():
    root = a_node("<div><b>x</b><i>y</i></div>")
    descendants(root)[2].rules.append(a_rule(":where({1}:hover + *)", color="red"))
    assert css_of(root) == ".gen-card-1-2:where(.gen-card-1-1:hover + *) {\n  color: red;\n}"


SIDES = ("top", "right", "bottom", "left")
DECORATION = ("thickness", "style", "color")


def sides(family: str, *values: str, part: str = "") -> dict[str, str]:
    return {f"{family}-{side}{part}": value for side, value in zip(SIDES, values, strict=True)}


@pytest.mark.parametrize(
    ("declarations", "expected"),
    [
        (sides("margin", "1px", "1px", "1px", "1px"), {"margin": "1px"}),
        (sides("margin", "0px", "auto", "0px", "auto"), {"margin": "0px auto"}),
        (sides("padding", "1px", "2px", "3px", "2px"), {"padding": "1px 2px 3px"}),
        (sides("padding", "1px", "2px", "3px", "4px"), {"padding": "1px 2px 3px 4px"}),
        (sides("margin", *["1px !important"] * 4), {"margin": "1px !important"}),
        (sides("margin", *["inherit"] * 4), {"margin": "inherit"}),
        ({"row-gap": "1px", "column-gap": "2px"}, {"gap": "1px 2px"}),
        ({"overflow-x": "auto", "overflow-y": "auto"}, {"overflow": "auto"}),
        ({"white-space-collapse": "collapse", "text-wrap-mode": "nowrap"}, {"white-space": "nowrap"}),
        (
            {"text-decoration-line": "none", **{f"text-decoration-{part}": "initial" for part in DECORATION}},
            {"text-decoration": "none"},
        ),
        ({"flex-grow": "1", "flex-shrink": "1", "flex-basis": "0%"}, {"flex": "1 1 0%"}),
        (
            {"top": "0px", "color": "red", "right": "0px", "bottom": "0px", "left": "0px"},
            {"inset": "0px", "color": "red"},
        ),
        (
            {"border-bottom-width": "1px", "border-bottom-style": "solid", "border-bottom-color": "rgb(1, 2, 3)"},
            {"border-bottom": "1px solid rgb(1, 2, 3)"},
        ),
    ],
)
def test_longhands_are_joined_as_a_person_would(declarations: dict[str, str], expected: dict[str, str]):
    assert collapse(declarations) == expected


def test_a_font_that_is_inherited_is_said_in_one_line_and_what_differs_after_it():
    inherited = dict.fromkeys(FONT, "inherit")
    assert collapse({"margin": "0", **inherited, "color": "red"}) == {"margin": "0", "font": "inherit", "color": "red"}
    heavy = {**inherited, "font-weight": "600", "line-height": "1.5"}
    assert list(collapse(heavy).items()) == [("font", "inherit"), ("font-weight", "600"), ("line-height", "1.5")]
    assert collapse({**heavy, "all": "unset"}) == {**heavy, "all": "unset"}
    del heavy["font-kerning"]
    assert collapse(heavy) == heavy


@pytest.mark.parametrize(
    "declarations",
    [
        sides("margin", "1px", "1px", "1px", "inherit"),
        sides("margin", "1px", "1px", "1px", "1px !important"),
        sides("margin", "1px", "1px", "1px", "var(--x)"),
        {**sides("margin", *["1px"] * 4), "margin-inline": "2px"},
        {"margin": "2px", **sides("margin", *["1px"] * 4)},
        {"margin-top": "1px", "margin-left": "1px"},
        {"white-space-collapse": "collapse", "text-wrap-mode": "nowrap", "text-wrap": "balance"},
        {"text-decoration-line": "none", "text-decoration-color": "red"},
        {"border": "0", "border-top-width": "1px", "border-top-style": "solid", "border-top-color": "red"},
        {"grid-gap": "1px", "row-gap": "1px", "column-gap": "1px"},
    ],
)
def test_longhands_whose_meaning_could_change_are_left_alone(declarations: dict[str, str]):
    assert collapse(declarations) == declarations


def test_a_whole_border_is_one_line_unless_a_border_image_would_be_lost():
    border = {
        **sides("border", *["1px"] * 4, part="-width"),
        **sides("border", *["solid"] * 4, part="-style"),
        **sides("border", *["red"] * 4, part="-color"),
    }
    node = a_node("<b>x</b>")
    node.rules.append(a_rule(**border))
    assert styled(node, "x")[0].rules[0].declarations == {"border": "1px solid red"}
    node.rules.append(a_rule(":hover", border_image="none"))
    assert "border" not in styled(node, "x")[0].rules[0].declarations


@pytest.mark.parametrize(
    "rule",
    [
        "@import url(https://evil/x.css);",
        "@font-face { font-family: X; src: url(javascript:x) }",
        "@font-face { font-family: X; src: url(https://a/b) } body { color: red }",
        "@keyframes x { from { color: red } } body {} {",
        "@keyframes x { 10px { color: red } }",
        "@keyframes </style> { from { color: red } }",
        "@property x { syntax: '*' }",
        "body { color: red }",
        "",
    ],
)
def test_rules_of_the_head_that_are_not_one_safe_rule_are_refused(rule: str):
    assert read_head(rule) is None


def test_a_component_gets_the_fonts_and_keyframes_it_uses():
    head = [
        read_head('@font-face { font-family: "Open Sans"; src: url(https://a/latin); unicode-range: U+0-FF }'),
        read_head('@font-face { font-family: "Open Sans"; src: url(https://a/greek); unicode-range: U+370-3FF }'),
        read_head("@font-face { font-family: Other; src: url(https://a/other) }"),
        read_head("@keyframes spin { to { rotate: 1turn } }"),
    ]
    css = '.x {\n  font-family: "Open Sans";\n  animation: 1s spin;\n}'
    chosen = needed([rule for rule in head if rule], css, "<b>abc</b>")
    assert [rule.kind for rule in chosen] == ["font-face", "keyframes"]
    assert "latin" in joined(chosen, css)
    assert "greek" in joined(needed([rule for rule in head if rule], css, "<b>αβγ</b>"), css)


def test_rules_of_thousands_of_elements_with_conditions_of_their_own_are_written_in_no_time():
    elements = [
        Styled(f"x-{number}", [a_rule("", f"@media (width > {number + more}px)", color="red") for more in (0, 1)])
        for number in range(3_000)
    ]
    began = time.process_time()
    written = style_sheet(elements)
    assert time.process_time() - began < 3.0
    assert written.count("@media") == 3_001, "those of one element in order, and equal ones together"


@pytest.mark.parametrize(
    ("css", "stands"),
    [
        ('font-family: "Open Sans"', True),
        ("font-family: open sans, serif", True),
        ("font-family: Open Sansation, 'My Open Sans'", True),
        ("font-family: Reopen Sans, Open Sansation", False),
        ("font-family: Open-Sans", False),
        ("", False),
    ],
)
def test_a_name_stands_in_css_as_a_whole(css: str, stands: bool):
    font = read_head('@font-face { font-family: "Open Sans"; src: url(https://a/b) }')
    assert font is not None
    assert bool(used([font], css)) is stands


def test_thousands_of_names_are_looked_up_in_no_time():
    """It is done for each component, so it must not be the product of the two."""
    rules = [HeadRule(kind, f"{name} {number}", "") for number in range(5_000) for kind, name in NAMES]
    css = " ".join(f"animation: spin{number} 1s; color: red;" for number in range(5_000))
    began = time.process_time()
    assert used(rules, css) == []
    assert time.process_time() - began < 5.0


NAMES: tuple[tuple[Literal["font-face", "keyframes"], str], ...] = (("font-face", "Font"), ("keyframes", "turn"))


def test_a_very_long_font_is_not_repeated_in_every_component():
    font = read_head(f"@font-face {{ font-family: X; src: url(data:font/woff2;base64,{'A' * 100_000}) }}")
    assert font is not None
    assert needed([font], ".x {\n  font-family: X;\n}", "a") == []


def test_declarations_are_split_at_semicolons_outside_strings_and_addresses():
    style = "color: red; --x: a;background: url(data:image/png;base64,AA==); content: ';}'"
    assert dict(split_declarations(style)) == {
        "color": "red",
        "--x": "a",
        "background": "url(data:image/png;base64,AA==)",
        "content": "';}'",
    }


def test_strings_cannot_end_a_style_element():
    assert css_string('</style>"\n\\') == '"\\3c /style>\\"\\a \\\\"'
