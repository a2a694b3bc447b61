"""What is read off a page."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator

import pytest

from jobserver.extract.browser import script
from jobserver.extract.model import Capture, Found, Node
from tests.extract.browser.web_site import Site, responds
from tests.extract.tab import Tab

pytestmark = pytest.mark.browser

Visit = Callable[..., Awaitable[Capture]]

PAGE = """
<title>A shop</title>
<style>
  body { margin: 0; font: 16px/1.5 sans-serif; color: #333 }
  .btn { background: #06c; color: #fff; border: 0; border-radius: 6px; padding: 8px 16px }
  .btn::after { content: " \\2192"; color: rgb(1, 2, 3) }
  .cards { display: flex; gap: 20px }
  .card { border: 1px solid #ccc; width: 200px }
</style>
<nav id=main><a href=/one>One</a> <a href=/two>Two</a> <a href=/three>Three</a></nav>
<button class=btn style="position: absolute; left: 300px; top: 100px; width: 120px; height: 40px">Buy</button>
<div class=cards>
  <div class=card><h3>A</h3><p>First</p></div>
  <div class=card><h3>B</h3><p>Second</p></div>
  <div class=card><h3>C</h3><p>Third</p></div>
</div>
<p style="display: none"><button>Hidden</button></p>
"""


def of_kind(capture: Capture, kind: str) -> list[Found]:
    return [found for found in capture.found if found.kind == kind]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        if isinstance(child, Node):
            yield from nodes(child)


def style(node: Node, suffix: str = "") -> dict[str, str]:
    return {name: value for rule in node.rules if rule.suffix == suffix for name, value in rule.declarations.items()}


def text(node: Node) -> str:
    return "".join(child if isinstance(child, str) else text(child) for child in node.children)


# -- what is found ------------------------------------------------------------------------------------------------


async def test_a_plain_page_gives_its_components_in_order(visit: Visit, site: Site):
    capture = await visit(site.html("/", PAGE))
    assert capture.title == "A shop"
    assert capture.engine == "browser"
    assert capture.url == site.url("/")
    assert [found.kind for found in capture.found] == ["nav", *["a"] * 3, "button", "list", *["card"] * 3]


async def test_every_selector_leads_to_exactly_its_element(visit: Visit, site: Site, tab: Tab):
    url = site.html("/", PAGE)
    capture = await visit(url)
    selectors = [found.selector for found in capture.found]
    await tab.visit(url)
    texts = await tab.run(f"{selectors}.map(s => [...document.querySelectorAll(s)].map(e => e.innerText))")
    assert all(len(found) == 1 for found in texts)
    assert [" ".join(found[0].split()) for found in texts] == [found.text for found in capture.found]


async def test_a_box_says_where_the_component_stands(visit: Visit, site: Site):
    (button,) = of_kind(await visit(site.html("/", PAGE)), "button")
    assert button.box
    assert (button.box.x, button.box.y, button.box.width, button.box.height) == (300, 100, 120, 40)


async def test_elements_of_one_look_share_one_tree(visit: Visit, site: Site):
    links = of_kind(await visit(site.html("/", PAGE)), "a")
    assert len({link.look for link in links}) == 1
    assert all(link.root is links[0].root for link in links)
    assert [(link.text, link.href) for link in links] == [
        ("One", site.url("/one")),
        ("Two", site.url("/two")),
        ("Three", site.url("/three")),
    ]


async def test_another_colour_is_another_look(visit: Visit, site: Site):
    capture = await visit(site.html("/", "<button>A</button><button style='color: red'>B</button><button>C</button>"))
    first, red, third = capture.found
    assert first.look == third.look != red.look


async def test_the_limit_of_components_counts_looks(visit: Visit, site: Site):
    capture = await visit(site.html("/", PAGE), max_components=2)
    assert [found.kind for found in capture.found] == ["nav", "a", "a", "a"]
    assert any("limit of 2" in warning for warning in capture.warnings)


async def test_content_that_waits_to_be_scrolled_to_is_there(visit: Visit, site: Site):
    script = """
        new IntersectionObserver(([seen], watcher) => {
          if (!seen.isIntersecting) return
          watcher.disconnect()
          seen.target.innerHTML = '<button>Late</button>'
        }).observe(document.getElementById('late'))
    """
    body = f"<div style='height: 5000px'></div><div id=late style='height: 50px'></div><script>{script}</script>"
    (button,) = (await visit(site.html("/", body))).found
    assert button.text == "Late"
    assert button.box
    assert button.box.y > 5000


@pytest.mark.parametrize(
    "script",
    [
        "setTimeout(show, 300)",
        "onload = () => setTimeout(show, 300)",
        "let left = 8; const step = () => setTimeout((left -= 1) ? step : show, 40); onload = step",
        "onload = () => window.setTimeout('show()', 300, 'and more')",
    ],
)
async def test_content_that_a_short_timer_shows_is_there(visit: Visit, site: Site, script: str):
    show = "const show = () => document.body.insertAdjacentHTML('beforeend', '<button>Late</button>');"
    capture = await visit(site.html("/", f"<a href=/x>One</a><script>{show}{script}</script>"))
    assert [found.text for found in capture.found] == ["One", "Late"]


async def test_timers_are_not_waited_for_without_end(visit: Visit, site: Site):
    """Neither a long one nor one that is always set again; and the page's timers are as they were."""
    script = """
        setTimeout(() => document.body.append('much later'), 9000);
        const again = () => setTimeout(again, 50);
        again();
        document.querySelector('button').textContent = [setTimeout.name, setTimeout.length, setTimeout].join();
    """
    async with asyncio.timeout(6.0):
        (button,) = (await visit(site.html("/", f"<button></button><script>{script}</script>"))).found
    assert "native code" in button.text


async def test_a_lazy_picture_is_loaded(visit: Visit, site: Site):
    site.add("/dot.png", responds(body=_DOT, content_type="image/png"))
    await visit(site.html("/", "<div style='height: 9000px'></div><img loading=lazy src=/dot.png width=9 height=9>"))
    assert "/dot.png" in site.asked


# -- the tree -----------------------------------------------------------------------------------------------------


async def test_shadow_content_is_found_and_flattened(visit: Visit, site: Site):
    body = """
        <my-card id=one>Slotted</my-card>
        <script>
          customElements.define('my-card', class extends HTMLElement {
            constructor() {
              super()
              this.attachShadow({ mode: 'open' }).innerHTML =
                '<style>article { color: rgb(1, 2, 3) }</style>' +
                '<article>Before <slot></slot> <button>In</button></article>'
            }
          })
        </script>
    """
    capture = await visit(site.html("/", body))
    (article,) = of_kind(capture, "article")
    assert text(article.root) == "Before Slotted In"
    assert style(article.root)["color"] == "rgb(1, 2, 3)"
    assert {node.tag for node in nodes(article.root)} == {"article", "span", "button"}
    (button,) = of_kind(capture, "button")
    assert button.selector == "#one >>> article:nth-of-type(1) > button:nth-of-type(1)"


async def test_addresses_are_absolute(visit: Visit, site: Site):
    body = (
        "<base href=/deep/><figure><a href=x>x</a><img src=y.png srcset='y.png 1x, z.png 2x' width=9 height=9></figure>"
    )
    (figure,) = of_kind(await visit(site.html("/", body)), "figure")
    _, link, image = nodes(figure.root)
    assert link.attrs["href"] == site.url("/deep/x")
    assert image.attrs["srcset"] == f"{site.url('/deep/y.png')} 1x, {site.url('/deep/z.png')} 2x"


async def test_a_canvas_becomes_its_picture(visit: Visit, site: Site):
    script = "document.querySelector('canvas').getContext('2d')"
    body = f"<figure><canvas width=20 height=20></canvas></figure><script>{script}</script>"
    (figure,) = of_kind(await visit(site.html("/", body)), "figure")
    picture = figure.root.children[0]
    assert isinstance(picture, Node)
    assert picture.tag == "img"
    assert picture.attrs["src"].startswith("data:image/png;base64,")


async def test_what_was_typed_is_kept_but_never_a_password(visit: Visit, site: Site):
    body = """<form><input><input type=password value=geheim><input type=checkbox><textarea></textarea></form>
        <script>
          const [a, p, box] = document.querySelectorAll('input')
          a.value = 'typed'
          p.value = 'secret'
          box.checked = true
          document.querySelector('textarea').value = 'long'
        </script>"""
    capture = await visit(site.html("/", body))
    (form,) = of_kind(capture, "form")
    name, password, box, area = [node for node in nodes(form.root) if node.tag in {"input", "textarea"}]
    assert name.attrs["value"] == "typed"
    assert "value" not in password.attrs
    assert "checked" in box.attrs
    assert text(area) == "long"
    assert not any(secret in found.text for found in capture.found for secret in ("secret", "geheim"))


async def test_a_symbol_used_from_elsewhere_comes_along(visit: Visit, site: Site):
    body = """<svg style="display: none"><symbol id=star viewBox="0 0 9 9"><path d="M0 0h9v9z"/></symbol></svg>
        <button style="fill: rgb(1, 2, 3)"><svg width=20 height=20><use href="#star"/></svg></button>"""
    (button,) = (await visit(site.html("/", body))).found
    assert [node.tag for node in nodes(button.root)] == ["button", "svg", "defs", "symbol", "path", "use"]
    # Taken from where it is used, not from where it is kept.
    assert [node.tag for node in nodes(button.root) if "fill" in style(node)] == ["button"]


async def test_a_very_large_component_is_cut_and_warned_of(visit: Visit, site: Site):
    rows = "<tr><td>x</td></tr>" * 900
    capture = await visit(site.html("/", f"<table>{rows}</table>"))
    (table,) = capture.found
    assert len(list(nodes(table.root))) == 1000
    assert table.warnings == ["It was cut after 1000 elements."]
    assert any("Very large" in warning for warning in capture.warnings)


async def test_the_page_cannot_tamper_with_the_reading(visit: Visit, site: Site):
    script = """
        JSON.stringify = () => 'tampered'
        window.getComputedStyle = () => { throw new Error('tampered') }
        Element.prototype.getBoundingClientRect = () => { throw new Error('tampered') }
        Array.prototype.map = Array.prototype.push = () => { throw new Error('tampered') }
    """
    capture = await visit(site.html("/", f"<button>Honest</button><script>{script}</script>"))
    assert [found.text for found in capture.found] == ["Honest"]


# -- pages that stand in the way ----------------------------------------------------------------------------------

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
    visit: Visit, site: Site, monkeypatch: pytest.MonkeyPatch
):
    """A line of ours stands in for a script of the page that has its turn just then."""
    begins = "async function itemOf(element, kind, box, places) {"
    assert begins in script.CAPTURE
    goes = f"{begins} document.getElementById('goes')?.remove();"
    monkeypatch.setattr("jobserver.extract.browser.script.CAPTURE", script.CAPTURE.replace(begins, goes))
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
    sheet = f"<link rel=stylesheet href=http://127.0.0.1:{closed_port}/x.css>"
    capture = await visit(site.html("/", f"{sheet}<button>x</button>"))
    assert "Style sheets that could not be read: 1." in capture.warnings


# -- the style ----------------------------------------------------------------------------------------------------


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
    narrow = [[rule.declarations.get("color") for rule in item.rules if rule.conditions] for item in items]
    assert narrow == [[], ["rgb(0, 0, 255)"], []]


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


# -- helpers ------------------------------------------------------------------------------------------------------

_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
