"""What is read off a page as the style of its components."""

from __future__ import annotations

import pytest

from jobserver.extract.model import Node
from tests.extract.browser.reading import PAGE, Visit, nodes, of_kind, style
from tests.extract.browser.web_site import Site, responds

pytestmark = pytest.mark.browser


async def test_only_what_differs_from_the_defaults_is_said(visit: Visit, site: Site):
    (paragraph,) = (await visit(site.html("/", "<article><p>Plain</p></article>"))).found
    assert style(paragraph.root) == {}


async def test_pseudo_elements_have_rules_of_their_own(visit: Visit, site: Site):
    (button,) = of_kind(await visit(site.html("/", PAGE)), "button")
    after = style(button.root, "::after")
    assert after["content"] == '" →"'
    assert after["color"] == "rgb(1, 2, 3)"
    assert style(button.root)["background-color"] == "rgb(0, 102, 204)"


async def test_the_root_carries_what_it_inherits_and_its_children_do_not_repeat_it(visit: Visit, site: Site):
    card = of_kind(await visit(site.html("/", PAGE)), "card")[0].root
    assert style(card)["font-family"] == "sans-serif"
    assert all("font-family" not in style(node) for node in nodes(card) if node is not card)


ALIKE = """
<style>ul { width: 200px } .on { color: rgb(0, 0, 255) }</style>
<ul><li><b>One</b></li><li><b>Two</b></li><li><b>Three</b></li></ul>
<script>
  const second = document.querySelectorAll('li')[1];
  const show = () => second.classList.toggle('on', innerWidth < 600);
  addEventListener('resize', show);
</script>
"""


async def test_of_elements_with_equal_rules_one_that_a_script_moves_is_read_by_itself(visit: Visit, site: Site):
    moved = "second.animate({color: ['red', 'rgb(255, 0, 0)']}, {duration: 1, fill: 'forwards'})"
    page = site.html("/", ALIKE.replace("addEventListener('resize', show)", moved))
    (found,) = of_kind(await visit(page), "list")
    items = [node for node in nodes(found.root) if node.tag == "li"]
    assert [style(item).get("color") for item in items] == [None, "rgb(255, 0, 0)", None]


async def test_of_elements_with_equal_rules_one_that_changes_on_a_phone_is_read_by_itself(visit: Visit, site: Site):
    (found,) = of_kind(await visit(site.html("/", ALIKE)), "list")
    items = [node for node in nodes(found.root) if node.tag == "li"]
    # Of the item alone: its marker is looked at by itself in any case.
    own = [[rule for rule in item.rules if rule.conditions and not rule.suffix] for item in items]
    narrow = [[rule.declarations.get("color") for rule in rules] for rules in own]
    assert narrow == [[], ["rgb(0, 0, 255)"], []]


async def test_a_change_on_a_phone_of_what_a_component_stands_in_has_its_breakpoint(visit: Visit, site: Site):
    """The card's own rules have no condition: what it stands in has one."""
    css = "@media (max-width: 500px) { main { color: rgb(0, 0, 255) } } article { width: 200px }"
    (card,) = of_kind(await visit(site.html("/", f"<style>{css}</style><main><article>x</article></main>")), "article")
    conditions = [rule.conditions for rule in card.root.rules if "color" in rule.declarations]
    assert conditions[-1] == ("@media (max-width: 500px)",)


async def test_sizes_stay_relative_inside_a_component(visit: Visit, site: Site):
    body = "<article style='width: 50%'><div style='width: 30%; height: calc(10px + 1%)'>x</div></article>"
    (article,) = (await visit(site.html("/", body))).found
    inner = article.root.children[0]
    assert isinstance(inner, Node)
    assert style(inner)["width"] == "30%"
    assert style(article.root)["width"] == "auto"  # as wide as whatever it is put into


async def test_the_button_of_a_file_input_keeps_its_rule(visit: Visit, site: Site):
    rule = "input::file-selector-button { color: var(--ink); padding: 3px } :root { --ink: rgb(1, 2, 3) }"
    (field,) = (await visit(site.html("/", f"<style>{rule}</style><input type=file>"))).found
    part = style(field.root, "::file-selector-button")
    assert (part["color"], part["padding-top"]) == ("var(--ink)", "3px")
    assert style(field.root)["--ink"] == "rgb(1, 2, 3)"


async def test_fonts_and_keyframes_in_use_come_along_with_absolute_addresses(visit: Visit, site: Site):
    css = """
        @font-face { font-family: Used; src: url(fonts/used.woff2) }
        @font-face { font-family: Unused; src: url(fonts/unused.woff2) }
        @keyframes turn { to { rotate: 1turn } }
        @keyframes unused { to { rotate: 1turn } }
        button { font-family: Used; animation: turn 3s infinite }
    """
    site.add("/css/site.css", responds(text=css, content_type="text/css"))
    capture = await visit(site.html("/", "<link rel=stylesheet href=/css/site.css><button>x</button>"))
    font, keyframes = capture.head_css
    assert font.startswith("@font-face")
    assert f'url("{site.url("/css/fonts/used.woff2")}")' in font
    assert keyframes.startswith("@keyframes turn")
