from __future__ import annotations

import re

import nh3
import pytest
from hypothesis import HealthCheck, given, settings
from selectolax.lexbor import LexborHTMLParser

from jobserver.extract import allowed
from jobserver.extract.clean import MAX_DEPTH, Cleaned, SafeRules, clean
from jobserver.extract.html import to_html
from jobserver.extract.model import Node, Rule
from jobserver.extract.safe_url import css_url, image_url, link_url, srcset, web_url
from tests.extract import hostile
from tests.extract.make_nodes import a_node, a_rule, descendants, texts

BASE = "https://example.com/shop/"
NEVER = "script, style, template, object, embed, link, meta, base, foreignObject, noscript, xmp, plaintext, math, set"
LINKS = ("href", "src", "action", "poster", "cite")


def cleaned(html: str | Node, prefix: str = "gen-card-1") -> Cleaned:
    return clean(a_node(html) if isinstance(html, str) else html, prefix=prefix, base=BASE)


def safe(html: str | Node) -> str:
    return to_html(cleaned(html).root)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(hostile.nodes)
def test_nothing_hostile_survives_whatever_the_page_holds(root: Node):
    html = safe(root)
    tree = LexborHTMLParser(f"<!doctype html><body>{html}")
    assert tree.body is not None
    assert tree.body.css(NEVER) == []
    for node in tree.body.css("*"):
        for name, value in node.attributes.items():
            assert not name.startswith("on")
            assert name not in {"srcdoc", "ping", "formaction", "style", "nonce", "is", "slot", "http-equiv"}
            if name in LINKS:
                plain = re.sub(r"[\x00-\x20]", "", value or "").lower()
                assert plain.startswith(("https://", "http://", "mailto:", "tel:", "#", "data:image/")), plain
        if node.tag == "iframe":
            assert node.attributes["sandbox"] in {None, ""}


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(hostile.nodes)
def test_an_independent_sanitiser_finds_nothing_to_remove(root: Node):
    html = safe(root)
    sanitised = nh3.clean(
        html,
        tags=set(allowed.HTML) | set(allowed.SVG.values()),
        clean_content_tags=set(),
        attributes={"*": _every_attribute()},
        generic_attribute_prefixes={"aria-", "data-"},
        url_schemes={"http", "https", "mailto", "tel", "data"},
        link_rel=None,
    )
    assert _as_parsed(sanitised) == _as_parsed(html)


def _every_attribute() -> set[str]:
    html = set().union(*allowed.HTML_ATTRIBUTES.values())
    return html | allowed.GLOBAL | set(allowed.SVG_ATTRIBUTES.values()) | {"id", "rel", "sandbox"}


def _as_parsed(html: str) -> str:
    body = LexborHTMLParser(f"<!doctype html><body>{html}").body
    assert body is not None
    # nh3 removes these wherever they are, whatever it is told.
    for motion in [node for node in body.css("svg *") if (node.tag or "").lower().startswith("animate")]:
        motion.unwrap()
    # Without white space: nh3 writes back one line break less at the beginning of <pre>.
    return re.sub(r"\s", "", body.html or "")


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(hostile.nodes)
def test_what_is_clean_stays_as_it_is(root: Node):
    once = cleaned(root, prefix="").root
    assert to_html(cleaned(once, prefix="").root) == to_html(once)


@pytest.mark.parametrize("url", hostile.BAD_URLS)
def test_an_address_that_could_run_is_refused_everywhere(url: str):
    for check in (link_url, web_url, image_url):
        assert (check(url) or "data:image/").startswith("data:image/")
    assert (link_url(url, BASE) or BASE).startswith(BASE)
    assert css_url(url) in {None, url.strip()}
    assert "javascript" not in (srcset(f"{url} 1x, {url}") or "")


def test_a_picture_made_of_svg_may_be_shown_but_not_linked_to():
    svg = "data:image/svg+xml,%3Csvg/%3E"
    assert image_url(svg) == svg
    assert link_url(svg) is None


def test_relative_addresses_are_resolved_against_the_page():
    assert safe('<a href="cart?x=1">x</a>') == f'<a href="{BASE}cart?x=1">x</a>'
    assert safe('<img src="/a.png" srcset="/a.png 1x, b.png 2x">') == (
        f'<img src="https://example.com/a.png" srcset="https://example.com/a.png 1x, {BASE}b.png 2x">'
    )


