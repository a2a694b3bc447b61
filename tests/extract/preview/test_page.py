"""The page as HTML: what is in it, and that nothing a page wrote leaves its place."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from jobserver.extract.model import Extraction
from jobserver.extract.preview import pictures_in, preview_csp, preview_page
from jobserver.extract.preview.backdrop import needs_dark
from tests.extract.preview.make_previews import ATTACK, NONCE, a_picture, an_empty_extraction, an_extraction, hostile


def parsed(extraction: Extraction, **more: Any) -> LexborHTMLParser:
    return LexborHTMLParser(preview_page(extraction, job_id="job-1-abc", nonce=NONCE, **more))


def test_every_component_is_shown_in_a_sandbox_with_its_sources_as_text():
    page = parsed(an_extraction())
    frames = page.css("iframe")
    assert len(frames) == 3
    assert all(frame.attributes["sandbox"] in {None, ""} and frame.attributes["loading"] == "lazy" for frame in frames)
    assert '<button class="gen-button-2">Save</button>' in (frames[1].attributes["srcdoc"] or "")
    assert [pre.text() for pre in page.css("#c2 pre")] == [
        '<button class="gen-button-2">Save</button>',
        "",
        an_extraction()["components"][1]["reactSnippet"],
    ]


def test_components_are_grouped_by_kind_with_an_index():
    page = parsed(an_extraction())
    assert [link.attributes["href"] for link in page.css(".side a")] == ["#kind-nav", "#kind-button", "#kind-a"]
    assert [section.id for section in page.css("section")] == ["kind-nav", "kind-button", "kind-a"]
    assert "\u00d72" in page.css("#c2 header")[0].text()
    assert page.css("#c2 .texts")[0].text() == "SaveGo"


def test_the_page_asks_for_nothing_itself_and_has_one_script_that_its_policy_names():
    page = parsed(an_extraction())
    assert page.css("link, img, object, [onclick], [onload], form, [style], script[src]") == []
    (script,) = page.css("script")
    digest = base64.b64encode(hashlib.sha256(script.text().encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in preview_csp(NONCE)
    assert all(style.attributes["nonce"] == NONCE for style in page.css("style"))


def test_nothing_a_page_said_can_leave_its_place():
    page = parsed(hostile(), pictures=pictures_in([("component-2.webp", "image/webp", a_picture(96, 56))]))
    assert page.css("object, embed, form, base, link, img:not([src^='data:image/webp;base64,'])") == []
    assert page.css("script") == page.css("body > script:last-child")
    assert all("srcdoc" in frame.attributes and "sandbox" in frame.attributes for frame in page.css("iframe"))
    assert not any((link.attributes["href"] or "").startswith("javascript") for link in page.css("a"))
    assert page.css("h1")[0].text().startswith("</style><script>")
    assert ATTACK not in (page.html or "")
    assert "display:none}" not in "".join(style.text().replace(" ", "") for style in page.css("style"))


def test_the_style_of_a_component_cannot_end_its_element():
    extraction = an_extraction()
    extraction["components"][0]["css"] = "</style><script>x</script>"
    frame = parsed(extraction).css("iframe")[0].attributes["srcdoc"] or ""
    assert LexborHTMLParser(frame).css("script") == []


def test_light_text_without_a_background_of_its_own_stands_on_dark():
    page = parsed(an_extraction())
    assert len(page.css(".stage.on-dark")) == len(page.css("#c4 .stage.on-dark, #c3 .stage.on-dark")) == 1


@pytest.mark.parametrize(
    ("declarations", "expected"),
    [
        ("color: #fff;", True),
        ("color: white;", True),
        ("color: rgb(250 250 250 / 0.9);", True),
        ("--a: 255, 255, 255;\n  color: rgba(var(--a), var(--b, 1));", True),
        ("color: var(--a, #eee);", True),
        ("color: #333;", False),
        ("color: rgb(255, 0, 0);", False),
        ("color: #fff;\n  background-color: rgb(0, 0, 0);", False),
        ("color: #fff;\n  background-color: rgba(0, 0, 0, 0);", True),
        ("color: var(--a);", False),
        ("display: block;\n}\n\n.gen-a-1-1 {\n  color: #fff;", True),
        ("color: #333;\n}\n\n.gen-a-1-1 {\n  color: #fff;", False),
        ("border-color: #fff;", False),
        ("--a: #000;\n  background-color: var(--a);\n  color: #fff;", False),
        ("--a: transparent;\n  background: var(--a);\n  color: #fff;", True),
        ('background-image: url("data:image/svg+xml,<svg/>");\n  color: #fff;', True),
        ('background-image: url("https://x.example/a.jpg");\n  color: #fff;', False),
        ("color: #fff;\n}\n.gen-a-1:where(:hover) {\n  background-color: #000;", True),
        ("color: #fff;\n  background: var(--a);\n}\n.gen-a-1:where(:hover) {\n  --a: #000;", True),
        ("color: #333;\n}\n@media (width > 1px) {\n  .gen-a-1 {\n    color: #fff;\n  }", False),
        ("--a: var(--b) var(--b);\n  --b: var(--a) var(--a);\n  color: var(--a);", False),
    ],
)
def test_the_backdrop_is_dark_for_light_text_alone(declarations: str, expected: bool):
    assert needs_dark(f".gen-a-1 {{\n  {declarations}\n}}") is expected


def test_a_page_without_components_says_so():
    page = parsed(an_empty_extraction())
    assert "No components were found" in page.css(".empty")[0].text()
    assert page.css("iframe, .bar") == []


def test_the_policy_allows_styles_with_the_nonce_and_nothing_that_runs():
    directives = dict(part.split(" ", 1) for part in preview_csp(NONCE).split("; "))
    assert directives["default-src"] == directives["form-action"] == directives["frame-ancestors"] == "'none'"
    assert directives["style-src"] == f"'nonce-{NONCE}'"
    assert directives["script-src"].startswith("'sha256-")
    assert directives["require-trusted-types-for"] == "'script'"


def test_a_page_that_was_saved_to_a_file_brings_its_policy_along():
    page = parsed(an_extraction())
    (policy,) = page.css('meta[http-equiv="Content-Security-Policy"]')
    said = policy.attributes["content"] or ""
    assert f"{said}; frame-ancestors 'none'" == preview_csp(NONCE)
    first = (page.html or "").index("Content-Security-Policy")
    assert first < (page.html or "").index("<style")


def test_a_component_with_a_picture_stands_beside_what_it_was():
    extraction = an_extraction()
    extraction["components"][1]["fidelity"] = {"diff": 0.0312, "ssim": 0.97}
    page = parsed(extraction, pictures=pictures_in([("component-2.webp", "image/webp", a_picture(96, 56))]))
    assert [caption.text() for caption in page.css("#c2 figcaption")] == ["Original", "Rebuilt"]
    assert page.css("#c2 img")[0].attributes["alt"] == "Button2 as it was on the page"
    assert page.css("#c2 .match")[0].text() == "96.8 %"
    assert page.css("#c1 img, #c1 figcaption, #c1 .match") == []
    assert len(page.css("#see-difference")) == 1


def test_without_pictures_there_is_nothing_to_compare():
    assert parsed(an_extraction()).css("#see-both, #see-difference, figcaption") == []


def test_the_head_says_how_like_the_page_all_of_it_is():
    extraction = an_extraction()
    extraction["fidelity"] = {"diff": 0.0004, "ssim": 0.9961, "verified": 12, "passed": 11}
    figures = [figure.text() for figure in parsed(extraction).css(".figures li")]
    assert figures[3:] == ["99.96 % of pixels as on the page", "11 of 12 compared are within 1 %"]


def test_what_is_known_of_a_component_is_told():
    extraction = an_extraction()
    component = extraction["components"][1]
    component |= {"parent": 1, "states": ["hover"], "breakpoints": [768], "fonts": ["Inter"], "warnings": ["It <b>."]}
    about = parsed(extraction).css("#c2 .about")[0]
    assert [link.attributes["href"] for link in about.css("a")] == ["#c1"]
    assert all(fact in about.text() for fact in ("Nav1", "hover", "768 px", "Inter", "It <b>."))
    assert parsed(extraction).css("#c2 .warned")[0].text() == "1 warning"


def test_a_result_from_before_these_members_is_shown_as_well():
    extraction = json.loads(json.dumps(an_extraction()))
    for component in extraction["components"]:
        for member in ("mode", "states", "breakpoints", "fonts", "warnings"):
            component.pop(member, None)
    extraction.pop("format", None)
    assert len(parsed(extraction).css("article")) == 3


def test_typescript_is_called_that():
    extraction = an_extraction()
    extraction["format"] = "tsx"
    names = [button.attributes["aria-label"] for button in parsed(extraction).css("#c2 .copy")]
    assert names == ["Copy HTML of Button2", "Copy CSS of Button2", "Copy React TS of Button2"]


def test_every_control_has_a_name():
    page = parsed(an_extraction())
    for control in page.css("input, select, button:not(.token), iframe"):
        assert control.attributes.get("aria-label") or control.attributes.get("title"), control.html
    assert all(field.css("legend") for field in page.css("fieldset"))


def test_what_only_a_script_can_do_is_hidden_until_it_runs():
    page = parsed(an_extraction())
    assert all("hidden" in each.attributes for each in page.css(".copy, .find"))


def test_a_component_s_media_queries_see_the_page_s_own_width():
    rules = parsed(an_extraction()).css("style")[0].text()
    assert "#c2{--w:96px;--h:56px;--port-w:1280px;--port-h:1000px;" in rules


def test_all_of_it_can_be_had_where_it_is_told():
    assert parsed(an_extraction()).css(".download") == []
    (link,) = parsed(an_extraction(), download="/preview?a=1&format=zip").css(".download")
    assert link.attributes["href"] == "/preview?a=1&format=zip"
