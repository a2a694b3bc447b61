from __future__ import annotations

import time
from typing import Literal

import pytest

from jobserver.extract.head_css import HeadRule, joined, needed, once, read_head, used


def test_of_keyframes_of_one_name_the_last_counts():
    read = [read_head(f"@keyframes spin {{ to {{ rotate: {turn}turn }} }}") for turn in (1, 2, 1)]
    assert [rule.text for rule in once(rule for rule in read if rule)] == [read[2].text if read[2] else ""]


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


@pytest.mark.parametrize("more", [0, 10, 1_000])
def test_a_name_is_found_behind_many_longer_ones(more: int):
    rules = [HeadRule("keyframes", name, "") for name in ("turn", "Open Sans")]
    longer = "animation: turn-around, x-turn; font-family: Open Sanserif;" * more
    assert used(rules, longer) == []
    assert used(rules, f"{longer} animation: turn; font: Open Sans") == rules


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