def test_commas_in_addresses_of_a_srcset_are_kept():
    assert srcset("https://a/w_1,h_2.png 1x,https://a/b.png 2x") == "https://a/w_1,h_2.png 1x, https://a/b.png 2x"
    assert srcset("data:image/png;base64,AA== 1x, javascript:x 2x") == "data:image/png;base64,AA== 1x"


def test_a_link_to_a_script_stays_a_link_to_nowhere():
    assert safe('<a href="javascript:void(0)" onclick="x()">Menu</a>') == '<a href="#">Menu</a>'


def test_a_link_that_opens_a_window_cannot_reach_back():
    assert 'rel="nofollow noopener noreferrer"' in safe('<a href="/" target="_blank" rel="nofollow opener">x</a>')


@pytest.mark.parametrize("kind", ["password", "hidden", "PassWord "])
def test_the_value_of_a_password_or_hidden_field_is_never_kept(kind: str):
    assert "s3cret" not in safe(f'<form><input type="{kind}" name="n" value="s3cret"></form>')


def test_secrets_in_data_attributes_are_left_out_and_harmless_ones_stay():
    html = safe('<div data-csrf-token="t" data-id="7" data-on-click="x()" data-ng-init="x()">x</div>')
    assert html == '<div data-id="7">x</div>'


def test_attributes_are_allowed_per_element():
    assert safe('<div href="https://a" value="x" checked colspan="2">x</div>') == "<div>x</div>"
    assert "colspan" not in safe('<table><tr><td colspan="zero">x</td></table>')


def test_unknown_elements_become_plain_ones_and_keep_their_content():
    assert safe("<my-button><marquee>a</marquee><font>b</font></my-button>") == (
        "<span><div>a</div><span>b</span></span>"
    )


def test_elements_that_run_or_load_go_with_all_they_hold():
    html = safe("<div>a<script>x</script><style>x</style><noscript>x</noscript><object>x</object>b</div>")
    assert html == "<div>ab</div>"


def test_a_component_that_may_not_be_shown_at_all_leaves_an_empty_one():
    assert to_html(clean(Node("script", {}, [], ["x"])).root) == "<span></span>"


def test_a_frame_keeps_a_safe_address_inside_a_sandbox():
    frame = safe(
        '<div><iframe src="https://a.example/" srcdoc="<script>" allow="camera" sandbox="allow-scripts"></iframe></div>'
    )
    assert frame == '<div><iframe src="https://a.example/" sandbox=""></iframe></div>'


def test_svg_keeps_its_spelling_and_loses_what_runs():
    svg = Node(
        "svg",
        {"viewbox": "0 0 9 9", "onload": "x()"},
        [],
        [
            Node("lineargradient", {"id": "g", "gradientunits": "userSpaceOnUse"}),
            Node("rect", {"fill": "url(#g)", "stroke-width": "2"}),
            Node("foreignObject", {}, [], ["x"]),
            Node("animate", {"attributeName": "href", "values": "javascript:alert(1)"}),
            Node("set", {"attributeName": "onclick", "to": "x()"}),
            Node("use", {"xlink:href": "https://evil.example/x.svg#a"}),
        ],
    )
    assert safe(svg) == (
        '<svg viewBox="0 0 9 9"><linearGradient id="gen-card-1-g" gradientUnits="userSpaceOnUse"></linearGradient>'
        '<rect fill="url(#gen-card-1-g)" stroke-width="2"></rect><animate></animate><use></use></svg>'
    )


def test_ids_stay_only_where_something_refers_to_them():
    html = safe(
        '<div id="top"><label for="a b">x</label><input id="mail"><label for="mail" aria-controls="gone mail">y</label>'
        '<a href="#mail">z</a><a href="#elsewhere">w</a></div>'
    )
    assert html == (
        '<div><label>x</label><input id="gen-card-1-mail"><label for="gen-card-1-mail" aria-controls="gen-card-1-mail">'
        'y</label><a href="#gen-card-1-mail">z</a><a href="#elsewhere">w</a></div>'
    )


def test_ids_that_differ_only_in_odd_characters_stay_apart():
    html = safe('<div><i id="a.b">1</i><i id="a:b">2</i><a href="#a.b">x</a><a href="#a:b">y</a></div>')
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(set(ids)) == 2
    assert re.findall(r'href="#([^"]+)"', html) == ids


