"""Nothing in a result runs, whatever the page holds: every file and every source of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import esprima
import tinycss2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from jobserver.extract.model import Extraction, Format, Node
from jobserver.extract.preview import preview_page
from jobserver.extract.render import render
from tests.extract import hostile
from tests.extract.make_nodes import a_capture, a_found

RUNS = "script, style, template, object, embed, link, meta, base, foreignObject, noscript, xmp, plaintext, math, set"
ADDRESSES = {"href", "src", "action", "poster", "cite", "formAction", "xlinkHref"}
SAFE = ("https://", "http://", "mailto:", "tel:", "#", "data:image/")
IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x20\u2028\u2029\ufeff]")
TYPES = re.compile(r": React\.JSX\.Element(?= \{$)| as object(?=\)\})", re.MULTILINE)


def is_safe_address(value: str) -> bool:
    return IGNORED_BY_BROWSERS.sub("", value).lower().startswith(SAFE)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(hostile.nodes, min_size=1, max_size=2),
    st.lists(st.sampled_from(hostile.HEAD), max_size=3),
    hostile.texts,
    hostile.urls,
    st.sampled_from(["jsx", "tsx"]),
)
def test_no_output_holds_anything_that_runs(roots: list[Node], head: list[str], text: str, url: str, flavour: Format):
    found = [a_found(root, "card", look=str(place), text=text, href=url) for place, root in enumerate(roots)]
    capture = a_capture(*found, head_css=head, title=text, warnings=[text])
    extraction = render(capture, max_components=9, completed_at="", max_result_bytes=9_000_000, flavour=flavour)
    for component in extraction["components"]:
        assert_html_is_safe(component["cleanedHtml"])
        assert_html_is_safe(component["htmlSnippet"])
        assert_css_is_safe(component["css"])
        assert_react_is_safe(component["reactSnippet"])
        assert all(is_safe_address(instance["href"]) for instance in component["instances"] if "href" in instance)
    assert_css_is_safe(extraction["cssFile"])
    assert_react_is_safe(extraction["reactFile"])
    assert_preview_is_safe(extraction)


def assert_html_is_safe(html: str) -> None:
    body = LexborHTMLParser(f"<!doctype html><body>{html}").body
    assert body is not None
    assert body.css(RUNS) == []
    for node in body.css("*"):
        for name, value in node.attributes.items():
            assert not name.lower().startswith("on")
            assert name not in {"srcdoc", "ping", "formaction", "style", "nonce"}
            assert name not in ADDRESSES or is_safe_address(value or "")


def assert_css_is_safe(css: str) -> None:
    assert "</" not in css
    assert "javascript:" not in css.lower()
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        assert rule.type != "error", rule
        assert rule.type != "at-rule" or rule.lower_at_keyword not in {
            "import",
            "charset",
            "namespace",
            "layer",
            "scope",
        }


def assert_react_is_safe(source: str) -> None:
    tree = esprima.parseModule(TYPES.sub("", source), {"jsx": True})
    names = {node["name"]["name"].lower() for node in _every(tree, "JSXOpeningElement") if "name" in node["name"]}
    assert names.isdisjoint(RUNS.lower().split(", "))
    for name, value in _attributes(tree):
        assert not name.lower().startswith("on")
        assert name not in {"dangerouslySetInnerHTML", "srcDoc", "ref", "key", "children"}
        assert name not in ADDRESSES or is_safe_address(value)


def assert_preview_is_safe(extraction: Extraction) -> None:
    page = LexborHTMLParser(preview_page(extraction, nonce="n"))
    for node in page.css("*"):
        for name, value in node.attributes.items():
            assert not name.lower().startswith("on")
            assert name != "href" or is_safe_address(value or "")
            if name == "srcdoc":
                assert "sandbox" in node.attributes
                assert LexborHTMLParser(value or "").css("script, object, embed") == []


def _attributes(tree: Any) -> Iterator[tuple[str, str]]:
    """Name and text of each attribute, those that are spread too."""
    for node in _every(tree, "JSXAttribute"):
        value = node.get("value") or {}
        literal = value.get("expression", value)
        yield node["name"]["name"], str(literal.get("value", ""))
    for node in _every(tree, "JSXSpreadAttribute"):
        for member in node["argument"]["properties"]:
            yield str(member["key"].get("value") or member["key"].get("name")), str(member["value"].get("value"))


def _every(tree: Any, kind: str) -> Iterator[dict[str, Any]]:
    rest: list[Any] = [esprima.toDict(tree)]
    while rest:
        node = rest.pop()
        if isinstance(node, dict):
            if node.get("type") == kind:
                yield node
            rest.extend(node.values())
        elif isinstance(node, list):
            rest.extend(node)
