from __future__ import annotations

import pytest

from jobserver.extract.css import styled
from jobserver.extract.shorthands import FONT, collapse
from tests.extract.make_nodes import a_node, a_rule

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
