"""What is read off a page."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator

import pytest

from jobserver.extract.browser.cdp import Connection
from jobserver.extract.model import Capture, Found, Node
from tests.extract.browser.web_site import Site, responds

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


async def test_every_selector_leads_to_exactly_its_element(visit: Visit, site: Site, devtools: Connection):
    url = site.html("/", PAGE)
    capture = await visit(url)
    selectors = [found.selector for found in capture.found]
    texts = await _in_page(
        devtools, url, f"{selectors}.map(s => [...document.querySelectorAll(s)].map(e => e.innerText))"
    )
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


KINDS = {
    "<input type=email>": "input",
    "<a role=button href=#>x</a>": "button",
    "<a class='btn btn-primary' href=#>x</a>": "button",
    "<div role=button>x</div>": "button",
    "<header>x</header>": "header",
    "<div role=contentinfo>x</div>": "footer",
    "<table><tr><td>x</table>": "table",
    "<dialog open style='position: static'>x</dialog>": "dialog",
    "<details open><summary>x</summary>y</details>": "details",
    "<fieldset>x</fieldset>": "fieldset",
    "<figure>x</figure>": "figure",
    "<nav aria-label=breadcrumb><ol><li>x<li>y</ol></nav>": "breadcrumb",
    "<ul class=pagination><li>1<li>2</ul>": "pagination",
    "<div role=tablist><div role=tab>x</div></div>": "tabs",
    "<div class='alert alert-info'>Mind!</div>": "alert",
    "<span class=badge>New</span>": "badge",
    "<ul><li>x<li>y</ul>": "list",
}


async def test_kinds_by_tag_role_and_class(visit: Visit, site: Site):
    body = "".join(f"<div id=c{number}>{html}</div>" for number, html in enumerate(KINDS))
    capture = await visit(site.html("/", body))
    kinds = {found.selector: found.kind for found in capture.found}
    found = [[kind for selector, kind in kinds.items() if selector.startswith(f"#c{n} ")] for n in range(len(KINDS))]
    assert dict(zip(KINDS, found, strict=True)) == {html: [kind] for html, kind in KINDS.items()}


async def test_the_large_part_with_the_first_heading_and_an_action_is_the_hero(visit: Visit, site: Site):
    body = "<div id=top style='height: 300px'><h1>Big</h1><p>words</p><button>Go</button></div><div><h2>Next</h2></div>"
    heroes = of_kind(await visit(site.html("/", body)), "hero")
    assert [hero.selector for hero in heroes] == ["#top"]


async def test_what_holds_the_whole_page_is_no_hero(visit: Visit, site: Site):
    page = "<h1>Big</h1><div style='height: 300px'></div><main><button>Go</button></main><footer>End</footer>"
    body = f"<div id=all>{page}</div>"
    assert of_kind(await visit(site.html("/", body)), "hero") == []


HIDDEN = (
    "display: none",
    "visibility: hidden",
    "opacity: 0",
    "position: absolute; left: -9999px",
    "position: absolute; clip-path: inset(50%)",
    "position: absolute; width: 1px; height: 1px; overflow: hidden",
)


async def test_what_nobody_sees_is_not_found(visit: Visit, site: Site):
    body = "".join(f'<div style="{how}"><button>{how}</button></div>' for how in HIDDEN)
    capture = await visit(site.html("/", f"<button>Seen</button>{body}"))
    assert [found.text for found in of_kind(capture, "button")] == ["Seen"]


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
    assert [node.tag for node in nodes(button.root) if "fill" in style(node)] == ["svg"]


async def test_a_very_large_component_is_cut_and_warned_of(visit: Visit, site: Site):
    rows = "<tr><td>x</td></tr>" * 900
    capture = await visit(site.html("/", f"<table>{rows}</table>"))
    (table,) = capture.found
    assert len(list(nodes(table.root))) == 400
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


async def test_a_form_may_name_its_fields_like_members_of_elements(visit: Visit, site: Site):
    fields = "".join(f"<p><input name={name}></p>" for name in MEMBERS.split())
    body = f"<form id=order style='color: red'><h2>Order</h2>{fields}</form><button>After</button>"
    capture = await visit(site.html("/", body))
    assert [found.kind for found in capture.found] == ["form", *["input"] * len(MEMBERS.split()), "button"]
    form = capture.found[0]
    assert (form.selector, form.text, form.href) == ("#order", "Order", None)
    assert form.outer_html.startswith('<form id="order" style="color: red">')
    assert style(form.root)["color"] == "rgb(255, 0, 0)"
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


async def test_an_element_that_goes_while_the_page_is_read_costs_only_itself(visit: Visit, site: Site):
    script = """
        let made = 0
        customElements.define('my-button', class extends HTMLElement {
          constructor() {
            super()
            made += 1
            if (made === 2) document.getElementById('goes').remove()  // the copy that is made to read it
          }
        })
    """
    body = "<my-button role=button>First</my-button><button id=goes>Goes</button><button>Last</button>"
    capture = await visit(site.html("/", f"{body}<script>{script}</script>"))
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


async def test_sizes_stay_relative_inside_a_component(visit: Visit, site: Site):
    body = "<article style='width: 50%'><div style='width: 30%; height: calc(10px + 1%)'>x</div></article>"
    (article,) = (await visit(site.html("/", body))).found
    inner = article.root.children[0]
    assert isinstance(inner, Node)
    assert style(inner)["width"] == "30%"
    assert style(article.root)["width"].endswith("px")


async def test_a_border_is_said_whole_or_not_at_all(visit: Visit, site: Site):
    (article,) = (
        await visit(site.html("/", "<article style='border: 0 solid red; border-top: 2px solid'>x</article>"))
    ).found
    lines = {name: value for name, value in style(article.root).items() if name.startswith("border")}
    assert lines == {"border-top-width": "2px", "border-top-style": "solid"}


async def test_the_button_of_a_file_input_keeps_its_rule(visit: Visit, site: Site):
    rule = "input::file-selector-button { color: var(--ink); padding: 3px } :root { --ink: rgb(1, 2, 3) }"
    (field,) = (await visit(site.html("/", f"<style>{rule}</style><input type=file>"))).found
    assert style(field.root, "::file-selector-button") == {"color": "rgb(1, 2, 3)", "padding": "3px"}


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


async def test_a_component_rebuilt_from_its_tree_looks_the_same(visit: Visit, site: Site, devtools: Connection):
    url = site.html("/", PAGE)
    looks = {found.look: found for found in reversed((await visit(url)).found)}
    assert len(looks) == 5
    for found in looks.values():
        assert found.box
        width, height = await _size_alone(devtools, found)
        assert (width, height) == pytest.approx((found.box.width, found.box.height), abs=0.1), found.selector


# -- helpers ------------------------------------------------------------------------------------------------------

_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def _in_page(devtools: Connection, url: str, expression: str) -> list[list[str]]:
    # A page of no visit has no proxy to go through.
    direct = await devtools.send("Target.createBrowserContext", {"proxyServer": "direct://", "disposeOnDetach": True})
    size = {"width": 1280, "height": 1000}
    target = await devtools.send("Target.createTarget", {"url": "about:blank", **size, **direct})
    session = (await devtools.send("Target.attachToTarget", {**target, "flatten": True}))["sessionId"]
    await devtools.send("Page.navigate", {"url": url}, session)
    waiting = "new Promise(done => document.readyState === 'complete' ? done() : addEventListener('load', done))"
    how = {"expression": f"{waiting}.then(() => {expression})", "awaitPromise": True, "returnByValue": True}
    answer = await devtools.send("Runtime.evaluate", how, session)
    await devtools.send("Target.closeTarget", target)
    value: list[list[str]] = answer["result"]["value"]
    return value


async def _size_alone(devtools: Connection, found: Found) -> list[float]:
    """Width and height of a component that stands alone on a blank page, in a parent as wide as it was."""
    assert found.box
    counted = list(nodes(found.root))
    css = "".join(
        f".n{number}{rule.suffix}{{{';'.join(f'{name}:{value}' for name, value in rule.declarations.items())}}}"
        for number, node in enumerate(counted)
        for rule in node.rules
    )
    numbers = {id(node): number for number, node in enumerate(counted)}

    def html(node: Node) -> str:
        inner = "".join(child if isinstance(child, str) else html(child) for child in node.children)
        href = " href=#" if "href" in node.attrs else ""
        return f"<{node.tag} class=n{numbers[id(node)]}{href}>{inner}</{node.tag}>"

    page = f"<!doctype html><style>{css}</style><div style='width:{found.box.width}px'>{html(found.root)}</div>"
    encoded = base64.b64encode(page.encode()).decode()
    expression = "(({ width, height }) => [width, height])(document.querySelector('.n0').getBoundingClientRect())"
    return await _in_page(devtools, f"data:text/html;charset=utf-8;base64,{encoded}", expression)  # type: ignore[return-value]
