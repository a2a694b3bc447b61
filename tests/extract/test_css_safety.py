from __future__ import annotations

import re
from typing import Any

import pytest
import tinycss2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobserver.extract import css_values
from jobserver.extract.clean import clean
from jobserver.extract.css import style_sheet, styled
from jobserver.extract.css_rules import is_safe_suffix, safe_condition, split_declarations
from jobserver.extract.css_values import css_string, safe_value
from jobserver.extract.head_css import joined, read_head
from jobserver.extract.model import Node
from tests.extract import hostile

ALLOWED_AT_RULES = {"media", "supports", "container", "starting-style", "font-face", "keyframes", "property"}


PIECES = ("a", "é", "1.5px", "%", "#fff", "+", "-", "*", ",", ".", " ", "  ", "\t", "/", "(", ")", "[", '"', ":")
FUNCTIONS = ("rgb(", "calc(1px + 2px)", "var(--x)", "url(", "URL(", "image-set(", "expression(", "-moz-binding")


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES + FUNCTIONS), max_size=8).map("".join))
def test_a_value_that_passes_as_it_is_would_be_written_so(text: str):
    long = f"{'a' * 200} {text}"  # no short cut is for long ones
    with pytest.MonkeyPatch.context() as patch:
        quick = safe_value(long)
        patch.setattr(css_values, "_SIMPLE", re.compile("(?!)"))
        assert quick == safe_value(long)


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
        ("var(--a,/*!*/ /*!*/)", "var(--a,   )"),
        ("1/**/2*/**/3", "1 2* 3"),
        ("1*/2", None),
        ("var(--a, )", "var(--a, )"),
        ("minmax(0, 1fr) / auto", "minmax(0, 1fr) / auto"),
        ("attr(width type(<number>)) / 2", "attr(width type(<number>)) / 2"),
        ("attr(data-w type(<length>+|auto), 1px)", "attr(data-w type(<length>+|auto), 1px)"),
        ("attr(width type(<style>))", None),
        ("attr(width type(<number))", None),
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
