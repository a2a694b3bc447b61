"""Pages whose names, scripts and sheets stand in the way of reading them."""

from __future__ import annotations

import pytest

from tests.extract.browser.reading import Meanwhile, Visit, nodes, of_kind, style
from tests.extract.browser.web_site import Site

pytestmark = pytest.mark.browser


MEMBERS = """
    assignedSlot attributes checkVisibility checked childElementCount childNodes children classList
    className cloneNode closest computedStyleMap contains firstElementChild getAttribute
    getBoundingClientRect getRootNode hasAttribute href id innerText isConnected lastElementChild
    localName matches namespaceURI nodeName nodeType open outerHTML parentElement parentNode placeholder
    previousElementSibling querySelector querySelectorAll shadowRoot style tagName textContent title
    type value
"""
DOCUMENT_MEMBERS = """
    adoptedStyleSheets baseURI body children documentElement fonts getAnimations getElementById
    getRootNode images lastElementChild querySelectorAll styleSheets title
"""


async def test_no_code_of_the_page_makes_copies_of_its_elements(visit: Visit, site: Site):
    define = """<script>let made = 0;
      customElements.define('my-link', class extends HTMLElement { constructor() { super(); if (made++) for (;;); } });
      customElements.define('my-button', class extends HTMLButtonElement {
        constructor() { super(); if (made++ > 1) for (;;); }
      }, {extends: 'button'});</script>"""
    body = "<my-link role=button style='display: block'>One</my-link><button is=my-button>Two</button>"
    capture = await visit(site.html("/", define + body))
    assert [found.text for found in capture.found] == ["One", "Two"]
    assert capture.warnings == []


async def test_a_form_may_name_its_fields_like_members_of_elements(visit: Visit, site: Site):
    fields = "".join(f"<p><input name={name}></p>" for name in MEMBERS.split())
    body = f"<form id=order style='color: red'><h2>Order</h2>{fields}</form><button>After</button>"
    capture = await visit(site.html("/", body))
    assert [found.kind for found in capture.found] == ["form", *["input"] * len(MEMBERS.split()), "button"]
    form = capture.found[0]
    assert (form.selector, form.text, form.href) == ("#order", "Order", None)
    assert form.outer_html.startswith('<form id="order" style="color: red">')
    assert style(form.root)["color"] == "red"
    assert [node.attrs["name"] for node in nodes(form.root) if node.tag == "input"] == MEMBERS.split()
    assert capture.warnings == []


async def test_pictures_may_be_named_like_members_of_the_document(visit: Visit, site: Site):
    pictures = "".join(f"<img name={name} id={name} alt=x>" for name in DOCUMENT_MEMBERS.split())
    capture = await visit(site.html("/", f"<title>A shop</title>{pictures}<button>After</button>"))
    assert capture.title == "A shop"
    assert [found.text for found in of_kind(capture, "button")] == ["After"]
    assert capture.warnings == []


async def test_frames_may_be_named_like_members_of_their_frameset(visit: Visit, site: Site):
    frames = "".join(f"<frame name={name}>" for name in MEMBERS.split())
    capture = await visit(site.html("/", f"<title>Old</title><frameset>{frames}</frameset>"))
    assert (capture.title, capture.warnings) == ("Old", [])


async def test_very_many_children_of_one_parent_do_not_overflow_the_stack(visit: Visit, site: Site):
    script = "document.getElementById('many').innerHTML = '<i></i>'.repeat(200000)"
    body = f"<button>Seen</button><div id=many style='display: none'></div><script>{script}</script>"
    capture = await visit(site.html("/", body))
    assert [found.text for found in capture.found] == ["Seen"]


async def test_a_page_without_its_root_element_is_empty(visit: Visit, site: Site):
    capture = await visit(site.html("/", "<button>x</button><script>document.documentElement.remove()</script>"))
    assert (capture.title, capture.found) == ("", [])


async def test_an_element_that_goes_while_the_page_is_read_costs_only_itself(
    visit: Visit, site: Site, meanwhile: Meanwhile
):
    meanwhile("  if (!safe(element).isConnected) throw", "  document.getElementById('goes')?.remove();")
    body = "<button>First</button><button id=goes>Goes</button><button>Last</button>"
    capture = await visit(site.html("/", body))
    assert [found.text for found in capture.found] == ["First", "Last"]
    assert capture.warnings == ["Elements that could not be read: 1."]


async def test_a_symbol_at_the_top_of_a_shadow_root_can_be_used(visit: Visit, site: Site):
    shadow = "<svg id=all><path d='M0 0h9v9z'/></svg><button><svg><use href='#all'/></svg></button>"
    script = f"document.querySelector('div').attachShadow({{ mode: 'open' }}).innerHTML = `{shadow}`"
    capture = await visit(site.html("/", f"<div></div><script>{script}</script>"))
    (button,) = of_kind(capture, "button")
    assert "path" in {node.tag for node in nodes(button.root)}
    assert capture.warnings == []


async def test_a_style_sheet_that_cannot_be_read_is_warned_of(visit: Visit, site: Site, closed_port: int):
    url = f"http://127.0.0.1:{closed_port}/x.css"
    capture = await visit(site.html("/", f"<link rel=stylesheet href={url}><button>x</button>"))
    assert f"Style sheets that could not be read: 1 ({url})." in capture.warnings


HANGS = """<script>
  new MutationObserver((records) => {
    for (const { addedNodes } of records) for (const node of addedNodes) while (node);
  }).observe(document.documentElement, { childList: true });
</script>"""


async def test_a_page_that_hangs_while_it_is_compared_keeps_what_was_found(visit: Visit, site: Site):
    page = site.html("/", f"<style>button {{ color: red }}</style><button>Found</button>{HANGS}")
    capture = await visit(page, time_limit=10.0)
    assert [found.text for found in capture.found] == ["Found"]
    assert capture.found[0].root.rules[0].declarations["color"] == "red"
    assert capture.found[0].warnings == ["It was not compared with the page while it was read."]


async def test_a_page_that_clears_up_when_it_becomes_narrow_is_read_narrow_all_the_same(visit: Visit, site: Site):
    script = """onresize = () => {
      for (const added of document.querySelectorAll('html > :not(head, body)')) added.remove();
      document.body.className = 'small';
    }"""
    css = "button { color: rgb(1, 2, 3) } .small button { color: rgb(4, 5, 6) }"
    capture = await visit(site.html("/", f"<style>{css}</style><button>Save</button><script>{script}</script>"))
    (button,) = capture.found
    colors = {bool(rule.conditions): rule.declarations.get("color") for rule in button.root.rules}
    assert colors == {False: "rgb(1, 2, 3)", True: "rgb(4, 5, 6)"}
    assert capture.warnings == []


async def test_rules_about_what_stands_beside_the_body_are_read_as_the_page_has_them(visit: Visit, site: Site):
    css = (
        "html:has(> div) button { color: red } body:last-child button { color: rgb(1, 2, 3) } head + body { margin: 0 }"
    )
    (button,) = (await visit(site.html("/", f"<style>{css}</style><button>Save</button>"))).found
    assert style(button.root)["color"] == "rgb(1, 2, 3)"
