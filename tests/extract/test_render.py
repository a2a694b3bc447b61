from __future__ import annotations

import json
from copy import deepcopy

import esprima
import pytest
import tinycss2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobserver.extract.model import Box, Component, Extraction, Found, Node, Rule, Token, Tokens
from jobserver.extract.render import brief, render
from tests.extract import hostile
from tests.extract.make_nodes import a_capture, a_found, a_node, a_rule, descendants

ENDED = "2026-01-01T00:00:00.000Z"


def rendered(*found: Found, max_components: int = 80, max_result_bytes: int = 7_500_000, **more: object) -> Extraction:
    capture = a_capture(*found, **more)
    return render(capture, max_components=max_components, completed_at=ENDED, max_result_bytes=max_result_bytes)


def size(extraction: object) -> int:
    return len(json.dumps(extraction, separators=(",", ":"), ensure_ascii=False).encode())


def test_members_stand_in_the_order_of_the_contract():
    outer, inner = a_found(kind="card"), a_found(parent=0)
    tokens = Tokens(colors=[], type=[], spacing=[], radii=[], shadows=[])
    extraction = rendered(outer, inner, tokens=tokens, fingerprint="f")
    verified = {"fidelity", "fontFiles"}
    assert list(extraction) == [name for name in Extraction.__annotations__ if name not in verified]
    assert list(extraction["components"][1]) == [name for name in Component.__annotations__ if name not in verified]


def test_a_component_names_the_one_that_stands_for_what_is_around_it():
    found = [
        a_found(kind="nav", look="bar"),
        a_found(kind="card", look="card", parent=0),
        a_found(kind="button", look="button", parent=1),
        a_found(kind="card", look="card"),
        a_found(kind="card", look="card", parent=3),
    ]
    assert [each.get("parent") for each in rendered(*found)["components"]] == [None, 1, 2]


def test_a_parent_is_always_in_the_result():
    found = [a_found(kind="nav"), a_found(f"<p>{'x' * 50_000}</p>", "card", parent=0), a_found(parent=1)]
    extraction = rendered(*found, max_result_bytes=100_000)
    assert [(each["index"], each.get("parent")) for each in extraction["components"]] == [(1, None), (3, 1)]


@pytest.mark.parametrize("parent", [0, 5, -1])
def test_a_parent_that_cannot_be_is_none(parent: int):
    assert "parent" not in rendered(a_found(parent=parent))["components"][0]


def test_states_breakpoints_and_fonts_are_read_off_the_rules():
    root = a_node("<button>Save</button>", font_family="var(--body, serif)")
    root.rules[0].declarations["--body"] = '"Acme Sans", Arial, "Face Two"'
    root.rules += [
        a_rule(":where(:focus-visible)", "@media (min-width: 599.98px) and (orientation: portrait)", color="red"),
        a_rule(":where(:not(:disabled):hover)::before", "@media (40em <= width < 1200px)", font="700 1rem/1.5 Georgia"),
        a_rule(":nth-child(2)", "@container (width > 300px)", color="red"),
    ]
    face = '@font-face { font-family: "Face Two"; src: url(https://a/b.woff2) }'
    (component,) = rendered(a_found(root, mode="rules", warnings=["Odd.\n"]), head_css=[face])["components"]
    assert component["states"] == ["focus-visible", "hover"]
    assert component["breakpoints"] == [600, 640, 1200]
    assert component["fonts"] == ["Acme Sans", "Face Two", "Georgia"]
    assert component["mode"] == "rules"
    assert component["warnings"] == ["Odd."]


def test_tokens_hold_nothing_that_is_no_value_of_css():
    colors: list[Token] = [{"value": "red", "count": 3}, {"value": "</style>", "count": 2}]
    tokens = Tokens(colors=colors, type=[], spacing=[], radii=[], shadows=[])
    assert rendered(tokens=tokens).get("tokens") == {**tokens, "colors": colors[:1]}


def test_a_component_has_its_names_and_sources():
    root = a_node("<button class='btn' onclick='x()'>Click Me</button>", color="red")
    extraction = rendered(a_found("<a href='/'>Home</a>", "a"), a_found(root))
    button = extraction["components"][1]
    assert button["index"] == 2
    assert button["kind"] == "button"
    assert button["className"] == "gen-button-2"
    assert button["componentName"] == "Button2"
    assert button["cleanedHtml"] == "<button>Click Me</button>"
    assert button["htmlSnippet"] == '<button class="gen-button-2">Click Me</button>'
    assert button["css"] == ".gen-button-2 {\n  color: red;\n}"
    assert '<button className="gen-button-2">Click Me</button>' in button["reactSnippet"]
    assert extraction["componentCount"] == 2
    assert extraction["completedAt"] == ENDED


def test_the_outer_html_is_cut_after_200_characters():
    (short, long) = rendered(a_found("<b>x</b>"), a_found(f"<i>{'x' * 300}</i>"))["components"]
    assert short["originalOuterHTML"] == "<b>x</b>"
    assert len(long["originalOuterHTML"]) == 203
    assert long["originalOuterHTML"].endswith("xxx...")


@pytest.mark.parametrize(
    "field",
    [
        '<input type="password" value="s3cret">',
        "<input value='s3cret' type=password>",
        "<INPUT TYPE=hidden name=csrf VALUE=s3cret>",
        f'<input value="s3cret{"x" * 50_000}" type="hidden">',
        '<input title=">" value="s3cret" type="password"',
    ],
)
def test_secret_fields_are_blank_in_the_outer_html_and_everywhere_else(field: str):
    assert "s3cret" not in json.dumps(rendered(a_found(f"<form>{field}</form>", "form")))