def test_ids_named_in_styles_follow_their_new_name():
    root = a_node('<div><svg><clipPath id="c"></clipPath></svg></div>', clip_path='url("#c")')
    assert cleaned(root).root.rules[0].declarations == {"clip-path": "url(#gen-card-1-c)"}


def test_places_in_suffixes_follow_elements_to_the_new_tree():
    root = a_node("<div><script>x</script><b>a</b><i>b</i></div>")
    target = descendants(root)[3]
    target.rules += [a_rule(":where({2}:hover + *)", color="red"), a_rule(":where({1}:hover + *)", color="red")]
    rules = descendants(cleaned(root).root)[2].rules
    assert [rule.suffix for rule in rules] == [":where({1}:hover + *)"]


def test_refused_declarations_are_counted():
    root = a_node("<b>x</b>", color="red", behavior="url(x)", width="1px}")
    result = cleaned(root)
    assert result.dropped == 2
    assert result.root.rules[0].declarations == {"color": "red"}


def test_depth_is_bounded_and_what_is_cut_is_said():
    root = leaf = Node("div")
    for _ in range(5000):
        child = Node("div")
        leaf.children.append(child)
        leaf = child
    result = cleaned(root)
    assert len(descendants(result.root)) == MAX_DEPTH
    assert result.cut == 5001 - MAX_DEPTH


def test_texts_that_utf8_cannot_carry_are_repaired():
    result = cleaned(Node("p", {"title": "\ud800"}, [], ["a\x00\udfffb"])).root
    assert texts(result) == "a\ufffdb"
    to_html(result).encode()


def test_the_page_is_left_as_it_was():
    root = a_node('<div id="x" onclick="y"><script>z</script></div>', color="red")
    before = repr(root)
    cleaned(root)
    assert repr(root) == before


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (Node("p", {}, [], [Node("b", {}, [], [Node("div")])]), "<div><b><div></div></b></div>"),
        (Node("p", {}, [], [Node("button", {}, [], [Node("div")])]), "<p><button><div></div></button></p>"),
        (
            Node("a", {"href": "#"}, [], [Node("a", {"href": "#", "title": "x"})]),
            '<a href="#"><span title="x"></span></a>',
        ),
        (Node("button", {}, [], [Node("b", {}, [], [Node("button")])]), "<button><b><span></span></b></button>"),
        (Node("form", {}, [], [Node("form", {"action": "#"})]), "<form><div></div></form>"),
        (Node("tr", {}, [], [Node("td", {"colspan": "2"}, [], ["x"])]), "<div><div>x</div></div>"),
        (
            Node("table", {}, [], [Node("tbody", {}, [], [Node("tr", {}, [], [Node("td")])])]),
            "<table><tbody><tr><td></td></tr></tbody></table>",
        ),
    ],
)
def test_what_no_parser_would_leave_in_place_gets_another_tag(root: Node, expected: str):
    made = cleaned(root).root
    assert to_html(made) == expected
    assert to_html(a_node(expected)) == expected


def test_another_tag_keeps_what_browsers_do_for_the_old_one():
    root = Node("p", {}, [a_rule(margin_top="0px")], [Node("div")])
    rules = cleaned(root).root.rules
    assert [rule.declarations for rule in rules] == [
        {"margin-top": "1em", "margin-bottom": "1em"},
        {"margin-top": "0px"},
    ]


def test_rules_that_several_components_share_keep_their_ids_apart():
    rules = SafeRules()
    roots = [
        Node("div", {}, [Rule({"mask-image": "url(#a)", "clip-path": "url(#a)"})], [Node("i", {"id": "a"})])
        for _ in range(3)
    ]
    roots[0].children.clear()
    kept = [clean(root, prefix=f"gen-{place}", rules=rules).root.rules[0] for place, root in enumerate(roots)]
    assert [rule.declarations["clip-path"] for rule in kept] == ["url(#a)", "url(#gen-1-a)", "url(#gen-2-a)"]


def test_rules_that_differ_in_order_alone_are_two():
    rules = SafeRules()
    ways = [Rule({"left": "1px", "right": "2px"}), Rule({"right": "2px", "left": "1px"})]
    assert [list(clean(Node("b", {}, [way]), rules=rules).root.rules[0].declarations) for way in ways] == [
        ["left", "right"],
        ["right", "left"],
    ]