def test_equal_looks_become_one_component_with_a_count():
    (component,) = rendered(*[a_found(look="x", text=text) for text in ("Save", "Cancel")])["components"]
    assert component["count"] == 2
    assert [instance["text"] for instance in component["instances"]] == ["Save", "Cancel"]


def test_more_looks_than_asked_for_are_left_out_with_a_warning():
    extraction = rendered(*[a_found() for _ in range(5)], max_components=2)
    assert extraction["componentCount"] == len(extraction["components"]) == 2
    assert extraction["warnings"] == ["Looks left out, as only the first 2 were asked for: 3."]


def test_a_result_that_is_too_large_loses_whole_components_from_the_end():
    found = [a_found(f"<p>{letter * 5000}</p>", "card") for letter in "abcdefghijklmnop"]
    extraction = rendered(*found, max_result_bytes=100_000)
    kept = extraction["componentCount"]
    assert 0 < kept < len(found)
    assert size(extraction) <= 100_000
    assert extraction["warnings"] == [f"Components left out at the end as the result was too large: {16 - kept}."]
    assert [component["index"] for component in extraction["components"]] == list(range(1, kept + 1))
    assert f"Card{kept + 1}" not in extraction["reactFile"]
    esprima.parseModule(extraction["reactFile"], {"jsx": True})


def test_one_huge_component_does_not_cost_the_others():
    extraction = rendered(a_found(f"<p>{'x' * 50_000}</p>"), a_found(), max_result_bytes=100_000)
    assert [component["index"] for component in extraction["components"]] == [2]
    assert extraction["warnings"] == ["Components left out as too large by themselves: 1."]


def test_the_css_file_has_every_head_rule_once_and_equal_blocks_shared():
    font = '@font-face { font-family: "Inter"; src: url(https://a/b.woff2) }'
    spin = "@keyframes spin { to { rotate: 1turn } }"
    found = [a_found(a_node("<b>x</b>", font_family='"Inter"', animation="1s spin")) for _ in range(2)]
    extraction = rendered(*found, head_css=[font, spin, font])
    css = extraction["cssFile"]
    assert css.count("@font-face") == css.count("@keyframes") == css.count("1s spin") == 1
    assert ".gen-button-1,\n.gen-button-2 {" in css
    assert css.startswith("/* 2 components of https://example.com/ */")
    assert css.index("@font-face") < css.index(".gen-button-1") < css.index("@keyframes")
    assert all("@font-face" in component["css"] for component in extraction["components"])


def test_a_component_says_which_of_its_fonts_is_too_long_for_its_css():
    face = f"@font-face {{ font-family: Brand; src: url(data:font/woff2;base64,{'A' * 100_000}) }}"
    extraction = rendered(a_found(a_node("<b>x</b>", font_family="Brand")), a_found(), head_css=[face])
    (branded, plain) = extraction["components"]
    assert "@font-face" not in branded["css"]
    assert "@font-face" in extraction["cssFile"]
    assert branded["warnings"] == ["Too long for its css, and in cssFile only: Brand."]
    assert plain["warnings"] == []


def test_what_was_refused_is_said():
    extraction = rendered(
        a_found(a_node("<b>x</b>", color="}", width="1px")), head_css=["@import 'x';"], warnings=["First."]
    )
    assert extraction["warnings"] == [
        "First.",
        "Declarations left out as unsafe or not understood: 1.",
        "Rules for fonts, keyframes or properties left out as unsafe or not understood: 1.",
    ]


def test_a_page_s_address_cannot_end_the_comment_of_the_css_file():
    css = rendered(a_found(), url="https://a/*/body{color:red}")["cssFile"]
    assert [rule.type for rule in tinycss2.parse_stylesheet(css, skip_whitespace=True)] == ["comment"]


def test_a_box_that_json_cannot_carry_is_none():
    (whole, broken) = rendered(a_found(box=Box(0.004, 1, 2.006, 3)), a_found(box=Box(0, 0, float("nan"), 1)))[
        "components"
    ]
    assert whole["box"] == {"x": 0.0, "y": 1, "width": 2.01, "height": 3}
    assert broken["box"] is None


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(hostile.nodes, min_size=1, max_size=3), st.sampled_from(hostile.VALUES))
def test_any_capture_becomes_json_and_a_module_that_parses(roots: list[Node], text: str):
    extraction = rendered(
        *[a_found(root, "card", text=text, href=text) for root in roots], title=text, url=f"https://a/{text}"
    )
    json.dumps(extraction, ensure_ascii=False, allow_nan=False).encode()
    esprima.parseModule(extraction["reactFile"], {"jsx": True})


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(hostile.nodes, min_size=1, max_size=3))
def test_elements_that_share_their_rules_are_written_as_if_each_had_its_own(roots: list[Node]):
    def written() -> Extraction:
        return rendered(*(a_found(root, "card", look) for root, look in zip(roots, "abc", strict=False)))

    apart = written()
    lists: dict[tuple[Rule, ...], list[Rule]] = {}
    for node in (node for root in roots for node in descendants(root)):
        node.rules = lists.setdefault(tuple(node.rules), node.rules)
    before = deepcopy(roots)
    assert [written(), written()] == [apart, apart]
    assert roots == before


def test_the_brief_has_no_bulk_and_is_small_whatever_the_page_says():
    found = [a_found(f"<p>{'x' * 900}</p>", kind) for kind in ("card", "nav", "card")]
    extraction = rendered(*found, title="é" * 5000, url="https://a/" + "x" * 9000, warnings=["é" * 3000] * 50)
    short = brief(extraction)
    assert short["kinds"] == {"card": 2, "nav": 1}
    assert short["componentCount"] == 3
    assert not {"components", "cssFile", "reactFile"} & short.keys()
    assert size(short) < 10_000
